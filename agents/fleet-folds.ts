// The parts of a past that a night replays, what rules for each are learnt from, and the stretches of them it simulates.
//
// three days or more   the last 30 %, by rules learnt from the first 70 %
// less                 each third, by rules learnt from the other two
// Source: fleet-switching.md, GUARD. Differs: of a short past nothing is left unreplayed.

import { cutLoad, joinLoads, type RecordedLoad, SLOT_S, type Stretch, stretchFrom } from "../src/switching/index.ts";

const LEARN_SHARE = 0.7;
const SHORT_SLOTS = (3 * 86_400) / SLOT_S;
const THIRDS = 3;
/** Stretches simulated, the time each settles, the least that is scored, and the requests simulated of one choice. */
const STRETCHES = 6;
const SETTLE_SLOTS = 600 / SLOT_S;
const LEAST_SLOTS = 600 / SLOT_S;
const SIMULATED_REQUESTS = 2_000_000;

/** A part of the past that is replayed, and what rules for it are learnt from. */
export interface Fold {
  readonly label: string;
  readonly learntFrom: RecordedLoad;
  readonly held: Stretch;
}

/** Whether a past is too short to leave most of it unreplayed. */
export function isShort({ slots }: RecordedLoad): boolean {
  return slots < SHORT_SLOTS;
}

/** The parts of a past. */
export function foldsOf(load: RecordedLoad): Fold[] {
  const at = (share: number): number => Math.floor(share * load.slots);
  if (!isShort(load)) {
    const from = at(LEARN_SHARE);
    return [{ label: "fit", learntFrom: cutLoad(load, 0, from), held: stretchFrom(load, from) }];
  }
  return Array.from({ length: THIRDS }, (_, third) => {
    const from = at(third / THIRDS);
    const to = at((third + 1) / THIRDS);
    const rest = joinLoads(cutLoad(load, 0, from), cutLoad(load, to, load.slots));
    return { label: `fit ${third}`, learntFrom: rest, held: { from, scoreFrom: from, to } };
  });
}

/** Equal stretches over the replayed parts, as long as the requests they hold allow. */
export function stretchesOf(
  folds: readonly Fold[],
  { counts }: RecordedLoad,
): { readonly stretch: Stretch; readonly fold: number }[] {
  const perFold = Math.ceil(STRETCHES / folds.length);
  return folds.flatMap(({ held: { from, to } }, fold) => {
    const requests = counts.subarray(from * SLOT_S, to * SLOT_S).reduce((sum, count) => sum + count, 0);
    const perSlot = Math.max(1, requests / Math.max(1, to - from));
    const afford = Math.floor(SIMULATED_REQUESTS / STRETCHES / perSlot);
    const apart = Math.floor((to - from) / perFold);
    const length = Math.min(apart, Math.max(SETTLE_SLOTS + LEAST_SLOTS, afford));
    return Array.from({ length: perFold }, (_, i) => {
      const begin = from + i * apart;
      const scoreFrom = begin + Math.min(SETTLE_SLOTS, length >> 1);
      return { stretch: { from: begin, scoreFrom, to: begin + length }, fold };
    });
  });
}
