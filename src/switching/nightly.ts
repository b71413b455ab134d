// The night's work: learn on the first part of the past, replay the rest, and let the cheapest rule that passes act.
//
// fit on the first 70 %, with and without a calendar;  replay the last 30 % with learnt rules at margins {0, 20, 50},
// mixed at holds {30, 120, 300} s and the best fixed count of the first part;  the cheapest that passes every hour acts;
// learnt rules are fit again on all
// monitor: learnt rules that cost over 1.05 of mixed (hold 120 s) on the day since they were made sit the next one out
// Source: fleet-switching.md, GUARD. Differs: where nothing passes, the cheapest of those that miss fewest hours acts;
//   several kinds of machine are compared in the same replay; the monitor replays both sides, and once a night.

import type { Random } from "../core/index.ts";
import { type Calendar, type Calendars, calendarsOf } from "./calendar.ts";
import { machinesWanted } from "./decide.ts";
import { SLOT_S } from "./features.ts";
import { bestFixedCount, type CountRule, mixedCounts, type ReplayResult, replayFluid } from "./fluid-replay.ts";
import { type MachinePrice, machineLayers } from "./layers.ts";
import { type Moments, momentsOf } from "./moments.ts";
import type { CallBehaviour } from "./overflow.ts";
import { ITERATION, type IterationSettings, learnSwitching, type SwitchingRules } from "./policy-iteration.ts";
import { cutLoad, type RecordedLoad } from "./recorded-load.ts";

/** A kind of machine the fleet may be built from. */
export interface FleetKind extends MachinePrice {
  /** As the agent knows it. */
  readonly name: string;
  /** Most that may run. */
  readonly most: number;
}

/** Rules learnt for a kind of machine. */
export interface LearntRules {
  readonly rules: SwitchingRules;
  /** What the rules read beside the load's own features; null for nothing. */
  readonly calendar: Calendar | null;
}

/** What acts until the next night. */
export type Choice =
  | ({ readonly kind: string; readonly rule: "learnt"; readonly margin: number } & LearntRules)
  | { readonly kind: string; readonly rule: "mixed"; readonly holdS: number }
  | { readonly kind: string; readonly rule: "static"; readonly count: number };

/** One contender's replay. */
export interface Contender extends ReplayResult {
  readonly kind: string;
  readonly label: string;
}

/** The night's outcome. */
export interface Night {
  readonly choice: Choice;
  readonly contenders: readonly Contender[];
}

/** Share of the past that is learnt from before the rest is replayed. */
const LEARN_SHARE = 0.7;
const MARGINS = [0, 20, 50];
const HOLDS_S = [30, 120, 300];

/** Peak that layers reach up to: the highest mean rate of a slot. */
function peakRps({ rateRps }: Moments): number {
  return rateRps.reduce((peak, rate) => Math.max(peak, rate), 0);
}

function launchSlots(kind: MachinePrice): number {
  return Math.max(1, Math.round(kind.launchS / SLOT_S));
}

/** What learning is made with. */
export interface LearnOptions {
  readonly calls: CallBehaviour;
  /** Slots between decisions. */
  readonly decideEvery: number;
  readonly settings?: IterationSettings;
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
    launchSlots: launchSlots(kind),
    launchBilled: kind.launchBilled,
    lossPerSlot: Math.min(1, kind.lossesPerS * SLOT_S),
  };
  const moments = momentsOf(load, calendars?.others ?? null);
  const layers = machineLayers(load, peakRps(moments), kind, calls);
  const rules = learnSwitching(moments, layers, costs, decideEvery, random, settings);
  return { rules, calendar: calendars?.all ?? null };
}

/** A choice as a rule over the slots of a load. */
function ruleOf(choice: Choice, kind: FleetKind, moments: Moments): CountRule {
  if (choice.rule === "static") return () => choice.count;
  if (choice.rule === "mixed") return mixedCounts(moments.rateRps, kind.capacityRps, choice.holdS);
  const ruled = { capacityRps: kind.capacityRps, rules: choice.rules, most: kind.most };
  const row = new Float64Array(moments.width);
  return (slot, ready, booting) => {
    row.set(moments.rows.subarray(slot * moments.width, (slot + 1) * moments.width));
    return machinesWanted(ruled, { ready, booting }, row, moments.referenceRps[slot] ?? 1, choice.margin);
  };
}

function labelOf(choice: Choice): string {
  if (choice.rule === "mixed") return `mixed, hold ${choice.holdS} s`;
  if (choice.rule === "static") return `${choice.count} machines`;
  return `learnt${choice.calendar === null ? "" : " with calendar"}, margin ${choice.margin} s`;
}

/** What the night replays against. */
interface Past {
  readonly load: RecordedLoad;
  readonly calls: CallBehaviour;
  readonly decideEvery: number;
  /** Features without and with a calendar, computed once each. */
  readonly momentsFor: (calendar: Calendar | null) => Moments;
}

