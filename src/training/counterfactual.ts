// What the same traffic would have cost under another rule: the recorded load, replayed in the simulator.
//
// for each seed: arrivals drawn along the recorded rates; on them the rule R under the guards, and what was really run O
// cost of the rule = measured · mean(R/O): what the simulator gets wrong about both alike cancels
// interval: 95 % for the one course the rule would have taken, Student's t over the seeds
// Within a window arrivals are drawn anew (Poisson), so bursts shorter than a window are smoothed for both.

import type { OpenScenario } from "../../environments/index.ts";
import type { Configuration, Slo } from "../core/index.ts";
import { type GuardRules, simulationGuards } from "../guards/index.ts";
import type { SimulationTotals } from "../simulator/totals.ts";
import { alongCurve, BinnedRates } from "../workload/index.ts";
import { boundsOf } from "./bounds/index.ts";
import { type Decider, runEpisode } from "./episode.ts";
import { evaluationEnvironment } from "./evaluation-environment.ts";
import { openDecider, type PolicySource } from "./policies.ts";
import { runMissesHours } from "./scorecard.ts";

/** A recorded window, and what was run from its end on. */
export interface RecordedWindow {
  /** At the window's end. */
  readonly timeS: number;
  readonly requests: number;
  readonly rateRps: number;
  readonly costUsd: number;
  readonly configuration: Configuration;
}

/** A value with its 95 % interval. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** A recorded stretch beside what another rule would have made of it. */
export interface Counterfactual {
  readonly fromS: number;
  readonly toS: number;
  readonly windows: number;
  readonly requests: number;
  readonly seeds: number;
  readonly measuredUsd: number;
  readonly rule: {
    readonly name: string;
    readonly usd: Interval;
    /** Seeds on which it held every SLO in every hour; costs compare only where it did. */
    readonly seedsMet: number;
  };
  /** 1 - measured / rule; negative where the rule would have been cheaper. */
  readonly savedShare: Interval;
  /** Measured cost over that of a clairvoyant on the same load; null where there is no bound. */
  readonly costToBound: number | null;
}

/** Seeds of a counterfactual. */
const SEEDS = [1, 2, 3];

/** 97.5 % point of Student's t with two degrees of freedom. */
const STUDENT_T = 4.303;

/** Windows a counterfactual needs at least. */
export const LEAST_WINDOWS = 30;

/** The latest windows without a gap between them, oldest first. */
export function unbroken(windows: readonly RecordedWindow[], intervalS: number): readonly RecordedWindow[] {
  let first = windows.length - 1;
  while (first > 0) {
    const gapS = (windows[first]?.timeS ?? 0) - (windows[first - 1]?.timeS ?? 0);
    if (gapS > 1.5 * intervalS || gapS <= 0) break;
    first -= 1;
  }
  return windows.slice(Math.max(0, first));
}

/** The scenario under the recorded load, starting from what ran at its beginning. */
function underRecordedLoad(open: OpenScenario, windows: readonly RecordedWindow[]): OpenScenario {
  const { intervalS } = open;
  const rates = windows.slice(1).map(({ rateRps }) => rateRps);
  const durationS = rates.length * intervalS;
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / Math.max(1, rates.length);
  const workload = alongCurve("recorded", new BinnedRates(rates, intervalS), mean, durationS);
  const initial = open.lattice.nearest(windows[0]?.configuration ?? open.initial);
  return { ...open, initial, warmupS: 0, plan: { ...open.plan, workload, initial, scoreFromS: 0 } };
}

async function simulate(
  open: OpenScenario,
  seed: number,
  decider: Decider,
  guards: GuardRules["guards"],
): Promise<SimulationTotals> {
  const environment = evaluationEnvironment(open, seed);
  const { objective, committedUsdPerHour, budgetUsdPerHour } = open;
  try {
    await runEpisode(environment, decider, {
      guards,
      objective,
      mode: "active",
      committedUsdPerHour,
      budgetUsdPerHour,
    });
    return environment.cluster.totals();
  } finally {
    await environment.close();
  }
}

/** Does again what was done. */
function recordedDecider(open: OpenScenario, windows: readonly RecordedWindow[]): Decider {
  return {
    act({ timeS }) {
      const window = windows[Math.round(timeS / open.intervalS)] ?? windows.at(-1);
      return { configuration: open.lattice.nearest(window?.configuration ?? open.initial), reason: "as recorded" };
    },
  };
}

function intervalOf(values: readonly number[], scale: number): Interval {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = STUDENT_T * Math.sqrt(variance * (1 + 1 / n));
  return { estimate: scale * mean, low: scale * Math.max(0, mean - half), high: scale * (mean + half) };
}

function metAll(totals: SimulationTotals, slos: readonly Slo[]): boolean {
  return runMissesHours(totals, slos) === 0;
}

/**
 * Replays recorded windows under a rule.
 * @param windows unbroken, oldest first, at least {@link LEAST_WINDOWS}
 * @throws {UnknownNameError} for a rule that is not registered
 */
export async function counterfactual(
  open: OpenScenario,
  rule: string,
  windows: readonly RecordedWindow[],
): Promise<Counterfactual> {
  const recorded = underRecordedLoad(open, windows);
  const source: PolicySource = { kind: "registry", name: rule };
  const ratios: number[] = [];
  let seedsMet = 0;
  for (const seed of SEEDS) {
    const ruled = await simulate(recorded, seed, openDecider(source, recorded, seed), simulationGuards);
    const redone = await simulate(recorded, seed, recordedDecider(recorded, windows), []);
    ratios.push(redone.usd > 0 ? ruled.usd / redone.usd : 1);
    if (metAll(ruled, open.objective.slo)) seedsMet += 1;
  }
  const scored = windows.slice(1);
  const measuredUsd = scored.reduce((sum, { costUsd }) => sum + costUsd, 0);
  const usd = intervalOf(ratios, measuredUsd);
  const { clairvoyantUsd } = await boundsOf(recorded, SEEDS[0] ?? 1);
  const saved = (ruleUsd: number): number => (ruleUsd > 0 ? 1 - measuredUsd / ruleUsd : 0);
  return {
    fromS: windows[0]?.timeS ?? 0,
    toS: windows.at(-1)?.timeS ?? 0,
    windows: scored.length,
    requests: scored.reduce((sum, { requests }) => sum + requests, 0),
    seeds: SEEDS.length,
    measuredUsd,
    rule: { name: rule, usd, seedsMet },
    savedShare: { estimate: saved(usd.estimate), low: saved(usd.low), high: saved(usd.high) },
    costToBound: clairvoyantUsd === null || clairvoyantUsd === 0 ? null : measuredUsd / clairvoyantUsd,
  };
}
