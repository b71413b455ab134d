// The truth of a search problem: every configuration's latency and cost by long simulation, finer near the optimum.
//
// Coarse: 20 windows each on common random numbers (4 where four show an overload of more than 30 %), pooled quantile.
// Fine: the up to 90 configurations that may be the optimum or within 5 % of it, 100 further windows each.
// Optimum: least cost: the cheapest with latency ≤ .97 SLO, so that noise cannot put it beyond reach; least latency: the
// least late. Within x of it: cost and latency ≤ (1 + x) of the optimum's cost and of the SLO; latency ≤ (1 + x) of its.

import type { SeededRandom } from "../math/index.ts";
import { BatchQueue, select } from "../simulator/batch-queue.ts";
import { sha256Of } from "../spaces/index.ts";
import { type SearchProblem, serviceMultipliers, WindowArrivals } from "./search-problem.ts";

/** What is true of a problem. */
export interface SearchTruth {
  /** At the objective's percentile; shape [configurations]. */
  readonly latencyMs: readonly number[];
  readonly costUsdPerHour: readonly number[];
  /** Index of the optimum. */
  readonly optimum: number;
  /** How many configurations were simulated longer. */
  readonly refined: number;
}

/** How long the truth is simulated. */
export interface TruthEffort {
  readonly windows: number;
  readonly overloadedWindows: number;
  readonly refinedWindows: number;
  readonly mostRefined: number;
}

/** The benchmark's effort. */
export const TRUTH_EFFORT: TruthEffort = { windows: 20, overloadedWindows: 4, refinedWindows: 100, mostRefined: 90 };

/** Margin of the optimum's latency below the SLO where cost is minimised. */
export const OPTIMUM_MARGIN = 0.97;

/** The problem's identity: whatever the truth depends on. */
export function truthKey(problem: SearchProblem, effort: TruthEffort): string {
  const { scenario, plan, objective } = problem.open;
  return sha256Of({
    version: 1,
    workload: scenario.workload,
    reality: plan.reality,
    minimize: objective.minimize,
    slo: objective.slo[0],
    window: scenario.window,
    configurations: problem.configurations,
    machines: problem.machines,
    cost: problem.configurations.map((_, i) => problem.costUsdPerHour(i, 1, 1, 1000)),
    effort: { ...effort },
  });
}

/** Pools windows of one configuration after another over the same arrivals. */
class Pool {
  readonly #problem: SearchProblem;
  readonly #arrivals: readonly Float64Array[];
  readonly #offsets: readonly number[];
  readonly #multipliers: Float64Array;
  readonly #queue = new BatchQueue();
  readonly #latencies: Float64Array;

  constructor(problem: SearchProblem, windows: number, random: SeededRandom) {
    this.#problem = problem;
    const source = new WindowArrivals(problem, random.split("arrivals"));
    this.#arrivals = Array.from({ length: windows }, () => source.next());
    const offsets = random.split("offsets");
    this.#offsets = this.#arrivals.map(() => Math.floor(offsets.next() * 2 ** 17));
    this.#multipliers = serviceMultipliers(problem, random.split("service"));
    this.#latencies = new Float64Array(windows * (problem.warmupRequests + problem.windowRequests));
  }

  measure(i: number, overloadedWindows: number): { latencyMs: number; costUsdPerHour: number } {
    const { machines, warmupRequests, percentile } = this.#problem;
    const machine = machines[i];
    if (machine === undefined) throw new RangeError(`configuration: expected one of ${machines.length}, found ${i}`);
    let filled = 0;
    let batches = 0;
    let requests = 0;
    let serviceMs = 0;
    let durationMs = 0;
    for (const [window, arrivalsMs] of this.#arrivals.entries()) {
      const result = this.#queue.run({
        ...machine,
        arrivalsMs,
        requests: arrivalsMs.length,
        multipliers: this.#multipliers,
        multiplierOffset: this.#offsets[window] ?? 0,
        warmup: warmupRequests,
      });
      filled = this.#queue.copyLatencies(this.#latencies, filled);
      batches += result.batches;
      requests += result.requests;
      serviceMs += result.meanServiceMs * result.batches;
      durationMs += result.durationMs;
      const load = serviceMs / batches / (machine.instances * (requests / batches)) / (durationMs / requests);
      if (window + 1 === overloadedWindows && load > 1.3) break;
    }
    const rank = Math.min(filled - 1, Math.ceil(percentile * filled) - 1);
    return {
      latencyMs: select(this.#latencies, 0, filled, rank),
      costUsdPerHour: this.#problem.costUsdPerHour(
        i,
        (1000 * requests) / durationMs,
        requests / batches,
        serviceMs / batches,
      ),
    };
  }
}

