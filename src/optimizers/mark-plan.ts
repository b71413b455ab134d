// MArk's plan of a fleet: its greedy mixture of servers, or the best of one kind alone, whichever costs less to hold.
//
// held = max(plan, min(running, the most that a plan of the last six minutes wanted))
// USD per hour of a plan = Σ p_i·held_i + Σ launched_i·o_i/horizon,   o_i = p_i·(launch + six minutes)
// o_i counts a new server's rent until it is ready and what it takes the place of is gone: a change of kinds pays both.
// Source: C. Zhang, M. Yu, W. Wang, F. Yan, "MArk", USENIX ATC 2019, and its released controller (systems.md 3).
// Differs: the released greedy looks at one minute's need; where two kinds cost nearly the same it takes now one and now
//   the other, and what is held back keeps both. So one kind alone competes with the mixture by what is really held. One
//   batch knob serves several kinds, so each size gives plans over the kinds it fits.

import type { Configuration, TuningProblem } from "../core/index.ts";
import { allowedWaitMs, batchSizes } from "./batching-rule.ts";
import { countOf, numberAt, roundUp, type ServerOption, type SizedOption, sizedOptions } from "./fleet.ts";
import { greedyPlan } from "./greedy-plan.ts";
import { historySteps } from "./history.ts";

/** Time between plans, steps planned for, and steps ahead in which a need is met. */
export const PERIOD_S = 60;
export const STEPS = 50;
const AHEAD = 6;

/** Minutes in which no plan may want a server before it is dropped. */
const PLANS_KEPT = 6;

/** What to hold, over the servers that one batch size fits. */
export interface FleetChoice {
  readonly batch: number;
  readonly options: readonly SizedOption[];
  /** Servers of each option, what is kept from past plans included. */
  readonly counts: readonly number[];
  readonly uncoveredRps: number;
}

/** What a plan must serve, and what ran and was wanted before. */
export interface PlanDemand {
  readonly current: Configuration;
  /** Rate of each step, overprovisioned; shape [STEPS] */
  readonly ratesRps: Float64Array;
  /** Peaks of the minutes before, overprovisioned, with what ran then. */
  readonly past: readonly { readonly peakRps: number; readonly configuration: Configuration }[];
}

/** What a plan must serve, the minutes before read from the history. @param scale overprovisioning */
export function planDemand(
  problem: TuningProblem,
  current: Configuration,
  ratesRps: Float64Array,
  scale: number,
): PlanDemand {
  const steps = historySteps(problem.observation, PERIOD_S, PLANS_KEPT).slice(0, -1);
  const past = steps.map(({ peakRps, configuration }) => ({ peakRps: peakRps * scale, configuration }));
  return { current, ratesRps, past };
}

function launchUsd(option: SizedOption): number {
  return (option.usdPerHour * (option.launchS + PLANS_KEPT * PERIOD_S)) / 3600;
}

/** Rent of a server per hour, and of what replaces it when it is lost. */
function rentUsdPerHour(option: SizedOption): number {
  return option.usdPerHour * (1 + (option.lossesPerHour * option.launchS) / 3600);
}

function largest(option: SizedOption): number {
  return option.counts.at(-1) ?? 0;
}

function mixture(options: readonly SizedOption[], running: Configuration, ratesRps: Float64Array): readonly number[] {
  const planned = options.map((option) => ({
    capacityRps: option.capacityRps,
    usdPerHour: rentUsdPerHour(option),
    launchUsd: launchUsd(option),
    running: countOf(running, option),
    limit: largest(option),
  }));
  return greedyPlan(planned, ratesRps, PERIOD_S, AHEAD).counts;
}

function needRps({ ratesRps }: PlanDemand): number {
  return Math.max(0, ...ratesRps.subarray(0, AHEAD));
}

function chosen(
  demand: PlanDemand,
  batch: number,
  options: readonly SizedOption[],
  counts: readonly number[],
): FleetChoice {
  const carried = options.reduce((sum, option, i) => sum + option.capacityRps * (counts[i] ?? 0), 0);
  return { batch, options, counts, uncoveredRps: Math.max(0, needRps(demand) - carried) };
}

/** The greedy's servers, and of the running ones what a plan of the last minutes still wants. */
function heldMixture(demand: PlanDemand, { batch, options, counts }: FleetChoice): FleetChoice {
  const wanted = demand.past.map(({ peakRps, configuration }) =>
    mixture(options, configuration, new Float64Array(STEPS).fill(peakRps)),
  );
  const held = options.map((option, i) => {
    const keep = Math.min(countOf(demand.current, option), Math.max(0, ...wanted.map((plan) => plan[i] ?? 0)));
    return roundUp(option.counts, Math.max(counts[i] ?? 0, keep));
  });
  return chosen(demand, batch, options, held);
}

/** One kind of server alone, the rest dropped. */
function heldAlone(
  demand: PlanDemand,
  batch: number,
  options: readonly SizedOption[],
  alone: SizedOption,
): FleetChoice {
  const wanted = (rateRps: number): number => Math.ceil(rateRps / alone.capacityRps - 1e-9);
  const past = Math.max(0, ...demand.past.map(({ peakRps }) => wanted(peakRps)));
  const keep = Math.min(countOf(demand.current, alone), past);
  const count = roundUp(alone.counts, Math.min(largest(alone), Math.max(wanted(needRps(demand)), keep)));
  return chosen(
    demand,
    batch,
    options,
    options.map((option) => (option === alone ? count : 0)),
  );
}

function usdPerHour({ current }: PlanDemand, { options, counts }: FleetChoice): number {
  return options.reduce((sum, option, i) => {
    const count = counts[i] ?? 0;
    const launched = Math.max(0, count - countOf(current, option));
    return sum + count * rentUsdPerHour(option) + (launched * launchUsd(option) * 3600) / (STEPS * PERIOD_S);
  }, 0);
}

/** The choice that leaves least uncovered, of those the cheapest; the earlier of equals. */
function cheapest(demand: PlanDemand, choices: readonly FleetChoice[]): FleetChoice {
  return choices.reduce((best, choice) => {
    if (Math.abs(choice.uncoveredRps - best.uncoveredRps) > 1e-6)
      return choice.uncoveredRps < best.uncoveredRps ? choice : best;
    return usdPerHour(demand, choice) < usdPerHour(demand, best) * (1 - 1e-6) ? choice : best;
  });
}

/** The best plan over batch sizes, mixtures and single kinds. @param servers at least one */
export function bestPlan(
  problem: TuningProblem,
  servers: readonly ServerOption[],
  demand: PlanDemand,
  deadlineMs: number,
): FleetChoice {
  const { current } = demand;
  const sizes = batchSizes(problem);
  const fitted = (sizes.length > 0 ? sizes : [numberAt(current, "maxBatchSize", 1)]).map((batch) => {
    const base = { ...current, maxBatchSize: batch, maxBatchDelayMs: 0 };
    const fitting = servers.filter((server) => allowedWaitMs(problem, server.host, base, batch, deadlineMs) >= 0);
    return { batch, options: sizedOptions(problem, sizes.length > 0 ? fitting : servers, base) };
  });
  const mixtures = fitted.map(({ batch, options }) =>
    chosen(demand, batch, options, mixture(options, current, demand.ratesRps)),
  );
  const singles = fitted.flatMap(({ batch, options }) =>
    options.length < 2 ? [] : options.map((alone) => heldAlone(demand, batch, options, alone)),
  );
  return cheapest(demand, [heldMixture(demand, cheapest(demand, mixtures)), ...singles]);
}
