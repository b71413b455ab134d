// A recorded past against which choices are replayed, its features computed once.

import type { Random } from "../core/index.ts";
import type { Calendar } from "./calendar.ts";
import { type Choice, countRule, type FleetKind, reservedCount, usedBy } from "./choice.ts";
import { type CountRule, type ReplayResult, replayFluid } from "./fluid-replay.ts";
import { type Moments, momentsOf } from "./moments.ts";
import type { CallBehaviour } from "./overflow.ts";
import type { RecordedLoad } from "./recorded-load.ts";

/** Slots of a past, and the first of them that counts. */
export interface Stretch {
  readonly from: number;
  readonly scoreFrom: number;
  readonly to: number;
}

/** A recorded load with what decides what it would have cost. */
export class Past {
  readonly load: RecordedLoad;
  readonly calls: CallBehaviour;
  /** Slots between decisions. */
  readonly decideEvery: number;
  readonly #moments = new Map<Calendar | null, Moments>();

  constructor(load: RecordedLoad, calls: CallBehaviour, decideEvery: number) {
    this.load = load;
    this.calls = calls;
    this.decideEvery = decideEvery;
  }

  /** Features with what a calendar tells, or without. */
  moments(calendar: Calendar | null): Moments {
    const known = this.#moments.get(calendar);
    if (known !== undefined) return known;
    const moments = momentsOf(this.load, calendar === null ? null : () => calendar);
    this.#moments.set(calendar, moments);
    return moments;
  }

  /** A choice as a rule that decides at the loop's pace, and the machines it begins with. */
  ruleOf(choice: Choice, kind: FleetKind, from: number): { readonly rule: CountRule; readonly first: number } {
    const moments = this.moments(choice.rule === "learnt" ? choice.calendar : null);
    const decided = countRule(choice, kind, moments);
    const reserved = (slot: number): number => reservedCount(choice, kind, moments.halfHourRps[slot] ?? 0, this.calls);
    const rule: CountRule = (slot, ready, booting) =>
      (slot + 1) % this.decideEvery === 0
        ? Math.max(reserved(slot), Math.min(kind.most, decided(slot, ready, booting)))
        : ready + booting;
    const needed = Math.max(reserved(from), Math.ceil((moments.rateRps[from] ?? 0) / kind.capacityRps));
    return { rule, first: choice.rule === "static" ? choice.count : Math.min(kind.most, needed) };
  }

  /** What a choice would have come to over a stretch. @param chance decides when machines are lost */
  replay(choice: Choice, kind: FleetKind, stretch: Stretch, chance?: Random): ReplayResult {
    const { from, scoreFrom, to } = stretch;
    const { rule, first } = this.ruleOf(choice, kind, from);
    const { counts, startS } = this.load;
    return replayFluid({ slots: to, counts, startS }, usedBy(kind, choice), this.calls, rule, {
      from,
      scoreFrom,
      first,
      chance,
    });
  }
}

/** All of a load from a slot on. */
export function stretchFrom(load: RecordedLoad, from = 0): Stretch {
  return { from, scoreFrom: from, to: load.slots };
}
