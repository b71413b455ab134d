// The configurations a model-based search chooses among, and where they lie in the unit cube.

import type { Configuration, KnobLattice, Random } from "../../core/index.ts";

/** Larger lattices are sampled. */
const LISTED = 20_000;
const SAMPLED = 5_000;

/** A configuration as a point. */
export interface Candidate {
  readonly configuration: Configuration;
  /** On the lattice. */
  readonly index: number;
  /** Position over the number of steps of each knob, in [0, 1]; shape [knobs]. */
  readonly point: Float64Array;
}

/** Where a configuration lies in the unit cube: equal steps along each knob. */
export function unitPoint(lattice: KnobLattice, configuration: Configuration): Float64Array {
  return Float64Array.from(lattice.coordinates(configuration), (position, k) => {
    const steps = (lattice.knobs[k]?.values.length ?? 1) - 1;
    return steps > 0 ? position / steps : 0;
  });
}

/** Every allowed configuration, or a sample of a lattice too large to list. */
export function listCandidates(lattice: KnobLattice, random: Random): readonly Candidate[] {
  const configurations =
    lattice.count <= LISTED ? lattice.all() : Array.from({ length: SAMPLED }, () => lattice.sample(random));
  return configurations.map((configuration) => ({
    configuration,
    index: lattice.index(configuration),
    point: unitPoint(lattice, configuration),
  }));
}

/** A permutation drawn by Fisher and Yates; shape [count]. */
export function shuffled(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    const kept = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = kept;
  }
  return order;
}
