// What another policy's choices would have been worth on windows that were recorded under this one's.
//
// d_i = V̂(c_i) - r_i, 0 where both chose alike;  V̂ = the model's word + what it got wrong of that choice before
// residual of a choice at a load level: shrunk mean of measured - predicted (trust/value-estimate.ts)
// interval: moving blocks of windows, and for each choice too little measured a residual drawn anew from those known
// Source: M. Dudík, J. Langford, L. Li, "Doubly robust policy evaluation and learning", ICML 2011, of which this is the
// direct part: no importance weights, because what was recorded chose without chance. Blocks: H. R. Künsch 1989.

import { loadLevel } from "../../agents/index.ts";
import { type AgentContext, type ClusterState, type Configuration, type Random, rewardOf } from "../core/index.ts";
import { tuningProblem } from "../optimizers/index.ts";
import { sameConfiguration } from "../spaces/index.ts";
import { choiceKey, type Judge, predictedReward, ResidualBook } from "../trust/index.ts";
import type { Interval } from "./counterfactual.ts";

/** A recorded window beside what another policy chose for it. */
export interface ComparedWindow {
  /** Seen when the choices were made. */
  readonly before: ClusterState;
  /** Measured under what was recorded. */
  readonly after: ClusterState;
  readonly recorded: Configuration;
  readonly chosen: Configuration;
}

/** What the comparison comes to. */
export interface OffPolicyEstimate {
  readonly windows: number;
  /** Share of windows in which both chose alike. */
  readonly agreedShare: number;
  /** Share in which both chose alike, or what the policy chose was measured in three windows at that load. */
  readonly measuredShare: number;
  readonly recorded: { readonly reward: number; readonly usdPerHour: number; readonly lateShare: number };
  /** Of the policy; 95 %. */
  readonly policy: { readonly reward: Interval; readonly usdPerHour: Interval; readonly lateShare: Interval };
  /** The policy's reward over the recorded one's. */
  readonly advantage: Interval;
}

/** Windows a choice was measured in from which on its value counts as measured. */
const MEASURED_WINDOWS = 3;

const RESAMPLES = 1000;

/** A window's differences, policy minus recorded, and the residual that is not known; null where it is. */
interface Difference {
  readonly reward: number;
  readonly usdPerHour: number;
  readonly late: number;
  readonly unmeasured: string | null;
}

/** Model and residuals of one log. */
class Valuation {
  readonly #context: AgentContext;
  readonly #judge: Judge;
  readonly #rewards = new ResidualBook();
  readonly #latencies = new ResidualBook();
  readonly #known = new Map<string, number[]>();

  constructor(context: AgentContext, windows: readonly ComparedWindow[]) {
    this.#context = context;
    this.#judge = { model: context.model, objective: context.objective, lattice: context.space };
    for (const window of windows) this.#measure(window);
  }

