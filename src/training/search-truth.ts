// The truth of a search problem: every configuration's latency and cost by long simulation, finer near the optimum.
//
// Coarse: 20 windows each on common random numbers (4 where four show an overload of more than 30 %), pooled quantile.
// Fine: the up to 200 configurations that may be the optimum or within 10 % of it, on other windows, again common ones:
// 100 each, and more, up to 400, until the standard error of the log latency, from ten batches, is at most 1 %.
// Optimum: least cost: the cheapest with latency ≤ .97 SLO, so that noise cannot put it beyond reach; least latency: the
// least late. Within x of it: cost and latency ≤ (1 + x) of the optimum's cost and of the SLO; latency ≤ (1 + x) of its.
// Source: batch means, A. Law, "Simulation Modeling and Analysis", 2015, section 9.5.

import type { SeededRandom } from "../math/index.ts";
import { BatchQueue, select } from "../simulator/batch-queue.ts";
import { sha256Of } from "../spaces/index.ts";
import { MULTIPLIERS, type SearchProblem, serviceMultipliers, WindowArrivals } from "./search-problem.ts";

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

/** How long the truth is simulated, in windows. */
export interface TruthEffort {
  readonly windows: number;
  readonly overloadedWindows: number;
  readonly refinedWindows: number;
  readonly mostWindows: number;
  /** Standard error of the log latency at which more windows are not needed. */
  readonly precision: number;
  readonly mostRefined: number;
}

/** The benchmark's effort. */
export const TRUTH_EFFORT: TruthEffort = {
  windows: 20,
  overloadedWindows: 4,
  refinedWindows: 100,
  mostWindows: 400,
  precision: 0.01,
  mostRefined: 200,
};

/** Margin of the optimum's latency below the SLO where cost is minimised. */
export const OPTIMUM_MARGIN = 0.97;

