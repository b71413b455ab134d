// A window of a search: what a cluster under one configuration shows of itself, whole or its first part.

import type { ServiceAtBatch, WindowMetrics } from "../core/index.ts";
import { BatchQueue } from "../simulator/batch-queue.ts";
import type { SearchProblem } from "./search-problem.ts";

/** How much a window tells. */
export type Telemetry = "aggregate" | "full";

/** Batches a size must have had for its service times to count as multipliers. */
const LEAST_BATCHES = 20;

/** Multipliers a window reports at most. */
const MOST_MULTIPLIERS = 2048;

/** Sub-intervals whose rates a window reports. */
const RATE_INTERVALS = 12;

/** Simulates windows of one problem. */
export class WindowSimulator {
  readonly #problem: SearchProblem;
  readonly #multipliers: Float64Array;
  readonly #queue = new BatchQueue();

  constructor(problem: SearchProblem, multipliers: Float64Array) {
    this.#problem = problem;
    this.#multipliers = multipliers;
  }

  /**
   * Runs configuration i on a window's arrivals.
   * @param share of the window's requests, from its start, in (0, 1]
   */
  run(
    i: number,
    arrivalsMs: Float64Array,
    multiplierOffset: number,
    share: number,
    telemetry: Telemetry,
  ): WindowMetrics {
    const problem = this.#problem;
    const machine = problem.machines[i];
    if (machine === undefined)
      throw new RangeError(`configuration: expected one of ${problem.machines.length}, found ${i}`);
    const requests = problem.warmupRequests + Math.round(share * problem.windowRequests);
    const result = this.#queue.run({
      ...machine,
      arrivalsMs,
      requests,
      multipliers: this.#multipliers,
      multiplierOffset,
      warmup: problem.warmupRequests,
    });
    const durationS = result.durationMs / 1000;
    const rateRps = result.requests / durationS;
    const objectiveMs = this.#queue.quantileMs(problem.percentile);
    const costUsdPerHour = problem.costUsdPerHour(i, rateRps, result.meanBatchSize, result.meanServiceMs);
    const full = telemetry === "full";
    return {
      durationS,
      requests: result.requests,
      arrivals: {
        rateRps,
        recentRatesRps: recentRates(arrivalsMs.subarray(problem.warmupRequests, requests)),
        dispersion: null,
        peakToMedian: null,
        ...(full ? { timesMs: arrivalsMs.subarray(0, requests) } : {}),
      },
      latency: {
        meanMs: result.meanLatencyMs,
        p50Ms: this.#queue.quantileMs(0.5),
        p95Ms: problem.percentile === 0.95 ? objectiveMs : this.#queue.quantileMs(0.95),
        p99Ms: problem.percentile === 0.99 ? objectiveMs : this.#queue.quantileMs(0.99),
        objectiveMs,
        missRatio: this.#queue.lateShare(problem.sloMs),
        resolution: 0,
      },
      queueLength: 0,
      utilization: Number.isFinite(machine.instances)
        ? (result.utilization * machine.instances) / machine.configured
        : result.utilization,
      meanBatchSize: result.meanBatchSize,
      service: { meanMs: result.meanServiceMs, ...(full ? this.#byBatch(machine.maxBatch) : {}) },
      dropped: 0,
      offloadedShare: Number.isFinite(machine.instances) ? 0 : 1,
      costUsdPerHour,
      costUsd: (costUsdPerHour * durationS) / 3600,
    };
  }

  #byBatch(maxBatch: number): { byBatch: ServiceAtBatch[]; multipliers: Float64Array } {
    const sums = new Float64Array(maxBatch + 1);
    const counts = new Int32Array(maxBatch + 1);
    this.#queue.forEachBatch((size, serviceMs) => {
      sums[size] = (sums[size] ?? 0) + serviceMs;
      counts[size] = (counts[size] ?? 0) + 1;
    });
    const byBatch: ServiceAtBatch[] = [];
    counts.forEach((batches, batchSize) => {
      if (batches > 0) byBatch.push({ batchSize, meanMs: (sums[batchSize] ?? 0) / batches, batches });
    });
    const multipliers = new Float64Array(MOST_MULTIPLIERS);
    let taken = 0;
    this.#queue.forEachBatch((size, serviceMs) => {
      const batches = counts[size] ?? 0;
      if (taken === MOST_MULTIPLIERS || batches < LEAST_BATCHES) return;
      multipliers[taken++] = (serviceMs * batches) / (sums[size] ?? 1);
    });
    return { byBatch, multipliers: multipliers.slice(0, taken) };
  }
}

function recentRates(arrivalsMs: Float64Array): number[] {
  const startMs = arrivalsMs[0] ?? 0;
  const lengthMs = ((arrivalsMs[arrivalsMs.length - 1] ?? startMs) - startMs) / RATE_INTERVALS;
  if (!(lengthMs > 0)) return [];
  const counts = new Array<number>(RATE_INTERVALS).fill(0);
  for (const time of arrivalsMs) {
    const interval = Math.min(RATE_INTERVALS - 1, Math.floor((time - startMs) / lengthMs));
    counts[interval] = (counts[interval] ?? 0) + 1;
  }
  return counts.map((count) => (1000 * count) / lengthMs);
}
