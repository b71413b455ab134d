// Triton Model Analyzer's quick search: measure some neighbours of home, then step to where they point.
//
// neighbourhood: configurations within Euclidean radius R of home, on lattice positions
// until `least` of it are measured: measure the one with most positions not yet covered
// vector = Σ_i w_i (x_i - home) / Σ_i |w_i|,  w_i = value(home) - value(x_i);   step per knob 1, 2, 3 at 0.09, 0.3, 1.0
// home moves by the vector if that is better, else back and slow: radius and steps of 1; ends at the second visit
// Source: NVIDIA Triton Model Analyzer, documentation "Config Search", quick search (2022 to 2026).
// Differs: minimises our one value instead of maximising throughput, on our lattice; a search that has ended asks for
//   its best again.

import type { Configuration, KnobLattice, Proposal, Search } from "../../core/index.ts";
import { defineSearch } from "./entry.ts";
import { type Measured, Measurements, startOf } from "./measurements.ts";

const THRESHOLDS = [0.09, 0.3, 1];
/** With more knobs than this a ball of radius 3 holds too many configurations to list. */
const MANY_KNOBS = 6;

const defaults = { radius: 3, least: 3 };

/** Allowed configurations within a Euclidean distance in steps, the centre left out. */
function ball(lattice: KnobLattice, centre: Configuration, radius: number): Configuration[] {
  const from = lattice.coordinates(centre);
  const found: Configuration[] = [];
  const walk = (k: number, positions: readonly number[], left: number): void => {
    const knob = lattice.knobs[k];
    if (knob === undefined) {
      const candidate = lattice.at(positions);
      if (left < radius * radius && lattice.allowed(candidate)) found.push(candidate);
      return;
    }
    const reach = Math.floor(Math.sqrt(left));
    const here = from[k] ?? 0;
    const high = Math.min(knob.values.length - 1, here + reach);
    for (let position = Math.max(0, here - reach); position <= high; position++) {
      walk(k + 1, [...positions, position], left - (position - here) ** 2);
    }
  };
  walk(0, [], radius * radius);
  return found;
}

export const quickSearch = defineSearch({
  name: "quick-search",
  summary: "Triton Model Analyzer's neighbourhood search",
  settings: defaults,
  create(context, settings): Search {
    const { lattice } = context;
    const measurements = new Measurements(context);
    let home = startOf(lattice, context.initial);
    let previous: Configuration | null = null;
    let slow = false;
    let done = false;
    const visits = new Map<number, number>();

    const offsetOf = (configuration: Configuration): number[] => {
      const from = lattice.coordinates(home);
      return Array.from(lattice.coordinates(configuration), (position, k) => position - (from[k] ?? 0));
    };
    const widest = lattice.knobs.length > MANY_KNOBS ? Math.min(2, settings.radius) : settings.radius;
    const neighborhood = (): Configuration[] => ball(lattice, home, slow ? 1 : widest);
    /** The neighbour with most positions that no measured neighbour has. */
    const uncovered = (around: readonly Configuration[]): Configuration | undefined => {
      const covered = lattice.knobs.map(() => new Set<number>());
      const measured = around.filter((c) => measurements.has(lattice.index(c)));
      for (const c of [home, ...measured]) {
        lattice.coordinates(c).forEach((position, k) => {
          covered[k]?.add(position);
        });
      }
      let best: Configuration | undefined;
      let most = -1;
      for (const c of around) {
        if (measurements.has(lattice.index(c))) continue;
        const fresh = lattice.coordinates(c).reduce((sum, p, k) => sum + (covered[k]?.has(p) ? 0 : 1), 0);
        if (fresh > most) {
          best = c;
          most = fresh;
        }
      }
      return best;
    };
    const recordAt = (configuration: Configuration): Measured | undefined =>
      measurements.get(lattice.index(configuration));

    /** Home moved along the vector its neighbours give. */
    const step = (around: readonly Configuration[], atHome: Measured): Configuration => {
      const vector = lattice.knobs.map(() => 0);
      let total = 0;
      for (const c of around) {
        const record = recordAt(c);
        if (record === undefined) continue;
        const weight = measurements.value(atHome) - measurements.value(record);
        total += Math.abs(weight);
        offsetOf(c).forEach((offset, k) => {
          vector[k] = (vector[k] ?? 0) + weight * offset;
        });
      }
      const from = lattice.coordinates(home);
      const moved = lattice.knobs.map((knob, k) => {
        const pull = total > 0 ? (vector[k] ?? 0) / total : 0;
        const steps = THRESHOLDS.filter((threshold) => Math.abs(pull) >= threshold).length;
        const position = (from[k] ?? 0) + Math.sign(pull) * (slow ? Math.min(1, steps) : steps);
        return Math.min(knob.values.length - 1, Math.max(0, position));
      });
      return lattice.nearest(lattice.at(moved));
    };

    const settle = (next: Configuration): Configuration => {
      const index = lattice.index(next);
      const count = (visits.get(index) ?? 0) + 1;
      visits.set(index, count);
      if (count >= 2 || index === lattice.index(home)) done = true;
      previous = home;
      home = next;
      return next;
    };

    const ask = (): Proposal => {
      if (done) return { configuration: measurements.best(), reason: "quick search has ended: the best" };
      const atHome = recordAt(home);
      if (atHome === undefined) return { configuration: home, reason: "a new home" };
      const before = previous === null ? undefined : recordAt(previous);
      if (before !== undefined && previous !== null && measurements.better(before, atHome)) {
        home = previous;
        previous = null;
        if (slow) done = true;
        slow = true;
        return ask();
      }
      const around = neighborhood();
      const measured = around.filter((c) => measurements.has(lattice.index(c))).length;
      const fresh = measured < Math.min(settings.least, around.length) ? uncovered(around) : undefined;
      if (fresh !== undefined) return { configuration: fresh, reason: "a neighbour of home not yet measured" };
      const next = settle(step(around, atHome));
      if (!done) return { configuration: next, reason: "a step to where the neighbours point" };
      return { configuration: measurements.best(), reason: "the neighbours point back: quick search has ended" };
    };

    return {
      ask,
      tell(configuration, measured) {
        measurements.add(configuration, measured);
      },
      best: () => measurements.best(),
    };
  },
});
