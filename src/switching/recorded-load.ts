// A load as it was recorded: arrivals second by second in slots, missing data left out.

import { SLOT_S } from "./features.ts";

/** Arrivals of slots in ascending time; slots of missing data are left out. */
export interface RecordedLoad {
  readonly slots: number;
  /** Requests of each second, shape [slots × SLOT_S]. */
  readonly counts: Float32Array;
  /** Time at which each slot starts, shape [slots]. */
  readonly startS: Float64Array;
}

/** A load without gaps. @param counts requests of each second @param fromS when the first second starts */
export function unbrokenLoad(counts: Float32Array, fromS = 0): RecordedLoad {
  const slots = Math.floor(counts.length / SLOT_S);
  return { slots, counts, startS: Float64Array.from({ length: slots }, (_, slot) => fromS + slot * SLOT_S) };
}

/** The slots in [from, to). */
export function cutLoad({ counts, startS }: RecordedLoad, from: number, to: number): RecordedLoad {
  return { slots: to - from, counts: counts.subarray(from * SLOT_S, to * SLOT_S), startS: startS.subarray(from, to) };
}

/** One load after another. */
export function joinLoads(a: RecordedLoad, b: RecordedLoad): RecordedLoad {
  const counts = new Float32Array(a.counts.length + b.counts.length);
  counts.set(a.counts);
  counts.set(b.counts, a.counts.length);
  const startS = new Float64Array(a.slots + b.slots);
  startS.set(a.startS);
  startS.set(b.startS, a.slots);
  return { slots: a.slots + b.slots, counts, startS };
}
