// A buffer that sends a batch when B requests wait or the first has waited T, fed by a Markovian arrival process: exactly.
//
// A batch opens with an arrival at time 0 in phase i ~ α. With C_n(t) the count matrices (map-counts.ts), v_n(t) = α C_n(t):
//   sizes      p_k = v_{k-1}(T) 1 for k < B,  p_B = 1 - Σ p_k
//   next α     α = α [Σ_{n<B-1} C_n(T) + ∫_0^T C_{B-2}(u) D1 du] (-D0)^-1 D1
//   timed out  the first waits T; of the others Σ_i (n - i) v_i(T - y) C_{n-i}(y) 1 wait at most y (n = k - 1)
//   full       the last waits 0, the first at most y when B - 1 more come within min(y, T), the j-th at most y with
//              ∫_0^T v_{j-1}(u) D1 (1 - Σ_{n<B-1-j} C_n(min(y, T - u)) 1) du
//   latency    F(x) = Σ_k E[requests of size-k batches that wait at most x - s(k)] / Σ k p_k
// Source: the model is BATCH (A. Ali, R. Pinciroli, F. Yan, E. Smirni, SC'20).
// Differs: its latency formula takes arrivals within a batch as uniform and smaller batches as done before larger ones;
//   this keeps their joint law, so the only error is that of integration over `steps` (2e-5 at 200).

import { inverse, Matrix } from "ml-matrix";
import { type MarkovianArrivals, stationaryDistribution } from "../math/index.ts";
import { type CountMatrices, countMatrices } from "./map-counts.ts";
import { quantileOf } from "./queue-result.ts";

/** Batches of a size-or-delay buffer in equilibrium, and the latency of the requests in them with servers for all. */
export interface BatchBuffer {
  /** Probability of each batch size, shape [B + 1]; index 0 is 0. */
  readonly sizes: Float64Array;
  readonly meanBatchSize: number;
  /** Time from arrival to dispatch, over requests. */
  readonly meanWaitS: number;
  waitCdf(timeS: number): number;
  /** @param serviceS service time of a batch, by size */
  latencyCdf(serviceS: (batch: number) => number, timeS: number): number;
  /** @param q in [0, 1) */
  latencyQuantileS(serviceS: (batch: number) => number, q: number): number;
  meanLatencyS(serviceS: (batch: number) => number): number;
}

const DEFAULT_STEPS = 200;

function grid(steps: number): Float64Array {
  return new Float64Array(steps + 1);
}

/** row · block n of count matrices. */
function rowTimes(row: ArrayLike<number>, matrices: CountMatrices, n: number, m: number): Float64Array {
  const out = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < m; j++) out[j] = (out[j] ?? 0) + (row[i] ?? 0) * (matrices[n * m * m + i * m + j] ?? 0);
  }
  return out;
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum;
}

/** Simpson's weights for an even number of steps of one length. */
function simpson(g: number, steps: number): number {
  return (g === 0 || g === steps ? 1 : g % 2 === 1 ? 4 : 2) / 3;
}

/** Phases in which batches open. */
function openings(
  map: MarkovianArrivals,
  counts: readonly CountMatrices[],
  maxBatch: number,
  delayS: number,
): number[] {
  const m = map.d0.length;
  const steps = counts.length - 1;
  const d1 = new Matrix(map.d1.map((row) => [...row]));
  const atDispatch = Matrix.zeros(m, m);
  const block = (g: number, n: number): Matrix =>
    new Matrix(
      Array.from({ length: m }, (_, i) => Array.from({ length: m }, (_, j) => counts[g]?.[n * m * m + i * m + j] ?? 0)),
    );
  for (let n = 0; n < maxBatch - 1; n++) atDispatch.add(block(steps, n));
  for (let g = 0; g <= steps; g++) {
    atDispatch.add(
      block(g, maxBatch - 2)
        .mmul(d1)
        .mul((simpson(g, steps) * delayS) / steps),
    );
  }
  const next = inverse(new Matrix(map.d0.map((row) => row.map((rate) => -rate)))).mmul(d1);
  return stationaryDistribution(atDispatch.mmul(next).to2DArray());
}

/** Expected requests per batch that wait at most y, by size; on the grid of y, shape [B + 1][steps + 1]. */
interface WaitTables {
  readonly sizes: Float64Array;
  readonly byWait: readonly Float64Array[];
}

function timedOut(
  alpha: readonly number[],
  counts: readonly CountMatrices[],
  maxBatch: number,
  m: number,
): { sizes: Float64Array; byWait: Float64Array[] } {
  const steps = counts.length - 1;
  const sizes = new Float64Array(maxBatch + 1);
  const byWait = Array.from({ length: maxBatch + 1 }, () => grid(steps));
  const empty = new Float64Array(maxBatch * m * m);
  for (let g = 0; g <= steps; g++) {
    const before = counts[steps - g] ?? empty;
    const after = counts[g] ?? empty;
    for (let i = 0; i < maxBatch - 1; i++) {
      const state = rowTimes(alpha, before, i, m);
      for (let later = 1; i + later < maxBatch - 1; later++) {
        const table = byWait[i + later + 1];
        if (table) table[g] = (table[g] ?? 0) + later * sumOf(rowTimes(state, after, later, m));
      }
    }
  }
  const last = counts[steps] ?? empty;
  for (let n = 0; n < maxBatch - 1; n++) {
    const share = sumOf(rowTimes(alpha, last, n, m));
    sizes[n + 1] = share;
    const table = byWait[n + 1];
    if (table) table[steps] = (table[steps] ?? 0) + share;
  }
  sizes[maxBatch] = Math.max(0, 1 - sumOf(sizes));
  return { sizes, byWait };
}

