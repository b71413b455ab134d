// The kinds of events of the simulation, and how one is written as a small integer.

/** A machine has served a batch; the number is the batch's row. */
export const BATCH_END = 0;
/** A function call has ended; the number is the batch's row. */
export const CALL_END = 1;
/** A launch ends, well or not; the number of this and the next four is the machine's. */
export const LAUNCH_END = 2;
/** A machine comes back from a restart. */
export const RESTART_END = 3;
/** The provider announces that it takes a spot machine back. */
export const SPOT_NOTICE = 4;
/** The provider takes a spot machine back. */
export const SPOT_LOSS = 5;
/** A machine crashes. */
export const CRASH = 6;
/** Machines wanted and had are compared again. */
export const RECONCILE = 7;
/** A zone fails as a whole; the number is the zone's. */
export const ZONE_DOWN = 8;
/** A zone is repaired. */
export const ZONE_UP = 9;
/** A changed knob takes effect. */
export const KNOB = 10;
/** Scoring begins or stops. */
export const SCORE_EDGE = 11;
/** The capacity of a spot market changes; the number is the pool's. */
export const CAPACITY = 12;

const KIND_BITS = 4;

/** An event's data from its kind and the number of what it concerns. */
export function eventOf(kind: number, number: number): number {
  return (number << KIND_BITS) | kind;
}

/** Kind of an event. */
export function kindOf(data: number): number {
  return data & ((1 << KIND_BITS) - 1);
}

/** What an event concerns. */
export function numberOf(data: number): number {
  return data >> KIND_BITS;
}
