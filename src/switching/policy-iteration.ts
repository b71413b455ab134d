// Layered optimal switching by fitted policy iteration: when a layer of the fleet is worth a launch, when it is worth keeping.
//
// demand does not depend on what we do, so a recorded load prices both actions at every layer and slot; backwards in time:
//   launch = -L·Δ + Jon[s+L];   wait = Joff[s+1];   keep = g[s+1] - Δ + (1-h) Jon[s+1] + h Joff[s+1];   drop = Joff[s+1]
//   Joff = policy launches ? launch : wait;   Jon = policy keeps ? keep : drop
// Up fits launch - wait, Keep fits keep - drop, on (features, level);  policy := launch iff Up > 0, keep iff Keep > 0
// policy 0: launch iff z < -.05; keep iff z < 0 within the last L slots
// Source: fleet-switching.md; policy iteration by regression on simulated returns: F. Longstaff, E. Schwartz, "Valuing
//   American options by simulation", RFS 2001, for two-state switching problems.
// Differs: a decision at the end of slot s is priced by the slots after it; decisions fall only every `decideEvery` slots,
//   between them a layer stays as it is; where launches are not billed, L·Δ is left out; the last hour is not learnt from.

import type { Random } from "../core/index.ts";
import { type BoostedTrees, fitBoostedTrees, TREES, type TreeSettings } from "./boosted-trees.ts";
import { levelFeature, SLOT_S } from "./features.ts";
import type { Layer } from "./layers.ts";
import type { Moments } from "./moments.ts";

/** What a layer's machine costs to switch, in slots and shares of its price. */
export interface SwitchingCosts {
  /** From order to ready, at least 1. */
  readonly launchSlots: number;
  readonly launchBilled: boolean;
  /** Chance of loss per slot. */
  readonly lossPerSlot: number;
}

/** How rules are learnt. */
export interface IterationSettings {
  readonly iterations: number;
  readonly rows: number;
  readonly trees: TreeSettings;
}

/** The setting of fleet-switching.md. */
export const ITERATION: IterationSettings = { iterations: 2, rows: 250_000, trees: TREES };

/** Two ensembles: what a launch gains over waiting, and keeping over dropping, in seconds of machine price. */
export interface SwitchingRules {
  readonly up: BoostedTrees;
  readonly keep: BoostedTrees;
}

const LAUNCH_BELOW = -0.05;
const LAST_HOUR_SLOTS = 3600 / SLOT_S;

/** Highest reference of the last `slots` slots, slot by slot. */
function recentPeak(reference: Float64Array, slots: number): Float64Array {
  return reference.map((_, slot) => {
    let peak = 0;
    for (let at = Math.max(0, slot - slots + 1); at <= slot; at++) peak = Math.max(peak, reference[at] ?? 0);
    return peak;
  });
}

class RowSample {
  readonly columns: Float64Array[];
  readonly up: Float64Array;
  readonly keep: Float64Array;
  #count = 0;

