// The fleet's decision by learnt rules: layers are added from the top of what runs, else dropped from the top of what is ready.
//
// bundles: n = ready + booting;  while Up_G(n·W + W/4) > m: launch;   none launched: while Keep_G(top ready) < 0: drop
// machines: offset = W·(ready + booting bundles) for launches, W·(ready bundles) for drops
//   n = ready + booting;  while Up(offset + n·μ) > m: launch;  none launched: while Keep(offset + (ready-1)·μ) < 0: drop
// a launch scan stops at level 6 ref; any layer above 9 ref is dropped
// Source: fleet-switching.md.

import { levelFeature } from "./features.ts";
import type { SwitchingRules } from "./policy-iteration.ts";

/** Machines of one kind. */
export interface KindCount {
  readonly ready: number;
  readonly booting: number;
}

/** A kind of machine with the rules learnt for it. */
export interface RuledKind {
  readonly capacityRps: number;
  readonly rules: SwitchingRules;
  /** Most that may run. */
  readonly most: number;
}

const LAUNCH_LIMIT = 6;
const KEEP_LIMIT = 9;

/** Where in its band a bundle's level is measured. */
export const BUNDLE_LEVEL = 0.25;

function countFor(
  kind: RuledKind,
  count: KindCount,
  level: (layer: number, forLaunch: boolean) => number,
  row: Float64Array,
  referenceRps: number,
  margin: number,
): number {
  const { rules, most } = kind;
  const worth = (levelRps: number): void => {
    row[row.length - 1] = levelFeature(levelRps, referenceRps);
  };
  const running = count.ready + count.booting;
  let wanted = running;
  while (wanted < most) {
    const levelRps = level(wanted, true);
    if (levelRps > LAUNCH_LIMIT * referenceRps) break;
    worth(levelRps);
    if (!(rules.up.predict(row) > margin)) break;
    wanted += 1;
  }
  if (wanted > running) return wanted;
  let ready = count.ready;
  while (ready > 0) {
    const levelRps = level(ready - 1, false);
    worth(levelRps);
    if (levelRps <= KEEP_LIMIT * referenceRps && rules.keep.predict(row) >= 0) break;
    ready -= 1;
  }
  return Math.min(most, running - (count.ready - ready));
}

/**
 * Machines wanted now.
 * @param row features of the moment, with room for the level; its last element is overwritten
 * @param margin seconds of machine price that a launch must promise
 */
export function machinesWanted(
  kind: RuledKind,
  count: KindCount,
  row: Float64Array,
  referenceRps: number,
  margin: number,
  below: { readonly launchRps: number; readonly keepRps: number } = { launchRps: 0, keepRps: 0 },
): number {
  const level = (layer: number, forLaunch: boolean): number =>
    (forLaunch ? below.launchRps : below.keepRps) + layer * kind.capacityRps;
  return countFor(kind, count, level, row, referenceRps, margin);
}

/** Bundles wanted now; as `machinesWanted`, each over the whole band of layers it replaces. */
export function bundlesWanted(
  kind: RuledKind,
  count: KindCount,
  row: Float64Array,
  referenceRps: number,
  margin: number,
): number {
  const level = (layer: number): number => (layer + BUNDLE_LEVEL) * kind.capacityRps;
  return countFor(kind, count, level, row, referenceRps, margin);
}
