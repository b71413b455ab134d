// Spaces: the sets observations and actions live in, in Gymnasium's words.

import type { Configuration, Knob } from "./knob.ts";
import type { Random } from "./random.ts";

/** JSON form of a space, with Gymnasium's and Minari's names. */
export type SpaceSpec =
  | {
      readonly type: "Box";
      readonly dtype: "float32" | "float64";
      readonly shape: readonly number[];
      readonly low: readonly number[];
      readonly high: readonly number[];
    }
  | { readonly type: "Discrete"; readonly dtype: "int64"; readonly start: number; readonly n: number }
  | {
      readonly type: "MultiDiscrete";
      readonly dtype: "int64";
      readonly nvec: readonly number[];
      readonly start: readonly number[];
    }
  | { readonly type: "Dict"; readonly subspaces: Readonly<Record<string, SpaceSpec>> };

/** A set of values that can be tested, sampled and written as a vector. Holds no chance of its own. */
export interface Space<T> {
  /** Length of encoded vectors. */
  readonly size: number;
  contains(value: unknown): value is T;
  sample(random: Random): T;
  /** @returns shape [size] */
  encode(value: T): Float64Array;
  /** The member nearest to a vector of shape [size]. @throws {ConfigError} when the length differs */
  decode(vector: ArrayLike<number>): T;
  toJSON(): SpaceSpec;
}

/**
 * All configurations of a list of knobs. Canonical order: the last knob varies fastest.
 * Distance is measured in steps along the knobs (Chebyshev: the largest step count).
 */
export interface KnobLattice extends Space<Configuration> {
  readonly knobs: readonly Knob[];
  /** Number of configurations, masked ones included; may exceed 2^53 only if never indexed. */
  readonly count: number;
  /** Position of each knob's value, shape [knobs]. @throws {ConfigError} for a value not on the lattice */
  coordinates(configuration: Configuration): Int32Array;
  /** @param coordinates shape [knobs] */
  at(coordinates: ArrayLike<number>): Configuration;
  /** @throws {ConfigError} for a value not on the lattice */
  index(configuration: Configuration): number;
  /** @throws {RangeError} outside [0, count) */
  configuration(index: number): Configuration;
  /** False for what cannot run: memory, limits, oversubscription, batch 1 with a delay. */
  allowed(configuration: Configuration): boolean;
  /** Allowed configurations within `radius` steps on every knob, the centre left out, in canonical order. */
  neighbors(configuration: Configuration, radius: number): Configuration[];
  /** Chebyshev distance in steps. */
  distance(a: Configuration, b: Configuration): number;
  /** The allowed configuration nearest to the given values, each first clamped to its knob's range. */
  nearest(configuration: Configuration): Configuration;
  /** Every allowed configuration in canonical order; only for lattices small enough to list. */
  all(): Configuration[];
}
