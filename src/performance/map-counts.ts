// How many arrivals of a Markovian arrival process come within a time, by uniformisation.
//
// State (n, phase), n arrivals so far;  Λ = max |D0_ii|;  one jump:  x'[n] = x[n] (I + D0/Λ) + x[n-1] D1/Λ
//   P(N(t) = n, phase = j | phase i at 0) = Σ_k Poisson(Λt; k) x_k[n][j],   the sum cut at a tail of 1e-12
// A grid of times is walked by convolution with the counts of one step.
// Source: A. Jensen, 1953 (uniformisation); A. Ali et al., "BATCH", SC 2020 (the buffer's generator, levels = counts).
// Differs: levels below the batch limit do not depend on it, so one table serves every batch size and timeout.

import type { Load } from "../core/index.ts";
import { mapGenerator, mapRateRps, phaseRates, stationaryDistribution } from "../math/index.ts";

const TAIL = 1e-12;

/** A Markovian arrival process, as a load carries it. */
export type ArrivalMap = NonNullable<Load["map"]>;

/** P(N(t) = n | phase i at 0), shape [phases][times][limit]. */
export interface CountTable {
  readonly timesS: readonly number[];
  readonly limit: number;
  readonly byPhase: readonly (readonly Float64Array[])[];
}

/** P(n arrivals within t, phase j at the end | phase i at the start), shape [phases i][n * phases + j]. */
function transitions(map: ArrivalMap, timeS: number, limit: number): Float64Array[] {
  const m = map.d0.length;
  const rate = Math.max(1e-12, ...map.d0.map((row, i) => -(row[i] ?? 0)));
  const stay = map.d0.map((row, i) => row.map((value, j) => (i === j ? 1 : 0) + value / rate));
  const arrive = map.d1.map((row) => row.map((value) => value / rate));
  const mean = rate * timeS;
  return map.d0.map((_, start) => {
    let state = new Float64Array(limit * m);
    state[start] = 1;
    const result = new Float64Array(limit * m);
    let logWeight = -mean;
    let covered = 0;
    for (let k = 0; ; k++) {
      const weight = Math.exp(logWeight);
      covered += weight;
      if (weight > 0) for (let i = 0; i < state.length; i++) result[i] = (result[i] ?? 0) + weight * (state[i] ?? 0);
      if (k > mean && (1 - covered < TAIL || weight < TAIL * TAIL)) return result;
      const next = new Float64Array(limit * m);
      for (let n = 0; n < limit; n++) {
        for (let i = 0; i < m; i++) {
          const mass = state[n * m + i] ?? 0;
          if (mass < 1e-300) continue;
          for (let j = 0; j < m; j++) {
            const same = n * m + j;
            next[same] = (next[same] ?? 0) + mass * (stay[i]?.[j] ?? 0);
            if (n + 1 < limit) next[same + m] = (next[same + m] ?? 0) + mass * (arrive[i]?.[j] ?? 0);
          }
        }
      }
      state = next;
      logWeight += Math.log(mean) - Math.log(k + 1);
    }
  });
}

function summed(state: Float64Array, m: number, limit: number): Float64Array {
  const counts = new Float64Array(limit);
  for (let n = 0; n < limit; n++) for (let j = 0; j < m; j++) counts[n] = (counts[n] ?? 0) + (state[n * m + j] ?? 0);
  return counts;
}

/** One step further: x'[n] = Σ_l x[n-l] A[l]. */
function advance(state: Float64Array, step: readonly Float64Array[], m: number, limit: number): Float64Array {
  const next = new Float64Array(limit * m);
  for (let n = 0; n < limit; n++) {
    for (let i = 0; i < m; i++) {
      const mass = state[n * m + i] ?? 0;
      const row = step[i];
      if (mass < 1e-300 || row === undefined) continue;
      const offset = n * m;
      const end = limit * m - offset;
      for (let at = 0; at < end; at++) next[offset + at] = (next[offset + at] ?? 0) + mass * (row[at] ?? 0);
    }
  }
  return next;
}

/**
 * Counts at every multiple of `stepS` from 0 up to `steps` of them.
 * @param limit counts from 0 to limit - 1 are kept
 */
export function countTable(map: ArrivalMap, limit: number, stepS: number, steps: number): CountTable {
  const m = map.d0.length;
  const step = transitions(map, stepS, limit);
  const byPhase = map.d0.map((_, start) => {
    let state = new Float64Array(limit * m);
    state[start] = 1;
    const rows = [summed(state, m, limit)];
    for (let s = 1; s <= steps; s++) {
      state = new Float64Array(advance(state, step, m, limit));
      rows.push(summed(state, m, limit));
    }
    return rows;
  });
  return { timesS: Array.from({ length: steps + 1 }, (_, s) => s * stepS), limit, byPhase };
}

/** P(N(t) = n | phase i at 0) at one time, shape [phases][limit]. */
export function countsAt(map: ArrivalMap, limit: number, timeS: number): Float64Array[] {
  return transitions(map, timeS, limit).map((state) => summed(state, map.d0.length, limit));
}

/**
 * Phase in which a batch opens: the phases of arrivals, each over the size of the batches it makes, because a phase
 * of many arrivals opens few batches. Shape [phases], summing to 1.
 */
export function openingPhases(map: ArrivalMap, maxBatch: number, delayS: number): number[] {
  const stationary = stationaryDistribution(mapGenerator(map));
  const rates = phaseRates(map);
  const weights = stationary.map((_, j) => {
    const flow = map.d1.reduce((sum, row, i) => sum + (stationary[i] ?? 0) * (row[j] ?? 0), 0);
    return flow / Math.min(maxBatch, 1 + (rates[j] ?? 0) * delayS);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return total > 0 ? weights.map((weight) => weight / total) : stationary;
}

/** The process with its rates scaled so that its mean rate is the load's. */
export function loadMap(load: Load): ArrivalMap | null {
  const { map, rateRps } = load;
  if (map === undefined) return null;
  const mean = mapRateRps(map);
  if (!(mean > 0) || Math.abs(mean / rateRps - 1) < 1e-9) return map;
  const factor = rateRps / mean;
  const d1 = map.d1.map((row) => row.map((value) => value * factor));
  const d0 = map.d0.map((row, i) => {
    const change = (map.d1[i] ?? []).reduce((sum, value) => sum + value, 0) * (1 - factor);
    return row.map((value, j) => (i === j ? value + change : value));
  });
  return { d0, d1 };
}
