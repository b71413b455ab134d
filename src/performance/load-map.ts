// The Markovian arrival process of a load, as a batch buffer sees it: counts within a time, by the phase at its start.
//
// P(N(t) = n | phase i at 0) = Σ_j C_n(t)[i][j]   (counts by uniformisation, src/queueing/map-counts.ts)
// opening phase:  g_j ~ (π D1)_j / min(B, 1 + r_j T),  r_j the arrival rate in phase j
// Source: A. Ali et al., "BATCH", SC 2020 (the buffer, levels = counts, and its start vector g).
// Differs: the start vector holds for any number of phases; levels below the batch limit do not depend on it, so one
//   table of counts serves every batch size and timeout.

import type { Load } from "../core/index.ts";
import { mapGenerator, mapRateRps, phaseRates, stationaryDistribution } from "../math/index.ts";
import { type CountMatrices, countMatrices } from "../queueing/index.ts";

/** A Markovian arrival process, as a load carries it. */
export type ArrivalMap = NonNullable<Load["map"]>;

/** Sums over the phase at the end, shape [phases][limit]. */
function byStart(matrices: CountMatrices, phases: number, limit: number): Float64Array[] {
  return Array.from({ length: phases }, (_, i) =>
    Float64Array.from({ length: limit }, (_, n) => {
      let sum = 0;
      for (let j = 0; j < phases; j++) sum += matrices[(n * phases + i) * phases + j] ?? 0;
      return sum;
    }),
  );
}

/** P(N(t) = n | phase i at 0) at the times 0, T/steps, …, T; shape [steps + 1][phases][limit]. */
export function countGrid(map: ArrivalMap, limit: number, totalS: number, steps: number): readonly Float64Array[][] {
  const phases = map.d0.length;
  return countMatrices(map, limit, totalS, steps).map((matrices) => byStart(matrices, phases, limit));
}

/** P(N(t) = n | phase i at 0) at one time, shape [phases][limit]. */
export function countsAt(map: ArrivalMap, limit: number, timeS: number): readonly Float64Array[] {
  return countGrid(map, limit, timeS, 1)[1] ?? [];
}

/** Phase in which a batch opens, shape [phases], summing to 1: a phase of many arrivals opens few batches. */
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

/** The process of a load, its arrivals scaled so that the mean rate is the load's; null where it has none. */
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
