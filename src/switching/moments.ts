// The moments of a recorded load as a learner sees them: features, reference rates and slot rates, in plain arrays.

import { type Calendar, calendarFeatureNames } from "./calendar.ts";
import { FeatureStream, LEVEL_FEATURE_NAME, MOMENT_FEATURES, momentFeatureNames, SLOT_S } from "./features.ts";
import type { RecordedLoad } from "./recorded-load.ts";

/** Names of a row's features, in order. @param calendar whether it has those of the calendar */
export function featureNames(calendar: boolean): readonly string[] {
  return [...momentFeatureNames, ...(calendar ? calendarFeatureNames : []), LEVEL_FEATURE_NAME];
}

/** A row for one moment, with room for the level in its last place. */
export function emptyRow(calendar: boolean): Float64Array {
  return new Float64Array(featureNames(calendar).length);
}

/** Writes a moment's features into a row; the level is left alone. */
export function writeMoment(
  row: Float64Array,
  offset: number,
  stream: FeatureStream,
  calendar: Calendar | null,
  timeS: number,
): void {
  stream.write(row, offset);
  calendar?.write(row, offset + MOMENT_FEATURES, timeS);
}

/** A recorded load, slot by slot; what a rule decides at the end of slot s is in row s. */
export interface Moments {
  readonly slots: number;
  /** Features of a row, the level's place included. */
  readonly width: number;
  /** Shape [slots, width]; the last column is for the level. */
  readonly rows: Float64Array;
  /** Shape [slots]. */
  readonly referenceRps: Float64Array;
  readonly rateRps: Float64Array;
  readonly halfHourRps: Float64Array;
}

/** Computes the features of every slot, each from the slots up to it. @param calendarAt for the end of a slot */
export function momentsOf(load: RecordedLoad, calendarAt: ((timeS: number) => Calendar) | null = null): Moments {
  const { slots, counts, startS } = load;
  const stream = new FeatureStream();
  const width = featureNames(calendarAt !== null).length;
  const rows = new Float64Array(slots * width);
  const referenceRps = new Float64Array(slots);
  const rateRps = new Float64Array(slots);
  const halfHourRps = new Float64Array(slots);
  for (let slot = 0; slot < slots; slot++) {
    let sum = 0;
    for (let second = 0; second < SLOT_S; second++) sum += counts[slot * SLOT_S + second] ?? 0;
    rateRps[slot] = sum / SLOT_S;
    stream.push(sum / SLOT_S);
    const fromS = startS[slot] ?? 0;
    writeMoment(rows, slot * width, stream, calendarAt?.(fromS) ?? null, fromS + SLOT_S);
    referenceRps[slot] = stream.referenceRps;
    halfHourRps[slot] = stream.halfHourRps;
  }
  return { slots, width, rows, referenceRps, rateRps, halfHourRps };
}

/** The slots in [from, to); features keep what came before. */
export function cutMoments(
  { width, rows, referenceRps, rateRps, halfHourRps }: Moments,
  from: number,
  to: number,
): Moments {
  return {
    slots: to - from,
    width,
    rows: rows.subarray(from * width, to * width),
    referenceRps: referenceRps.subarray(from, to),
    rateRps: rateRps.subarray(from, to),
    halfHourRps: halfHourRps.subarray(from, to),
  };
}
