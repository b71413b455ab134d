// The moves open to a learner: every configuration of a small lattice, the neighbourhood of the running one in a large one.

import type { ClusterState, Configuration, KnobLattice } from "../src/core/index.ts";

/** Lattices of at most this many configurations are listed whole; listing takes a few ms. */
export const LISTED_LATTICE = 4096;

/** Neighbourhoods larger than this are thinned to moves along one knob or two. */
const LISTED_NEIGHBORS = 1024;

/** A configuration with its place in the lattice. */
export interface Move {
  readonly configuration: Configuration;
  /** Shape [knobs]. */
  readonly positions: Int32Array;
  /** Distinct for distinct configurations. */
  readonly key: string;
}

/** The key of a place in the lattice. */
export function positionsKey(positions: ArrayLike<number>): string {
  return Array.prototype.join.call(positions, ",");
}

/** The place of a configuration. @throws {ConfigError} for a value not on the lattice */
export function moveOf(space: KnobLattice, configuration: Configuration): Move {
  const positions = space.coordinates(configuration);
  return { configuration, positions, key: positionsKey(positions) };
}

/** The moves of one lattice. */
export class Moves {
  readonly #space: KnobLattice;
  readonly #maxStep: number;
  readonly #all: readonly Move[] | null;

  /** @param maxStep largest step along a knob in a lattice too large to list */
  constructor(space: KnobLattice, maxStep: number) {
    this.#space = space;
    this.#maxStep = maxStep;
    this.#all = space.count <= LISTED_LATTICE ? space.all().map((c) => moveOf(space, c)) : null;
  }

  /** Whether every configuration is open at any time. */
  get whole(): boolean {
    return this.#all !== null;
  }

  /** What may be proposed now, the running configuration included; at least one, in canonical order. */
  open(observation: ClusterState): readonly Move[] {
    const { mask } = observation;
    const moves = this.#all ?? this.#near(observation.configuration);
    if (mask === null) return moves;
    const open = moves.filter((move) =>
      Object.entries(mask).every(([name, values]) => values.includes(move.configuration[name] ?? "")),
    );
    return open.length > 0 ? open : moves;
  }

  #near(running: Configuration): readonly Move[] {
    const space = this.#space;
    const centre = moveOf(space, space.nearest(running));
    const found = new Map<string, Move>([[centre.key, centre]]);
    const add = (positions: Int32Array): void => {
      const key = positionsKey(positions);
      if (found.has(key)) return;
      const configuration = space.at(positions);
      if (space.allowed(configuration)) found.set(key, { configuration, positions, key });
    };
    const steps = this.#steps();
    const boxed = (2 * this.#maxStep + 1) ** space.knobs.length <= LISTED_NEIGHBORS;
    const walk = (k: number, positions: Int32Array, left: number): void => {
      add(positions);
      if (left === 0) return;
      for (let other = k; other < space.knobs.length; other++) {
        const length = space.knobs[other]?.values.length ?? 0;
        for (const step of steps) {
          const position = (positions[other] ?? 0) + step;
          if (position < 0 || position >= length) continue;
          const moved = positions.slice();
          moved[other] = position;
          walk(other + 1, moved, left - 1);
        }
      }
    };
    walk(0, centre.positions, boxed ? space.knobs.length : 2);
    return [...found.values()];
  }

  #steps(): readonly number[] {
    const steps: number[] = [];
    for (let step = 1; step <= this.#maxStep; step++) steps.push(-step, step);
    return steps;
  }
}
