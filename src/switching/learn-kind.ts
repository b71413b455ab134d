// Rules for one kind of machine from a recorded load: its layers, its switching costs, and two rounds of policy iteration.

import type { Random } from "../core/index.ts";
import type { Calendars } from "./calendar.ts";
import type { LearntRules } from "./choice.ts";
import { SLOT_S } from "./features.ts";
import { type MachinePrice, machineLayers } from "./layers.ts";
import { type Moments, momentsOf } from "./moments.ts";
import type { CallBehaviour } from "./overflow.ts";
import { ITERATION, type IterationSettings, learnSwitching } from "./policy-iteration.ts";
import type { RecordedLoad } from "./recorded-load.ts";

/** What learning is made with. */
export interface LearnOptions {
  readonly calls: CallBehaviour;
  /** Slots between decisions. */
  readonly decideEvery: number;
  readonly settings?: IterationSettings;
}

/** Peak that layers reach up to: the highest mean rate of a slot. */
function peakRps({ rateRps }: Moments): number {
  return rateRps.reduce((peak, rate) => Math.max(peak, rate), 0);
}

/** Launch delay of a kind in slots, at least one. */
export function launchSlotsOf({ launchS }: MachinePrice): number {
  return Math.max(1, Math.round(launchS / SLOT_S));
}

/** Rules for one kind of machine from a recorded load. @param calendars null for rules that read none */
export function learnKind(
  load: RecordedLoad,
  kind: MachinePrice,
  calendars: Calendars | null,
  random: Random,
  { calls, decideEvery, settings = ITERATION }: LearnOptions,
): LearntRules {
  const costs = {
    launchSlots: launchSlotsOf(kind),
    launchBilled: kind.launchBilled,
    lossPerSlot: Math.min(1, kind.lossesPerS * SLOT_S),
  };
  const moments = momentsOf(load, calendars?.others ?? null);
  const layers = machineLayers(load, peakRps(moments), kind, calls);
  const rules = learnSwitching(moments, layers, costs, decideEvery, random, settings);
  return { rules, calendar: calendars?.all ?? null };
}