/** The problem's identity: whatever the truth depends on. */
export function truthKey(problem: SearchProblem, effort: TruthEffort): string {
  const { scenario, plan, objective } = problem.open;
  return sha256Of({
    version: 2,
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

/** When a configuration was simulated long enough. */
interface Enough {
  readonly least: number;
  readonly most: number;
  readonly precision: number;
  /** Windows after which a plain overload is simulated no longer. */
  readonly overloaded: number;
}

/** Overloads of more than this are plain. */
const PLAIN_OVERLOAD = 1.3;

/** Batches a standard error is taken from. */
const BATCHES = 10;

/** Pools windows of one configuration after another over the same arrivals. */
class Pool {
  readonly #problem: SearchProblem;
  readonly #source: WindowArrivals;
  readonly #offsetSource: SeededRandom;
  readonly #windows: { readonly arrivalsMs: Float64Array; readonly offset: number }[] = [];
  readonly #multipliers: Float64Array;
  readonly #queue = new BatchQueue();
  #latencies = new Float64Array(0);

  constructor(problem: SearchProblem, random: SeededRandom) {
    this.#problem = problem;
    this.#source = new WindowArrivals(problem, random.split("arrivals"));
    this.#offsetSource = random.split("offsets");
    this.#multipliers = serviceMultipliers(problem, random.split("service"));
  }

  measure(i: number, enough: Enough): { latencyMs: number; costUsdPerHour: number } {
    const { machines, warmupRequests, windowRequests } = this.#problem;
    const machine = machines[i];
    if (machine === undefined) throw new RangeError(`configuration: expected one of ${machines.length}, found ${i}`);
    const sums = { batches: 0, requests: 0, serviceMs: 0, durationMs: 0 };
    let filled = 0;
    for (let window = 0; window < enough.most; window++) {
      const { arrivalsMs, offset } = this.#window(window);
      this.#reserve(filled + warmupRequests + windowRequests);
      const result = this.#queue.run({
        ...machine,
        arrivalsMs,
        requests: arrivalsMs.length,
        multipliers: this.#multipliers,
        multiplierOffset: offset,
        warmup: warmupRequests,
      });
      filled = this.#queue.copyLatencies(this.#latencies, filled);
      sums.batches += result.batches;
      sums.requests += result.requests;
      sums.serviceMs += result.meanServiceMs * result.batches;
      sums.durationMs += result.durationMs;
      const done = window + 1;
      const load = sums.serviceMs / (machine.instances * sums.durationMs);
      if (done === enough.overloaded && load > PLAIN_OVERLOAD) break;
      if (done >= enough.least && done % enough.least === 0 && this.#error(filled) <= enough.precision) break;
    }
    const { batches, requests, serviceMs, durationMs } = sums;
    const rateRps = (1000 * requests) / durationMs;
    return {
      latencyMs: this.#quantile(0, filled),
      costUsdPerHour: this.#problem.costUsdPerHour(i, rateRps, requests / batches, serviceMs / batches),
    };
  }

  #window(at: number): { readonly arrivalsMs: Float64Array; readonly offset: number } {
    while (this.#windows.length <= at) {
      const offset = Math.floor(this.#offsetSource.next() * MULTIPLIERS);
      this.#windows.push({ arrivalsMs: this.#source.next(), offset });
    }
    const window = this.#windows[at];
    if (window === undefined) throw new RangeError(`window: expected one of ${this.#windows.length}, found ${at}`);
    return window;
  }

  #reserve(length: number): void {
    if (this.#latencies.length >= length) return;
    const longer = new Float64Array(2 * length);
    longer.set(this.#latencies);
    this.#latencies = longer;
  }

  #quantile(from: number, to: number): number {
    const rank = Math.min(to - from - 1, Math.ceil(this.#problem.percentile * (to - from)) - 1);
    return select(this.#latencies, from, to, rank);
  }

  /** Standard error of the pooled log quantile, by batches of consecutive windows. */
  #error(filled: number): number {
    const size = Math.floor(filled / BATCHES);
    const logs = Array.from({ length: BATCHES }, (_, batch) =>
      Math.log(this.#quantile(batch * size, (batch + 1) * size)),
    );
    const mean = logs.reduce((sum, log) => sum + log, 0) / BATCHES;
    const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (BATCHES - 1);
    return Math.sqrt(variance / BATCHES);
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

/** Latencies may be this much lower than the coarse windows say, so that nothing near is left out. */
const COARSE_DOUBT = 1.5;

/** Configurations that may be the optimum or within 10 % of it, nearest first. */
function contenders(problem: SearchProblem, latencyMs: readonly number[], cost: readonly number[]): number[] {
  const best = optimumOf(problem, latencyMs, cost);
  const all = latencyMs.map((_, i) => i);
  if (problem.open.objective.minimize === "latency") {
    const near = all.filter((i) => (latencyMs[i] ?? 0) <= COARSE_DOUBT * 1.1 * (latencyMs[best] ?? 0));
    return near.sort((a, b) => (latencyMs[a] ?? 0) - (latencyMs[b] ?? 0));
  }
  const near = all.filter(
    (i) => (cost[i] ?? 0) <= 1.1 * (cost[best] ?? 0) && (latencyMs[i] ?? 0) <= COARSE_DOUBT * problem.sloMs,
  );
  return near.sort((a, b) => (cost[a] ?? 0) - (cost[b] ?? 0) || (latencyMs[a] ?? 0) - (latencyMs[b] ?? 0));
}

/** Simulates the truth of a problem; the same random gives the same truth. */
export function computeTruth(problem: SearchProblem, random: SeededRandom, effort: TruthEffort): SearchTruth {
  const { windows, overloadedWindows, refinedWindows, mostWindows, precision, mostRefined } = effort;
  const coarse = new Pool(problem, random.split("coarse"));
  const plain: Enough = { least: windows, most: windows, precision: 0, overloaded: overloadedWindows };
  const measured = problem.configurations.map((_, i) => coarse.measure(i, plain));
  const latencyMs = measured.map((one) => one.latencyMs);
  const costUsdPerHour = measured.map((one) => one.costUsdPerHour);
  const fine = new Pool(problem, random.split("fine"));
  const long: Enough = { least: refinedWindows, most: mostWindows, precision, overloaded: 0 };
  const refined = new Set<number>();
  const next = (): number | undefined =>
    contenders(problem, latencyMs, costUsdPerHour).find((candidate) => !refined.has(candidate));
  for (let i = next(); i !== undefined && refined.size < mostRefined; i = next()) {
    refined.add(i);
    const better = fine.measure(i, long);
    latencyMs[i] = better.latencyMs;
    costUsdPerHour[i] = better.costUsdPerHour;
  }
  return { latencyMs, costUsdPerHour, optimum: optimumOf(problem, latencyMs, costUsdPerHour), refined: refined.size };
}

/** Whether configuration i is within a share of the optimum. */
export function isWithin(problem: SearchProblem, truth: SearchTruth, i: number, share: number): boolean {
  const { latencyMs, costUsdPerHour, optimum } = truth;
  const latency = latencyMs[i] ?? Number.POSITIVE_INFINITY;
  if (problem.open.objective.minimize === "latency") return latency <= (1 + share) * (latencyMs[optimum] ?? 0);
  const cost = costUsdPerHour[i] ?? Number.POSITIVE_INFINITY;
  return latency <= 1.05 * problem.sloMs && cost <= (1 + share) * (costUsdPerHour[optimum] ?? 0);
}
