// Drift: has the cluster become slower than what was learnt of it?
//
// x_t = log(measured / expected latency);  m_t = Σ (x_i - x̄_i - δ),  alarm when m_t - min m > λ
// Source: E. S. Page, "Continuous inspection schemes", Biometrika 1954; D. V. Hinkley 1971 (Page-Hinkley test).
// δ = 0.1 ignores errors of 10 %; λ = 3 is reached by a doubling (log 2 = 0.69) after about six windows.

import { z } from "zod";

const TOLERANCE = 0.1;
const THRESHOLD = 3;

/** One surprise counts for no more than a factor e². */
const CLIP = 2;

/** The state of the test; plain data. */
export interface Drift {
  readonly windows: number;
  readonly mean: number;
  readonly sum: number;
  readonly lowest: number;
}

/** The state as it is kept in a checkpoint. */
export const driftSchema: z.ZodType<Drift> = z.strictObject({
  windows: z.number(),
  mean: z.number(),
  sum: z.number(),
  lowest: z.number(),
});

/** Before the first window. */
export const noDrift: Drift = { windows: 0, mean: 0, sum: 0, lowest: 0 };

/** The test after one more window. Windows without a latency leave it as it is. */
export function nextDrift(drift: Drift, measuredMs: number | null, expectedMs: number): Drift {
  if (measuredMs === null || !(measuredMs > 0) || !(expectedMs > 0) || !Number.isFinite(expectedMs)) return drift;
  const x = Math.max(-CLIP, Math.min(CLIP, Math.log(measuredMs / expectedMs)));
  const windows = drift.windows + 1;
  const mean = drift.mean + (x - drift.mean) / windows;
  const sum = drift.sum + x - mean - TOLERANCE;
  return { windows, mean, sum, lowest: Math.min(drift.lowest, sum) };
}

/** Why the cluster is thought to have drifted, or null. */
export function drifted(drift: Drift): string | null {
  const excess = drift.sum - drift.lowest;
  return excess > THRESHOLD ? `latency drifted above expectation (${excess.toFixed(1)} > ${THRESHOLD})` : null;
}