  /** Mean residuals of the choices measured often enough, around their own mean. */
  spread(): readonly number[] {
    const means = [...this.#known.values()]
      .filter((values) => values.length >= MEASURED_WINDOWS)
      .map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
    const mean = means.reduce((sum, value) => sum + value, 0) / Math.max(1, means.length);
    return means.map((value) => value - mean);
  }

  recordedReward({ before, after }: ComparedWindow): number {
    const { objective, space } = this.#context;
    return rewardOf(before.inFlight ?? before.configuration, after, objective, space).reward;
  }

  late({ metrics }: ClusterState): number {
    const [slo] = this.#context.objective.slo;
    return metrics.latency !== null && metrics.latency.objectiveMs > slo.latencyMs ? 1 : 0;
  }

  /** Null where the model cannot say. */
  difference(window: ComparedWindow): Difference | null {
    const { after, recorded, chosen } = window;
    if (sameConfiguration(recorded, chosen)) return { reward: 0, usdPerHour: 0, late: 0, unmeasured: null };
    if (!this.#context.space.contains(chosen) || !this.#context.space.contains(recorded)) return null;
    const key = choiceKey(chosen, loadLevel(after));
    const [theirs, ours] = [recorded, chosen].map((choice) => this.#predict(after, choice));
    if (theirs === undefined || ours === undefined) return null;
    const reward = this.#rewards.corrected(key, this.#reward(window, chosen)) - this.recordedReward(window);
    const late = this.#late(key, ours.stable, ours.objectiveMs) - this.late(after);
    if (!Number.isFinite(reward)) return null;
    const unmeasured = this.#rewards.windows(key) >= MEASURED_WINDOWS ? null : key;
    return { reward, usdPerHour: ours.costUsdPerHour - theirs.costUsdPerHour, late, unmeasured };
  }

  #predict(after: ClusterState, choice: Configuration) {
    return this.#context.model.predict(choice, tuningProblem(this.#context, after).load);
  }

  #reward({ before, after }: ComparedWindow, choice: Configuration): number {
    const running = before.inFlight ?? before.configuration;
    return predictedReward(this.#judge, this.#predict(after, choice), running, choice);
  }

  #late(key: string, stable: boolean, objectiveMs: number): number {
    const [slo] = this.#context.objective.slo;
    if (!stable || !(objectiveMs > 0)) return 1;
    return Math.exp(this.#latencies.corrected(key, Math.log(objectiveMs))) > slo.latencyMs ? 1 : 0;
  }

  #measure(window: ComparedWindow): void {
    const { after, recorded } = window;
    // A window in which something else ran than was chosen says nothing about the choice.
    if (after.inFlight !== null || !sameConfiguration(after.configuration, recorded)) return;
    if (!this.#context.space.contains(recorded)) return;
    const key = choiceKey(recorded, loadLevel(after));
    const predicted = this.#reward(window, recorded);
    const measured = this.recordedReward(window);
    this.#rewards.measured(key, predicted, measured);
    this.#known.set(key, [...(this.#known.get(key) ?? []), measured - predicted].slice(-100));
    const { latency } = after.metrics;
    const { stable, objectiveMs } = this.#predict(after, recorded);
    if (latency === null || !stable || !(objectiveMs > 0) || !(latency.objectiveMs > 0)) return;
    this.#latencies.measured(key, Math.log(objectiveMs), Math.log(latency.objectiveMs));
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function intervalOf(estimate: number, resampled: number[], from: number): Interval {
  resampled.sort((a, b) => a - b);
  const at = (share: number): number => resampled[Math.floor(share * (resampled.length - 1))] ?? 0;
  return { estimate: from + estimate, low: from + at(0.025), high: from + at(0.975) };
}

/** Means of the differences under windows and unknown residuals drawn anew. */
function resample(differences: readonly Difference[], spread: readonly number[], random: Random) {
  const n = differences.length;
  const block = Math.max(1, Math.ceil(Math.cbrt(n)));
  const drawn = { reward: [] as number[], usdPerHour: [] as number[], late: [] as number[] };
  for (let i = 0; i < RESAMPLES; i++) {
    const errors = new Map<string, number>();
    const sums = { reward: 0, usdPerHour: 0, late: 0 };
    for (let taken = 0; taken < n; ) {
      const start = Math.floor(random.next() * (n - block + 1));
      for (let at = start; at < start + block && taken < n; at++, taken++) {
        const one = differences[at];
        if (one === undefined) continue;
        let error = 0;
        if (one.unmeasured !== null && spread.length > 0) {
          error = errors.get(one.unmeasured) ?? spread[Math.floor(random.next() * spread.length)] ?? 0;
          errors.set(one.unmeasured, error);
        }
        sums.reward += one.reward + error;
        sums.usdPerHour += one.usdPerHour;
        sums.late += one.late;
      }
    }
    drawn.reward.push(sums.reward / n);
    drawn.usdPerHour.push(sums.usdPerHour / n);
    drawn.late.push(sums.late / n);
  }
  return drawn;
}

/**
 * Estimates what the policy would have been worth. Each window stands alone: the policy's choice is weighed from what was
 * really running before it, so what its own earlier choices would have led to is not in it.
 * @returns null without a window that can be compared
 */
export function offPolicyEstimate(
  context: AgentContext,
  windows: readonly ComparedWindow[],
  random: Random,
): OffPolicyEstimate | null {
  const valuation = new Valuation(context, windows);
  const compared = windows.flatMap((window) => {
    const difference = valuation.difference(window);
    return difference === null ? [] : [{ window, difference }];
  });
  if (compared.length === 0) return null;
  const differences = compared.map(({ difference }) => difference);
  const recorded = {
    reward: mean(compared.map(({ window }) => valuation.recordedReward(window))),
    usdPerHour: mean(compared.map(({ window }) => window.after.metrics.costUsdPerHour)),
    lateShare: mean(compared.map(({ window }) => valuation.late(window.after))),
  };
  const drawn = resample(differences, valuation.spread(), random);
  const advantage = mean(differences.map(({ reward }) => reward));
  return {
    windows: compared.length,
    agreedShare: mean(compared.map(({ window }) => (sameConfiguration(window.recorded, window.chosen) ? 1 : 0))),
    measuredShare: mean(differences.map(({ unmeasured }) => (unmeasured === null ? 1 : 0))),
    recorded,
    policy: {
      reward: intervalOf(advantage, [...drawn.reward], recorded.reward),
      usdPerHour: intervalOf(mean(differences.map((one) => one.usdPerHour)), drawn.usdPerHour, recorded.usdPerHour),
      lateShare: intervalOf(mean(differences.map((one) => one.late)), drawn.late, recorded.lateShare),
    },
    advantage: intervalOf(advantage, drawn.reward, 0),
  };
}
