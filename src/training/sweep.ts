// Sweeps: a baseline is shown at its cheapest passing setting, so that no comparison wins by a badly set rival.

import type { KnobLattice } from "../core/index.ts";
import { optimizers } from "../optimizers/index.ts";
import type { PolicyScore } from "./scorecard.ts";

/**
 * The names of an optimizer at each of its settings worth trying on a lattice; any other policy, or one with settings,
 * as it is.
 */
export function sweptNames(name: string, lattice: KnobLattice): string[] {
  const entry = optimizers.find((candidate) => candidate.name === name);
  const sweep = entry?.sweepOn(lattice) ?? [];
  if (entry === undefined || sweep.length < 2) return [name];
  return sweep.map((settings) => {
    const changed = Object.entries(settings).filter(([key, value]) => value !== entry.settings[key]);
    return changed.length === 0 ? name : `${name}:${changed.map(([key, value]) => `${key}=${value}`).join(",")}`;
  });
}

/** The cheapest of those that met every SLO in every hour; where none did, the one that missed the fewest hours. */
export function cheapestPassing(scores: readonly PolicyScore[]): PolicyScore {
  const passing = scores.filter((score) => score.met);
  const better = (a: PolicyScore, b: PolicyScore): PolicyScore =>
    passing.length > 0 || a.hoursMissed === b.hoursMissed
      ? b.usd < a.usd
        ? b
        : a
      : b.hoursMissed < a.hoursMissed
        ? b
        : a;
  const [first, ...others] = passing.length > 0 ? passing : scores;
  if (first === undefined) throw new RangeError("sweep: expected at least one score, found none");
  return others.reduce(better, first);
}
