// The full search of BATCH: memory × batch size × timeout for a buffer in front of functions, every point evaluated.
//
// least  E[USD per batch] / E[size]   subject to   F(SLO) >= percentile      (F as in closed-form.ts, nothing waits)
// or least percentile latency subject to a cost per hour.
// Source: A. Ali, R. Pinciroli, F. Yan, E. Smirni, "BATCH: Machine Learning Inference Serving on Serverless Platforms
//   with Adaptive Batching", SC 2020, section 4; latency by the corrected mixture of systems.md 2.3.
// Differs: cost is the expected cost over the expected size (theirs, at a quantile of the size, understates it); counts
//   are computed once for all batch sizes, memories only change service times; any batch limit, any number of phases.

import type { Load } from "../core/index.ts";
import { countProbabilities } from "./batch-formation.ts";
import { countGrid, countsAt, loadMap, openingPhases } from "./load-map.ts";

/** Steps of the table of fill times, over the longest timeout. */
const FILL_STEPS = 200;
const BISECTIONS = 24;

/** What to search. */
export interface BatchingSearch {
  readonly load: Load;
  /** Each ascending and not empty. */
  readonly memoriesMb: readonly number[];
  readonly batchSizes: readonly number[];
  readonly delaysMs: readonly number[];
  readonly serviceMs: (batch: number, memoryMb: number) => number;
  /** Service time that is paid for, where it is not the one that latency is judged by. */
  readonly paidServiceMs?: (batch: number, memoryMb: number) => number;
  readonly callUsd: (memoryMb: number, serviceMs: number) => number;
  readonly percentile: number;
  readonly latencyMs: number;
  readonly minimize: "cost" | "latency";
  readonly usdPerHour: number;
  /** Points that may be chosen. */
  readonly allowed?: (point: BatchingPoint) => boolean;
}

/** One setting of the buffer. */
export interface BatchingPoint {
  readonly memoryMb: number;
  readonly batchSize: number;
  readonly delayMs: number;
}

/** A setting with what the model says of it. */
export interface BatchingChoice extends BatchingPoint {
  readonly usdPerRequest: number;
  /** P(latency <= the SLO's). */
  readonly attained: number;
  readonly meanBatchSize: number;
}

/** The outcome of the search; `best` is null when nothing is feasible, and `nearest` attains most. */
export interface BatchingResult {
  readonly best: BatchingChoice | null;
  readonly nearest: BatchingChoice | null;
  readonly evaluations: number;
}

/** Counts of one buffer: P(N(T) = n) and G on a grid, mixed over the opening phase. */
interface Buffer {
  readonly sizes: Float64Array;
  readonly meanSize: number;
  /** P(full by grid step | full by T), up to the step after T. */
  readonly fill: Float64Array;
  readonly stepMs: number;
  readonly delayMs: number;
}

/** Makes buffers from one pass over the counts. */
class Counts {
  readonly #load: Load;
  readonly #limit: number;
  readonly #stepMs: number;
  readonly #map: ReturnType<typeof loadMap>;
  /** P(N <= n | phase) on the grid, shape [steps + 1][phases][limit]. */
  readonly #grid: readonly (readonly Float64Array[])[];