/** P(at least n arrivals by each grid time | phase), shape [steps + 1][phases]. */
function reached(counts: readonly CountMatrices[], n: number, m: number): Float64Array[] {
  return counts.map((matrices) =>
    Float64Array.from({ length: m }, (_, i) => {
      let fewer = 0;
      for (let k = 0; k < n; k++) for (let j = 0; j < m; j++) fewer += matrices[k * m * m + i * m + j] ?? 0;
      return 1 - fewer;
    }),
  );
}

function fullBatches(
  map: MarkovianArrivals,
  alpha: readonly number[],
  counts: readonly CountMatrices[],
  maxBatch: number,
  delayS: number,
  share: number,
): Float64Array {
  const m = map.d0.length;
  const steps = counts.length - 1;
  const stepS = delayS / steps;
  const table = grid(steps).fill(share);
  const d1 = Float64Array.from(map.d1.flatMap((row) => [...row]));
  const whole = reached(counts, maxBatch - 1, m);
  for (let g = 0; g <= steps; g++) {
    table[g] = (table[g] ?? 0) + alpha.reduce((sum, weight, i) => sum + weight * (whole[g]?.[i] ?? 0), 0);
  }
  for (let j = 1; j < maxBatch - 1; j++) {
    const rest = reached(counts, maxBatch - 1 - j, m);
    const density = counts.map((matrices) => rowTimes(rowTimes(alpha, matrices, j - 1, m), d1, 0, m));
    for (let y = 1; y <= steps; y++) {
      // Up to u = T - y the whole of y is at hand, then only T - u: a trapezoid rule on either side of the kink.
      let sum = 0;
      for (let u = 0; u <= steps; u++) {
        const at = rest[Math.min(y, steps - u)];
        const from = density[u];
        let value = 0;
        for (let i = 0; i < m; i++) value += (from?.[i] ?? 0) * (at?.[i] ?? 0);
        sum += u === 0 || u === steps ? value / 2 : value;
      }
      table[y] = (table[y] ?? 0) + sum * stepS;
    }
  }
  return table;
}

function waitTables(map: MarkovianArrivals, maxBatch: number, delayS: number, steps: number): WaitTables {
  const m = map.d0.length;
  if (maxBatch === 1) return { sizes: Float64Array.of(0, 1), byWait: [grid(steps), grid(steps).fill(1)] };
  const counts = countMatrices(map, maxBatch, delayS, steps);
  const alpha = openings(map, counts, maxBatch, delayS);
  const { sizes, byWait } = timedOut(alpha, counts, maxBatch, m);
  byWait[maxBatch] = fullBatches(map, alpha, counts, maxBatch, delayS, sizes[maxBatch] ?? 0);
  return { sizes, byWait };
}

/**
 * The buffer in equilibrium.
 * @param maxBatch B, at least 1
 * @param delayS T, ≥ 0 and finite
 * @param steps of the integration, even
 */
export function batchBuffer(
  map: MarkovianArrivals,
  maxBatch: number,
  delayS: number,
  steps = DEFAULT_STEPS,
): BatchBuffer {
  const largest = delayS === 0 ? 1 : maxBatch;
  const { sizes, byWait } = waitTables(map, largest, delayS, steps);
  const meanBatchSize = sizes.reduce((sum, share, k) => sum + k * share, 0);
  // A timed-out batch's first request waits exactly T: a jump of p_k at the end of its table.
  const waiting = (k: number, timeS: number): number => {
    const table = byWait[k] ?? grid(steps);
    if (timeS < 0) return 0;
    if (timeS >= delayS) return table[steps] ?? 0;
    const x = (timeS / delayS) * steps;
    const g = Math.floor(x);
    const jump = g === steps - 1 && k < largest ? (sizes[k] ?? 0) : 0;
    const low = table[g] ?? 0;
    return low + (x - g) * ((table[g + 1] ?? 0) - jump - low);
  };
  const latencyCdf = (serviceS: (batch: number) => number, timeS: number): number => {
    let sum = 0;
    for (let k = 1; k <= largest; k++) sum += waiting(k, timeS - serviceS(k));
    return sum / meanBatchSize;
  };
  let waitSum = 0;
  for (let k = 1; k <= largest; k++) {
    const all = k * (sizes[k] ?? 0);
    for (let g = 0; g <= steps; g++) {
      const jump = g === steps && k < largest ? (sizes[k] ?? 0) : 0;
      waitSum += (all - (byWait[k]?.[g] ?? 0) + jump) * (g === 0 || g === steps ? 0.5 : 1) * (delayS / steps);
    }
  }
  const meanWaitS = waitSum / meanBatchSize;
  return {
    sizes,
    meanBatchSize,
    meanWaitS,
    waitCdf: (timeS) => latencyCdf(() => 0, timeS),
    latencyCdf,
    latencyQuantileS: (serviceS, q) => quantileOf((x) => latencyCdf(serviceS, x), q, delayS + serviceS(largest)),
    meanLatencyS: (serviceS) =>
      meanWaitS + sizes.reduce((sum, share, k) => sum + (k === 0 ? 0 : k * share * serviceS(k)), 0) / meanBatchSize,
  };
}
