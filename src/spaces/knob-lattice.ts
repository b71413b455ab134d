// The knob lattice: every configuration of a list of knobs, indexed, masked and with a distance.
//
// index = Σ_k coordinate_k · stride_k, the last knob varying fastest; distance = max_k |Δcoordinate_k|.
// Source: the region of "Swift ML model serving scheduling" (Qin et al., SC 2019); reconstruction in systems.md 1.2.

import {
  ConfigError,
  type Configuration,
  type Knob,
  type KnobLattice,
  type KnobValue,
  type Random,
  type SpaceSpec,
} from "../core/index.ts";

/** Says whether a configuration can run at all. */
export type Allowed = (configuration: Configuration) => boolean;

function nearestPosition(knob: Knob, value: KnobValue): number {
  const exact = knob.values.indexOf(value);
  if (exact >= 0 || typeof value !== "number") return Math.max(0, exact);
  let best = 0;
  let bestGap = Number.POSITIVE_INFINITY;
  knob.values.forEach((candidate, position) => {
    if (typeof candidate !== "number") return;
    const gap = candidate === value ? 0 : Math.abs(candidate - value);
    if (gap < bestGap) {
      best = position;
      bestGap = gap;
    }
  });
  return best;
}

class Lattice implements KnobLattice {
  readonly knobs: readonly Knob[];
  readonly count: number;
  readonly size: number;
  readonly #allowed: Allowed;
  readonly #strides: readonly number[];
  readonly #positions: readonly ReadonlyMap<KnobValue, number>[];

  constructor(knobs: readonly Knob[], allowed: Allowed) {
    this.knobs = knobs;
    this.size = knobs.length;
    this.#allowed = allowed;
    this.#positions = knobs.map((knob) => new Map(knob.values.map((value, i) => [value, i])));
    const strides = new Array<number>(knobs.length).fill(1);
    for (let k = knobs.length - 2; k >= 0; k--) {
      strides[k] = (strides[k + 1] ?? 1) * (knobs[k + 1]?.values.length ?? 1);
    }
    this.#strides = strides;
    this.count = knobs.reduce((product, knob) => product * knob.values.length, 1);
  }

  coordinates(configuration: Configuration): Int32Array {
    const coordinates = new Int32Array(this.knobs.length);
    this.knobs.forEach((knob, k) => {
      const value = configuration[knob.name];
      const position = value === undefined ? undefined : this.#positions[k]?.get(value);
      if (position === undefined) {
        throw new ConfigError("configuration", [
          { path: knob.name, expected: `one of ${knob.values.join(", ")}`, found: String(value) },
        ]);
      }
      coordinates[k] = position;
    });
    return coordinates;
  }

  at(coordinates: ArrayLike<number>): Configuration {
    const configuration: Record<string, KnobValue> = {};
    this.knobs.forEach((knob, k) => {
      const value = knob.values[coordinates[k] ?? 0];
      if (value === undefined)
        throw new RangeError(`${knob.name}: expected a position below ${knob.values.length}, found ${coordinates[k]}`);
      configuration[knob.name] = value;
    });
    return configuration;
  }

  index(configuration: Configuration): number {
    const coordinates = this.coordinates(configuration);
    return this.#strides.reduce((sum, stride, k) => sum + stride * (coordinates[k] ?? 0), 0);
  }

