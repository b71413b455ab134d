// The moments of a recorded load as a learner sees them: features, reference rates and slot rates, in plain arrays.

import { FeatureStream, MOMENT_FEATURES, SLOT_S } from "./features.ts";
import type { RecordedLoad } from "./rate-memory.ts";

/** Row-major features with one more column for the level. */
export const ROW_FEATURES = MOMENT_FEATURES + 1;

/** A recorded load, slot by slot; what a rule decides at the end of slot s is in row s. */
export interface Moments {
  readonly slots: number;
  /** Shape [slots, ROW_FEATURES]; the last column is for the level. */
  readonly rows: Float64Array;
  /** Shape [slots]. */
  readonly referenceRps: Float64Array;
  readonly rateRps: Float64Array;
}

/** Computes the features of every slot, each from the slots up to it. */
export function momentsOf(load: RecordedLoad): Moments {
  const { slots, counts } = load;
  const stream = new FeatureStream();
  const rows = new Float64Array(slots * ROW_FEATURES);
  const referenceRps = new Float64Array(slots);
  const rateRps = new Float64Array(slots);
  for (let slot = 0; slot < slots; slot++) {
    let sum = 0;
    for (let second = 0; second < SLOT_S; second++) sum += counts[slot * SLOT_S + second] ?? 0;
    rateRps[slot] = sum / SLOT_S;
    stream.push(sum / SLOT_S);
    stream.write(rows, slot * ROW_FEATURES);
    referenceRps[slot] = stream.referenceRps;
  }
  return { slots, rows, referenceRps, rateRps };
}
