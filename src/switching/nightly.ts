// The night's work: learn on the first part of the past, replay the rest, and let the cheapest rule that passes act.
//
// fit on the first 70 %;  replay the last 30 % with learnt rules at margins {0, 20, 50}, mixed at holds {30, 120, 300} s
// and the best fixed count of the first part;  the cheapest that passes every hour acts;  learnt rules are fit again on all
// monitor: learnt rules that cost over 1.05 of mixed (hold 120 s) on the day since they were made sit the next one out
// Source: fleet-switching.md, GUARD. Differs: where nothing passes, the cheapest of those that miss fewest hours acts;
//   several kinds of machine are compared in the same replay; the monitor replays both sides, and once a night.

import type { Random } from "../core/index.ts";
import { machinesWanted } from "./decide.ts";
import { SLOT_S } from "./features.ts";
import {
  bestFixedCount,
  type CallBehaviour,
  type CountRule,
  mixedCounts,
  type ReplayResult,
  replayFluid,
} from "./fluid-replay.ts";
import { type MachinePrice, machineLayers } from "./layers.ts";
import { type Moments, momentsOf, ROW_FEATURES } from "./moments.ts";
import { ITERATION, type IterationSettings, learnSwitching, type SwitchingRules } from "./policy-iteration.ts";
import type { RecordedLoad } from "./rate-memory.ts";

/** A kind of machine the fleet may be built from. */
export interface FleetKind extends MachinePrice {
  /** As the agent knows it. */
  readonly name: string;
  /** Most that may run. */
  readonly most: number;
}

/** What acts until the next night. */
export type Choice =
  | { readonly kind: string; readonly rule: "learnt"; readonly margin: number; readonly rules: SwitchingRules }
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

function first(load: RecordedLoad, slots: number): RecordedLoad {
  return { slots, counts: load.counts.subarray(0, slots * SLOT_S) };
}

function firstMoments(moments: Moments, slots: number): Moments {
  return {
    slots,
    rows: moments.rows.subarray(0, slots * ROW_FEATURES),
    referenceRps: moments.referenceRps.subarray(0, slots),
    rateRps: moments.rateRps.subarray(0, slots),
  };
}

/** Rules for one kind of machine from a recorded load. @param decideEvery slots between decisions */
export function learnKind(
  load: RecordedLoad,
  moments: Moments,
  kind: MachinePrice,
  decideEvery: number,
  random: Random,
  settings: IterationSettings = ITERATION,
): SwitchingRules {
  const costs = {
    launchSlots: Math.max(1, Math.round(kind.launchS / SLOT_S)),
    launchBilled: kind.launchBilled,
    lossPerSlot: Math.min(1, kind.lossesPerS * SLOT_S),
  };
  const layers = machineLayers(load, peakRps(moments), kind);
  return learnSwitching(moments, layers, costs, decideEvery, random, settings);
}

/** A choice as a rule over the slots of a load. */
function ruleOf(choice: Choice, kind: FleetKind, moments: Moments): CountRule {
  if (choice.rule === "static") return () => choice.count;
  if (choice.rule === "mixed") return mixedCounts(moments.rateRps, kind.capacityRps, choice.holdS);
  const ruled = { capacityRps: kind.capacityRps, rules: choice.rules, most: kind.most };
  const row = new Float64Array(ROW_FEATURES);
  return (slot, ready, booting) => {
    row.set(moments.rows.subarray(slot * ROW_FEATURES, (slot + 1) * ROW_FEATURES));
    return machinesWanted(ruled, { ready, booting }, row, moments.referenceRps[slot] ?? 1, choice.margin);
  };
}

function labelOf(choice: Choice): string {
  if (choice.rule === "learnt") return `learnt, margin ${choice.margin} s`;
  return choice.rule === "mixed" ? `mixed, hold ${choice.holdS} s` : `${choice.count} machines`;
}

/** What the night replays against. */
interface Past {
  readonly load: RecordedLoad;
  readonly moments: Moments;
  readonly calls: CallBehaviour;
  readonly decideEvery: number;
}

/** A choice over the slots from `from` on, decisions at the loop's pace. */
function replay(past: Past, from: number, kind: FleetKind, choice: Choice): ReplayResult {
  const { load, moments, calls, decideEvery } = past;
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
  const past = { load, moments: momentsOf(load), calls, decideEvery };
  const mixed = replay(past, 0, kind, { kind: kind.name, rule: "mixed", holdS: REFERENCE_HOLD_S });
  return replay(past, 0, kind, choice).usd > TRUSTED_RATIO * mixed.usd;
}

/** What the night can be told to do otherwise. */
export interface NightOptions {
  readonly settings?: IterationSettings;
  /** False leaves learnt rules out, after a day on which they fell behind. */
  readonly trusted?: boolean;
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
  { settings = ITERATION, trusted = true }: NightOptions = {},
): Night {
  const past = { load, moments: momentsOf(load), calls, decideEvery };
  const from = Math.floor(LEARN_SHARE * load.slots);
  const early = first(load, from);
  const earlyMoments = firstMoments(past.moments, from);
  const learn = (kind: FleetKind): Choice[] => {
    const rules = learnKind(early, earlyMoments, kind, decideEvery, random.split(`fit ${kind.name}`), settings);
    return MARGINS.map((margin) => ({ kind: kind.name, rule: "learnt", margin, rules }));
  };
  const entries = kinds.flatMap((kind) => {
    const mixed = HOLDS_S.map((holdS): Choice => ({ kind: kind.name, rule: "mixed", holdS }));
    const fixed: Choice = { kind: kind.name, rule: "static", count: bestFixedCount(load, from, kind, kind.most) };
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
    if (choice.rule === "static") return { ...choice, count: bestFixedCount(load, load.slots, kind, kind.most) };
    const refit = random.split(`refit ${kind.name}`);
    return { ...choice, rules: learnKind(load, past.moments, kind, decideEvery, refit, settings) };
  }
}