  constructor(load: Load, largestBatch: number, longestMs: number) {
    this.#load = load;
    this.#limit = Math.max(1, largestBatch - 1);
    this.#stepMs = Math.max(longestMs, 1e-6) / FILL_STEPS;
    this.#map = loadMap(load);
    const stepS = this.#stepMs / 1000;
    const table =
      this.#map === null
        ? Array.from({ length: FILL_STEPS + 1 }, (_, s) => [this.#simple(s * stepS)])
        : countGrid(this.#map, this.#limit, stepS * FILL_STEPS, FILL_STEPS);
    this.#grid = table.map((phases) => phases.map(cumulative));
  }

  #simple(timeS: number): Float64Array {
    return countProbabilities(this.#load.rateRps * timeS, Math.max(1, this.#load.scv ?? 1), this.#limit);
  }

  /** P(N(T) = n | phase), shape [phases][limit]; the same for every batch size. */
  at(delayMs: number): readonly Float64Array[] {
    const timeS = delayMs / 1000;
    return this.#map === null ? [this.#simple(timeS)] : countsAt(this.#map, this.#limit, timeS);
  }

  buffer(batchSize: number, delayMs: number, atDelay: readonly Float64Array[]): Buffer {
    const start = this.#map === null ? [1] : openingPhases(this.#map, batchSize, delayMs / 1000);
    const sizes = new Float64Array(batchSize + 1);
    let short = 0;
    let mean = 0;
    for (let n = 0; n < batchSize - 1; n++) {
      let probability = 0;
      for (let i = 0; i < start.length; i++) probability += (start[i] ?? 0) * (atDelay[i]?.[n] ?? 0);
      sizes[n + 1] = probability;
      short += probability;
      mean += probability * (n + 1);
    }
    const full = Math.max(0, 1 - short);
    sizes[batchSize] = full;
    const steps = Math.min(FILL_STEPS, Math.floor(delayMs / this.#stepMs + 1e-9));
    const fill = new Float64Array(steps + 1);
    if (batchSize > 1 && full > 0) {
      for (let s = 0; s <= steps; s++) {
        let below = 0;
        for (let i = 0; i < start.length; i++) below += (start[i] ?? 0) * (this.#grid[s]?.[i]?.[batchSize - 2] ?? 0);
        fill[s] = Math.min(1, Math.max(0, (1 - below) / full));
      }
    }
    return { sizes, meanSize: mean + full * batchSize, fill, stepMs: this.#stepMs, delayMs };
  }
}

function cumulative(probabilities: Float64Array): Float64Array {
  let sum = 0;
  return probabilities.map((probability) => {
    sum += probability;
    return sum;
  });
}

/** P(latency <= x). @param services mean service time by size, shape [B + 1] */
function attained(buffer: Buffer, services: Float64Array, xMs: number): number {
  const { sizes, meanSize, fill, stepMs, delayMs } = buffer;
  const largest = sizes.length - 1;
  let sum = 0;
  for (let k = 1; k < largest; k++) {
    const y = xMs - (services[k] ?? 0);
    if (y < 0) break;
    const probability = sizes[k] ?? 0;
    sum += probability * (y >= delayMs ? k : ((k - 1) * y) / delayMs);
  }
  const full = sizes[largest] ?? 0;
  const y = xMs - (services[largest] ?? 0);
  if (y >= 0 && full > 0) {
    let filled = 1;
    const steps = fill.length - 1;
    for (let j = 1; j < largest; j++) {
      const t = (y * (largest - 1)) / (largest - j);
      if (t >= delayMs) {
        filled += largest - j;
        break;
      }
      const at = t / stepMs;
      const s = Math.floor(at);
      const low = fill[s] ?? 1;
      const high = s + 1 <= steps ? (fill[s + 1] ?? 1) : 1;
      filled += low + (high - low) * (at - s);
    }
    sum += full * filled;
  }
  return Math.min(1, sum / meanSize);
}

function quantileMs(buffer: Buffer, services: Float64Array, percentile: number, atMostMs: number): number {
  let low = 0;
  let high = atMostMs;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (attained(buffer, services, middle) >= percentile) high = middle;
    else low = middle;
  }
  return high;
}

/** Evaluates every point of the grid. */
export function searchBatching(search: BatchingSearch): BatchingResult {
  const { memoriesMb, batchSizes, delaysMs, load, percentile, latencyMs } = search;
  const largest = batchSizes.at(-1) ?? 1;
  const counts = new Counts(load, largest, delaysMs.at(-1) ?? 0);
  const services = memoriesMb.map((memory) =>
    Float64Array.from({ length: largest + 1 }, (_, k) => (k === 0 ? 0 : search.serviceMs(k, memory))),
  );
  const paidMs = search.paidServiceMs ?? search.serviceMs;
  const prices = memoriesMb.map((memory) =>
    Float64Array.from({ length: largest + 1 }, (_, k) => (k === 0 ? 0 : search.callUsd(memory, paidMs(k, memory)))),
  );
  let best: BatchingChoice | null = null;
  let bestScore = Number.POSITIVE_INFINITY;
  let nearest: BatchingChoice | null = null;
  let evaluations = 0;
  for (const delayMs of delaysMs) {
    const atDelay = counts.at(delayMs);
    for (const batchSize of batchSizes) {
      const buffer = counts.buffer(batchSize, delayMs, atDelay);
      memoriesMb.forEach((memoryMb, m) => {
        evaluations += 1;
        const service = services[m] ?? new Float64Array(0);
        const price = prices[m] ?? service;
        let usd = 0;
        for (let k = 1; k <= batchSize; k++) usd += (buffer.sizes[k] ?? 0) * (price[k] ?? 0);
        const usdPerRequest = usd / buffer.meanSize;
        const share = attained(buffer, service, latencyMs);
        const feasible = share >= percentile && usdPerRequest * load.rateRps * 3600 <= search.usdPerHour;
        if (!feasible && nearest !== null && share <= nearest.attained) return;
        const choice = { memoryMb, batchSize, delayMs, usdPerRequest, attained: share, meanBatchSize: buffer.meanSize };
        if (feasible) {
          if (
            search.minimize === "latency" &&
            bestScore < latencyMs &&
            attained(buffer, service, bestScore) < percentile
          )
            return;
          const score = search.minimize === "cost" ? usdPerRequest : quantileMs(buffer, service, percentile, latencyMs);
          const better = score < bestScore * (1 - 1e-9) && (search.allowed?.(choice) ?? true);
          if (better) {
            best = choice;
            bestScore = score;
          }
        }
        if (nearest === null || share > nearest.attained) nearest = choice;
      });
    }
  }
  return { best, nearest, evaluations };
}