function optimumOf(problem: SearchProblem, latencyMs: readonly number[], cost: readonly number[]): number {
  const least = problem.open.objective.minimize === "latency";
  let best = -1;
  for (let i = 0; i < latencyMs.length; i++) {
    if (!least && (latencyMs[i] ?? 0) > OPTIMUM_MARGIN * problem.sloMs) continue;
    const value = (least ? latencyMs : cost)[i] ?? Number.POSITIVE_INFINITY;
    const known = (least ? latencyMs : cost)[best] ?? Number.POSITIVE_INFINITY;
    if (best < 0 || value < known) best = i;
  }
  if (best < 0) return latencyMs.indexOf(Math.min(...latencyMs));
  return best;
}

/** Configurations that may be the optimum or near it, nearest first. */
function contenders(problem: SearchProblem, latencyMs: readonly number[], cost: readonly number[]): number[] {
  const best = optimumOf(problem, latencyMs, cost);
  const bestLatency = latencyMs[best] ?? 0;
  const bestCost = cost[best] ?? 0;
  if (problem.open.objective.minimize === "latency") {
    const near = latencyMs.map((_, i) => i).filter((i) => (latencyMs[i] ?? 0) <= 1.2 * bestLatency);
    return near.sort((a, b) => (latencyMs[a] ?? 0) - (latencyMs[b] ?? 0));
  }
  const near = latencyMs
    .map((_, i) => i)
    .filter((i) => (cost[i] ?? 0) <= 1.1 * bestCost && (latencyMs[i] ?? 0) <= 1.2 * problem.sloMs);
  return near.sort((a, b) => (cost[a] ?? 0) - (cost[b] ?? 0) || (latencyMs[a] ?? 0) - (latencyMs[b] ?? 0));
}

/** Simulates the truth of a problem; the same random gives the same truth. */
export function computeTruth(problem: SearchProblem, random: SeededRandom, effort: TruthEffort): SearchTruth {
  const coarse = new Pool(problem, effort.windows, random.split("coarse"));
  const measured = problem.configurations.map((_, i) => coarse.measure(i, effort.overloadedWindows));
  const latencyMs = measured.map((one) => one.latencyMs);
  const costUsdPerHour = measured.map((one) => one.costUsdPerHour);
  const refine = contenders(problem, latencyMs, costUsdPerHour).slice(0, effort.mostRefined);
  if (refine.length > 0 && effort.refinedWindows > 0) {
    const fine = new Pool(problem, effort.refinedWindows, random.split("fine"));
    for (const i of refine) {
      const better = fine.measure(i, Number.POSITIVE_INFINITY);
      latencyMs[i] = better.latencyMs;
      costUsdPerHour[i] = better.costUsdPerHour;
    }
  }
  const optimum = optimumOf(problem, latencyMs, costUsdPerHour);
  return { latencyMs, costUsdPerHour, optimum, refined: refine.length };
}

/** Whether configuration i is within a share of the optimum. */
export function isWithin(problem: SearchProblem, truth: SearchTruth, i: number, share: number): boolean {
  const { latencyMs, costUsdPerHour, optimum } = truth;
  const latency = latencyMs[i] ?? Number.POSITIVE_INFINITY;
  if (problem.open.objective.minimize === "latency") return latency <= (1 + share) * (latencyMs[optimum] ?? 0);
  const cost = costUsdPerHour[i] ?? Number.POSITIVE_INFINITY;
  return latency <= 1.05 * problem.sloMs && cost <= (1 + share) * (costUsdPerHour[optimum] ?? 0);
}
