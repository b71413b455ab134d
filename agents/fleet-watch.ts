// A look back at what acted: whether it fell behind plain mixed, and how far its replay is off what was measured.
//
// behind     replayed cost > (1 + .05·√(24 h / t)) · that of mixed (hold 120 s), over the t since it was chosen, from two hours
//            on, unless mixed misses more hours of that time and of the last day
// far behind > (1 + .15·√(24 h / t)), from an hour on: the past it was learnt from is another regime's, and is left behind
// residual   ln(measured cost / replayed cost), from three hours on
// Source: fleet-switching.md, failure modes 1 and 2. Differs: both sides are replayed, so that only the rules are judged;
//   whatever acts is judged, fixed counts too; it is judged earlier, by more; the past of another regime is left behind.

import type { CallBehaviour } from "../src/switching/index.ts";
import { type Choice, Past, type RateMemory, SLOT_S, type Stretch, stretchFrom } from "../src/switching/index.ts";
import type { KindOfMachine } from "./fleet-kinds.ts";
import type { FleetPoint } from "./fleet-lattice.ts";

const HOUR_S = 3600;
const DAY_S = 86_400;
/** Hold of the mixed rule that rules are held against, and that acts where nothing better is known. */
const REFERENCE_HOLD_S = 120;
/** Least time over which rules are judged, how often, and what they may cost more over a day. */
const LEAST_JUDGED_S = 2 * HOUR_S;
export const JUDGED_EVERY_S = HOUR_S;
const BEHIND = 0.05;
/** What they cost more over a day where the past they were learnt from is another regime's. */
const FAR_BEHIND = 0.15;
/** Least time over which measured costs tell how far replays are off. */
const LEAST_MEASURED_S = 3 * HOUR_S;
/** Slots before a stretch that its features need. */
const BEFORE_SLOTS = HOUR_S / SLOT_S;

/** What a look back needs to know. */
export interface LookBack {
  readonly memory: RateMemory;
  readonly kind: KindOfMachine;
  readonly choice: Choice;
  readonly calls: CallBehaviour;
  readonly decideEvery: number;
  /** Time since the choice was made. */
  readonly sinceS: number;
}

/** The plain mixed rule on a kind of machine. */
export function mixedOn(kind: KindOfMachine): Choice {
  return { rule: "mixed", holdS: REFERENCE_HOLD_S, kind: kind.name, waitS: kind.waitS, reserve: 0, spotShare: 1 };
}

/** Where plain mixed stands on the lattice. */
export function mixedPoint(kind: KindOfMachine): FleetPoint {
  const { name, waitS } = kind;
  const plain = { margin: 0, reserve: 0, spotShare: 1 };
  return { kind: name, rule: "mixed", holdS: REFERENCE_HOLD_S, waitMs: 1000 * waitS, ...plain };
}

/** The last part of the past, and as much before it as its features need. @param forS how long the part is */
function lastPart(
  { memory, calls, decideEvery }: LookBack,
  forS: number,
): { readonly past: Past; readonly stretch: Stretch } {
  const slots = Math.round(forS / SLOT_S);
  const load = memory.recorded(slots + BEFORE_SLOTS);
  return { past: new Past(load, calls, decideEvery), stretch: stretchFrom(load, Math.max(0, load.slots - slots)) };
}

/** Whether mixed misses more hours than what acted, of the time since it was chosen and of the last day. */
function missesMore(back: LookBack): boolean {
  const { past, stretch } = lastPart(back, Math.max(DAY_S, back.sinceS));
  const missed = (choice: Choice): number => past.replay(choice, back.kind, stretch).hoursMissed;
  return missed(mixedOn(back.kind)) > missed(back.choice);
}

/** That what acted fell behind plain mixed. */
export interface FallenBehind {
  /** By how much, and over how long. */
  readonly text: string;
  /** Whether by so much that the past it was learnt from says nothing of the present. */
  readonly far: boolean;
}

/** What acted against plain mixed, where it cost too much; null where it did not. */
export function fellBehind(back: LookBack): FallenBehind | null {
  const { choice, kind, sinceS } = back;
  if (sinceS < JUDGED_EVERY_S) return null;
  const { past, stretch } = lastPart(back, sinceS);
  const acted = past.replay(choice, kind, stretch);
  const mixed = past.replay(mixedOn(kind), kind, stretch);
  const ratio = acted.usd / mixed.usd;
  const overDay = (ratio - 1) / Math.sqrt(DAY_S / sinceS);
  const far = overDay > FAR_BEHIND;
  if (!far && !(overDay > BEHIND && sinceS >= LEAST_JUDGED_S)) return null;
  if (missesMore(back)) return null;
  return { text: `${ratio.toFixed(2)} of mixed over ${(sinceS / HOUR_S).toFixed(0)} h`, far };
}

/** How far the replay of what acted is off the cost that was measured; null where too little was. */
export function measuredResidual(back: LookBack, measuredUsd: number): number | null {
  if (back.sinceS < LEAST_MEASURED_S || !(measuredUsd > 0)) return null;
  const { past, stretch } = lastPart(back, back.sinceS);
  const { usd } = past.replay(back.choice, back.kind, stretch);
  return usd > 0 ? Math.log(measuredUsd / usd) : null;
}