  /** @param width features of a row, the level last */
  constructor(capacity: number, width: number) {
    this.columns = Array.from({ length: width }, () => new Float64Array(capacity));
    this.up = new Float64Array(capacity);
    this.keep = new Float64Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  add(rows: Float64Array, offset: number, level: number, up: number, keep: number): void {
    const at = this.#count;
    if (at === this.up.length) return;
    const levelColumn = this.columns.length - 1;
    for (let feature = 0; feature <= levelColumn; feature++) {
      const column = this.columns[feature];
      if (column !== undefined) column[at] = feature === levelColumn ? level : (rows[offset + feature] ?? 0);
    }
    this.up[at] = up;
    this.keep[at] = keep;
    this.#count += 1;
  }

  fit(random: Random, trees: TreeSettings): SwitchingRules {
    const cut = (values: Float64Array): Float64Array => values.subarray(0, this.#count);
    const columns = this.columns.map(cut);
    return {
      up: fitBoostedTrees(columns, cut(this.up), random.split("up"), trees),
      keep: fitBoostedTrees(columns, cut(this.keep), random.split("keep"), trees),
    };
  }
}

/** Whether the policy launches (bit 1) and keeps (bit 2) each layer at the end of each slot; shape [layers][slots]. */
type Decisions = readonly Uint8Array[];

function firstDecisions(moments: Moments, launchSlots: number, layers: readonly Layer[], into: Decisions): void {
  const peak = recentPeak(moments.referenceRps, launchSlots);
  layers.forEach(({ levelRps }, l) => {
    const ofLayer = into[l];
    for (let slot = 0; slot < moments.slots && ofLayer !== undefined; slot++) {
      const launch = levelFeature(levelRps, moments.referenceRps[slot] ?? 1) < LAUNCH_BELOW;
      const keep = levelFeature(levelRps, peak[slot] ?? 1) < 0;
      ofLayer[slot] = (launch ? 1 : 0) | (keep ? 2 : 0);
    }
  });
}

/** What learnt rules decide for every layer at the end of every slot. */
function ruleDecisions(
  moments: Moments,
  layers: readonly Layer[],
  rules: SwitchingRules,
  decideEvery: number,
  into: Decisions,
): void {
  const { rows, referenceRps, slots, width } = moments;
  const levels = new Float64Array(layers.length);
  const up = new Float64Array(layers.length);
  const keep = new Float64Array(layers.length);
  for (let slot = decideEvery - 1; slot < slots; slot += decideEvery) {
    const offset = slot * width;
    for (let l = 0; l < levels.length; l++) levels[l] = levelFeature(layers[l]?.levelRps ?? 0, referenceRps[slot] ?? 1);
    rules.up.predictAlong(rows, offset, width - 1, levels, up);
    rules.keep.predictAlong(rows, offset, width - 1, levels, keep);
    for (let l = 0; l < levels.length; l++) {
      const ofLayer = into[l];
      if (ofLayer !== undefined) ofLayer[slot] = ((up[l] ?? 0) > 0 ? 1 : 0) | ((keep[l] ?? 0) > 0 ? 2 : 0);
    }
  }
}

/** One layer backwards in time. @param sample takes the rows that chance picks */
function backward(
  layer: Layer,
  moments: Moments,
  decisions: Uint8Array,
  costs: SwitchingCosts,
  decideEvery: number,
  sample: RowSample,
  share: number,
  random: Random,
): void {
  const { slots, rows, referenceRps, width } = moments;
  const { launchSlots, lossPerSlot } = costs;
  const bill = costs.launchBilled ? SLOT_S * launchSlots : 0;
  const on = new Float64Array(slots + launchSlots + 1);
  let off = 0;
  const learnUntil = slots - LAST_HOUR_SLOTS;
  for (let slot = slots - 2; slot >= 0; slot--) {
    const wait = off;
    const launch = on[slot + launchSlots] ?? 0;
    const next = (1 - lossPerSlot) * (on[slot + 1] ?? 0) + lossPerSlot * off;
    const keep = (layer.gains[slot + 1] ?? 0) - SLOT_S + next;
    if ((slot + 1) % decideEvery !== 0) {
      on[slot] = keep;
      continue;
    }
    const decision = decisions[slot] ?? 0;
    if (slot < learnUntil && random.next() < share) {
      const level = levelFeature(layer.levelRps, referenceRps[slot] ?? 1);
      sample.add(rows, slot * width, level, launch - bill - wait, keep - wait);
    }
    on[slot] = (decision & 2) !== 0 ? keep : wait;
    off = (decision & 1) !== 0 ? launch - bill : wait;
  }
}

/**
 * Learns when to launch and when to keep, from a recorded load.
 * @param layers of one kind of machine @param decideEvery slots between decisions
 */
export function learnSwitching(
  moments: Moments,
  layers: readonly Layer[],
  costs: SwitchingCosts,
  decideEvery: number,
  random: Random,
  settings: IterationSettings = ITERATION,
): SwitchingRules {
  const possible = (Math.max(0, moments.slots - LAST_HOUR_SLOTS) * layers.length) / decideEvery;
  const share = Math.min(1, settings.rows / Math.max(1, possible));
  const capacity = Math.ceil(Math.min(possible, settings.rows) * 1.02) + 1000;
  const decisions = layers.map(() => new Uint8Array(moments.slots));
  let rules: SwitchingRules | null = null;
  for (let iteration = 0; iteration < settings.iterations; iteration++) {
    const chance = random.split(`iteration ${iteration}`);
    const picks = chance.split("rows");
    const sample = new RowSample(capacity, moments.width);
    if (rules === null) firstDecisions(moments, costs.launchSlots, layers, decisions);
    else ruleDecisions(moments, layers, rules, decideEvery, decisions);
    layers.forEach((layer, l) => {
      const decided = decisions[l] ?? new Uint8Array();
      backward(layer, moments, decided, costs, decideEvery, sample, share, picks);
    });
    rules = sample.fit(chance, settings.trees);
  }
  return rules ?? new RowSample(0, moments.width).fit(random, settings.trees);
}