function pastOf(load: RecordedLoad, calls: CallBehaviour, decideEvery: number): Past {
  const known = new Map<Calendar | null, Moments>();
  const momentsFor = (calendar: Calendar | null): Moments => {
    const found = known.get(calendar) ?? momentsOf(load, calendar === null ? null : () => calendar);
    known.set(calendar, found);
    return found;
  };
  return { load, calls, decideEvery, momentsFor };
}

/** A choice over the slots from `from` on, decisions at the loop's pace. */
function replay(past: Past, from: number, kind: FleetKind, choice: Choice): ReplayResult {
  const { load, calls, decideEvery } = past;
  const moments = past.momentsFor(choice.rule === "learnt" ? choice.calendar : null);
  const rule = ruleOf(choice, kind, moments);
  const needed = Math.ceil((moments.rateRps[from] ?? 0) / kind.capacityRps);
  const start = choice.rule === "static" ? choice.count : Math.min(kind.most, needed);
  return replayFluid(load, from, start, kind, calls, (slot, ready, booting) =>
    (slot + 1) % decideEvery === 0 ? Math.min(kind.most, rule(slot, ready, booting)) : ready + booting,
  );
}

/** Cost over that of mixed beyond which rules that acted are no longer trusted. */
const TRUSTED_RATIO = 1.05;
const REFERENCE_HOLD_S = 120;

/**
 * Whether a choice would have cost more than 1.05 times what mixed would, on load it had not seen when it was made.
 * @param load since the choice was made @param decideEvery slots between decisions
 */
export function fellBehind(
  load: RecordedLoad,
  kind: FleetKind,
  choice: Choice,
  calls: CallBehaviour,
  decideEvery: number,
): boolean {
  const past = pastOf(load, calls, decideEvery);
  const mixed = replay(past, 0, kind, { kind: kind.name, rule: "mixed", holdS: REFERENCE_HOLD_S });
  return replay(past, 0, kind, choice).usd > TRUSTED_RATIO * mixed.usd;
}

/** What the night can be told to do otherwise. */
export interface NightOptions {
  readonly settings?: IterationSettings;
  /** False leaves learnt rules out, after a day on which they fell behind. */
  readonly trusted?: boolean;
  /** False leaves rules with a calendar out. */
  readonly calendar?: boolean;
}

/**
 * Learns, replays and chooses.
 * @param kinds at least one @param decideEvery slots between decisions
 * @throws {RangeError} when there is no kind of machine
 */
export function learnOvernight(
  load: RecordedLoad,
  kinds: readonly FleetKind[],
  calls: CallBehaviour,
  decideEvery: number,
  random: Random,
  { settings = ITERATION, trusted = true, calendar = true }: NightOptions = {},
): Night {
  const past = pastOf(load, calls, decideEvery);
  const from = Math.floor(LEARN_SHARE * load.slots);
  const early = cutLoad(load, 0, from);
  const options = { calls, decideEvery, settings };
  const calendars = (of: RecordedLoad, kind: FleetKind): Calendars | null =>
    calendar ? calendarsOf(of, launchSlots(kind)) : null;
  const learn = (kind: FleetKind): Choice[] => {
    const known = calendars(early, kind);
    return (known === null ? [null] : [null, known]).flatMap((read) => {
      const label = `fit ${kind.name}${read === null ? "" : " with calendar"}`;
      const learnt = learnKind(early, kind, read, random.split(label), options);
      return MARGINS.map((margin): Choice => ({ kind: kind.name, rule: "learnt", margin, ...learnt }));
    });
  };
  const entries = kinds.flatMap((kind) => {
    const mixed = HOLDS_S.map((holdS): Choice => ({ kind: kind.name, rule: "mixed", holdS }));
    const fixed: Choice = { kind: kind.name, rule: "static", count: bestFixedCount(early, kind, calls, kind.most) };
    return [...(trusted ? learn(kind) : []), ...mixed, fixed].map((choice) => ({
      kind,
      choice,
      contender: { kind: kind.name, label: labelOf(choice), ...replay(past, from, kind, choice) },
    }));
  });
  const [one, ...others] = entries;
  if (one === undefined) throw new RangeError("night: expected at least one kind of machine, found none");
  const better = (a: Contender, b: Contender): boolean =>
    a.hoursMissed < b.hoursMissed || (a.hoursMissed === b.hoursMissed && a.usd < b.usd);
  const best = others.reduce((least, entry) => (better(entry.contender, least.contender) ? entry : least), one);
  return { choice: again(best.choice, best.kind), contenders: entries.map(({ contender }) => contender) };

  /** The choice made from all of the past. */
  function again(choice: Choice, kind: FleetKind): Choice {
    if (choice.rule === "mixed") return choice;
    if (choice.rule === "static") return { ...choice, count: bestFixedCount(load, kind, calls, kind.most) };
    const read = choice.calendar === null ? null : calendars(load, kind);
    return { ...choice, ...learnKind(load, kind, read, random.split(`refit ${kind.name}`), options) };
  }
}
