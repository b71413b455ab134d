// The night's work: learn on the first part of the past, replay the rest, and let the cheapest rule that passes act.
//
// fit on the first 70 %;  replay the last 30 % with learnt rules at margins {0, 20, 50}, mixed at holds {30, 120, 300} s
// and the best fixed count of the first part;  the cheapest that passes every hour acts;  learnt rules are fit again on all
// Source: fleet-switching.md, GUARD. Differs: where nothing passes, the cheapest of those that miss fewest hours acts;
//   several kinds of machine are compared in the same replay.

import type { Random } from "../core/index.ts";
import { machinesWanted } from "./decide.ts";
import { SLOT_S } from "./features.ts";
import { bestFixedCount, type CallBehaviour, mixedCounts, type ReplayResult, replayFluid } from "./fluid-replay.ts";
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

interface Entry {
  readonly contender: Contender;
  readonly choice: (rules: () => SwitchingRules) => Choice;
}

/** The replays of one kind of machine. */
function contend(
  load: RecordedLoad,
  moments: Moments,
  from: number,
  kind: FleetKind,
  calls: CallBehaviour,
  decideEvery: number,
  rules: SwitchingRules,
): Entry[] {
  const start = Math.min(kind.most, Math.ceil((moments.rateRps[from] ?? 0) / kind.capacityRps));
  const row = new Float64Array(ROW_FEATURES);
  const replay = (
    label: string,
    rule: (slot: number, ready: number, booting: number) => number,
    at = start,
  ): Contender => {
    const held = (slot: number, ready: number, booting: number): number =>
      (slot + 1) % decideEvery === 0 ? Math.min(kind.most, rule(slot, ready, booting)) : ready + booting;
    return { kind: kind.name, label, ...replayFluid(load, from, at, kind, calls, held) };
  };
  const ruled = { capacityRps: kind.capacityRps, rules, most: kind.most };
  const learnt = MARGINS.map((margin): Entry => {
    const rule = (slot: number, ready: number, booting: number): number => {
      row.set(moments.rows.subarray(slot * ROW_FEATURES, (slot + 1) * ROW_FEATURES));
      return machinesWanted(ruled, { ready, booting }, row, moments.referenceRps[slot] ?? 1, margin);
    };
    return {
      contender: replay(`learnt, margin ${margin} s`, rule),
      choice: (all) => ({ kind: kind.name, rule: "learnt", margin, rules: all() }),
    };
  });
  const mixed = HOLDS_S.map(
    (holdS): Entry => ({
      contender: replay(`mixed, hold ${holdS} s`, mixedCounts(moments.rateRps, kind.capacityRps, holdS)),
      choice: () => ({ kind: kind.name, rule: "mixed", holdS }),
    }),
  );
  const count = bestFixedCount(load, from, kind, kind.most);
  const fixed: Entry = {
    contender: replay(`${count} machines`, () => count, count),
    choice: () => ({ kind: kind.name, rule: "static", count: bestFixedCount(load, load.slots, kind, kind.most) }),
  };
  return [...learnt, ...mixed, fixed];
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
  settings: IterationSettings = ITERATION,
): Night {
  const moments = momentsOf(load);
  const from = Math.floor(LEARN_SHARE * load.slots);
  const early = first(load, from);
  const earlyMoments = firstMoments(moments, from);
  const entries = kinds.flatMap((kind) => {
    const rules = learnKind(early, earlyMoments, kind, decideEvery, random.split(`fit ${kind.name}`), settings);
    return contend(load, moments, from, kind, calls, decideEvery, rules);
  });
  const [one, ...others] = entries;
  if (one === undefined) throw new RangeError("night: expected at least one kind of machine, found none");
  const better = (a: Contender, b: Contender): boolean =>
    a.hoursMissed < b.hoursMissed || (a.hoursMissed === b.hoursMissed && a.usd < b.usd);
  const best = others.reduce((least, entry) => (better(entry.contender, least.contender) ? entry : least), one);
  const kind = kinds.find(({ name }) => name === best.contender.kind);
  const refit = (): SwitchingRules => {
    if (kind === undefined) throw new RangeError(`night: expected a kind named ${best.contender.kind}, found none`);
    return learnKind(load, moments, kind, decideEvery, random.split(`refit ${kind.name}`), settings);
  };
  return { choice: best.choice(refit), contenders: entries.map(({ contender }) => contender) };
}