  configuration(index: number): Configuration {
    if (!(index >= 0 && index < this.count)) {
      throw new RangeError(`configuration index: expected [0, ${this.count}), found ${index}`);
    }
    let rest = index;
    const coordinates = this.#strides.map((stride) => {
      const position = Math.floor(rest / stride);
      rest -= position * stride;
      return position;
    });
    return this.at(coordinates);
  }

  allowed(configuration: Configuration): boolean {
    return this.#allowed(configuration);
  }

  contains(value: unknown): value is Configuration {
    if (typeof value !== "object" || value === null) return false;
    const entries = Object.entries(value);
    return (
      entries.length === this.knobs.length &&
      this.knobs.every((knob, k) =>
        this.#positions[k]?.has(Object.getOwnPropertyDescriptor(value, knob.name)?.value),
      ) &&
      this.#allowed(value as Configuration)
    );
  }

  sample(random: Random): Configuration {
    for (let attempt = 0; attempt < 1000; attempt++) {
      const configuration = this.at(this.knobs.map((knob) => Math.floor(random.next() * knob.values.length)));
      if (this.#allowed(configuration)) return configuration;
    }
    const allowed = this.all();
    const chosen = allowed[Math.floor(random.next() * allowed.length)];
    if (chosen === undefined)
      throw new RangeError("knob lattice: expected at least one allowed configuration, found none");
    return chosen;
  }

  encode(configuration: Configuration): Float64Array {
    return Float64Array.from(this.coordinates(configuration));
  }

  decode(vector: ArrayLike<number>): Configuration {
    if (vector.length !== this.size) {
      throw new ConfigError("action", [{ path: "length", expected: String(this.size), found: String(vector.length) }]);
    }
    const clamped = this.knobs.map((knob, k) => {
      const position = Math.round(vector[k] ?? 0);
      return Math.min(knob.values.length - 1, Math.max(0, Number.isNaN(position) ? 0 : position));
    });
    return this.nearest(this.at(clamped));
  }

  neighbors(configuration: Configuration, radius: number): Configuration[] {
    const centre = this.coordinates(configuration);
    const found: Configuration[] = [];
    const walk = (k: number, coordinates: number[], moved: boolean): void => {
      const knob = this.knobs[k];
      if (knob === undefined) {
        const candidate = this.at(coordinates);
        if (moved && this.#allowed(candidate)) found.push(candidate);
        return;
      }
      const from = centre[k] ?? 0;
      const low = Math.max(0, from - radius);
      const high = Math.min(knob.values.length - 1, from + radius);
      for (let position = low; position <= high; position++)
        walk(k + 1, [...coordinates, position], moved || position !== from);
    };
    walk(0, [], false);
    return found;
  }

  distance(a: Configuration, b: Configuration): number {
    const left = this.coordinates(a);
    const right = this.coordinates(b);
    return left.reduce((largest, position, k) => Math.max(largest, Math.abs(position - (right[k] ?? 0))), 0);
  }

  nearest(configuration: Configuration): Configuration {
    const positions = this.knobs.map((knob) => nearestPosition(knob, configuration[knob.name] ?? knob.values[0] ?? 0));
    const centre = this.at(positions);
    if (this.#allowed(centre)) return centre;
    const reach = Math.max(...this.knobs.map((knob) => knob.values.length));
    for (let radius = 1; radius < reach; radius++) {
      const ring = this.neighbors(centre, radius);
      const steps = (c: Configuration): number =>
        this.coordinates(c).reduce((sum, position, k) => sum + Math.abs(position - (positions[k] ?? 0)), 0);
      const [first, ...others] = ring;
      if (first !== undefined) return others.reduce((best, c) => (steps(c) < steps(best) ? c : best), first);
    }
    throw new RangeError("knob lattice: expected at least one allowed configuration, found none");
  }

  all(): Configuration[] {
    const configurations: Configuration[] = [];
    for (let index = 0; index < this.count; index++) {
      const configuration = this.configuration(index);
      if (this.#allowed(configuration)) configurations.push(configuration);
    }
    return configurations;
  }

  toJSON(): SpaceSpec {
    return {
      type: "MultiDiscrete",
      dtype: "int64",
      nvec: this.knobs.map((knob) => knob.values.length),
      start: this.knobs.map(() => 0),
    };
  }
}

/**
 * The lattice of all configurations of `knobs`, less what `allowed` refuses.
 * @throws {ConfigError} when a knob has no values, a repeated one, or a name is used twice
 */
export function knobLattice(knobs: readonly Knob[], allowed: Allowed = () => true): KnobLattice {
  const names = new Set<string>();
  for (const knob of knobs) {
    const repeated = new Set(knob.values).size !== knob.values.length;
    if (knob.values.length === 0 || repeated || names.has(knob.name)) {
      throw new ConfigError("knobs", [
        {
          path: knob.name,
          expected: "a name used once, with at least one value and none repeated",
          found: `[${knob.values.join(", ")}]`,
        },
      ]);
    }
    names.add(knob.name);
  }
  return new Lattice(knobs, allowed);
}

/** Whether two configurations set every knob alike. */
export function sameConfiguration(a: Configuration, b: Configuration): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
