// How an optimizer is registered: its name, its settings with their defaults, and how to make one.

import {
  ConfigError,
  type FieldIssue,
  type KnobLattice,
  type Optimizer,
  type Solution,
  type TuningProblem,
} from "../core/index.ts";

/** Settings of an optimizer, by name; plain data. */
export type Settings = Readonly<Record<string, number | string | boolean>>;

/** One published method: everything `evaluate`, `tune` and the policy registry need to know of it. */
export interface OptimizerEntry {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** Every setting with its default. */
  readonly settings: Settings;
  /** Settings worth trying when the method is swept to its cheapest passing one; always holds the defaults. */
  readonly sweep: readonly Settings[];
  /** Those of the sweep that differ in what they do on a lattice; always holds the defaults. */
  sweepOn(lattice: KnobLattice): readonly Settings[];
  /** @throws {ConfigError} for an unknown setting, or a value of another type or out of bounds */
  create(settings?: Settings): ConfiguredOptimizer;
}

/** An optimizer that knows what it was made from, so that it can be written down. */
export interface ConfiguredOptimizer extends Optimizer {
  readonly settings: Settings;
}

/** What one file says of its method. */
export interface OptimizerDefinition<S extends Settings> {
  readonly name: string;
  readonly summary: string;
  readonly settings: S;
  /** Closed intervals for number settings; [0, Infinity) where absent. */
  readonly bounds?: { readonly [K in keyof S]?: readonly [number, number] };
  /** Words a text setting may be; any text where absent. */
  readonly choices?: { readonly [K in keyof S]?: readonly string[] };
  /** Values to try, setting by setting; the sweep is their product. */
  readonly sweep?: { readonly [K in keyof S]?: readonly S[K][] };
  /** Whether a point of the sweep is worth trying where the lattice offers this. */
  readonly worthTrying?: (settings: S, offer: Offer) => boolean;
  /** Pure. */
  readonly solve: (problem: TuningProblem, settings: S) => Solution;
}

/** What a lattice offers a rule. */
export interface Offer {
  /** Kinds of server that can be counted. */
  readonly kinds: number;
  readonly spot: boolean;
  readonly functions: boolean;
  /** Most servers of one kind. */
  readonly servers: number;
}

function offerOf(lattice: KnobLattice): Offer {
  const kinds = new Set<string>();
  const offer = { spot: false, functions: false, servers: 0 };
  for (const { name, values } of lattice.knobs) {
    const [, host, market] = /^instances\.(.+)\.(onDemand|spot)$/.exec(name) ?? [];
    if (name === "offloadThresholdMs") offer.functions = values.length > 1;
    if (market === "spot") offer.spot = true;
    if (host === undefined && name !== "replicas" && name !== "concurrency") continue;
    kinds.add(host ?? name);
    for (const value of values) if (typeof value === "number") offer.servers = Math.max(offer.servers, value);
  }
  return { ...offer, kinds: kinds.size };
}

/** The usual answer of `worthTrying`: spot where there is spot, the cheapest kind where there are several. */
export function offered(settings: { readonly spot?: boolean; readonly type?: string }, offer: Offer): boolean {
  return (settings.spot !== true || offer.spot) && (settings.type !== "cheapest" || offer.kinds > 1);
}

function product(defaults: Settings, axes: readonly (readonly [string, readonly Settings[string][]])[]): Settings[] {
  return axes.reduce<Settings[]>(
    (grid, [name, values]) => grid.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [defaults],
  );
}

function same(a: Settings, b: Settings): boolean {
  return Object.keys(a).every((name) => a[name] === b[name]);
}

/** Makes the registry entry of a method. */
export function defineOptimizer<S extends Settings>(definition: OptimizerDefinition<S>): OptimizerEntry {
  const { name, summary, settings: defaults } = definition;
  const bounds: Readonly<Record<string, readonly [number, number] | undefined>> = definition.bounds ?? {};
  const choices: Readonly<Record<string, readonly string[] | undefined>> = definition.choices ?? {};

  const issueOf = (key: string, value: Settings[string]): FieldIssue | null => {
    const path = `${name}.${key}`;
    const found = typeof value === "string" ? `"${value}"` : String(value);
    const standard = defaults[key];
    if (standard === undefined)
      return { path, expected: `one of ${Object.keys(defaults).join(", ") || "none"}`, found };
    if (typeof value !== typeof standard) return { path, expected: `a ${typeof standard}`, found };
    const words = choices[key];
    if (words && !words.includes(String(value))) return { path, expected: `one of ${words.join(", ")}`, found };
    const [low, high] = bounds[key] ?? [0, Number.POSITIVE_INFINITY];
    if (typeof value === "number" && !(value >= low && value <= high))
      return { path, expected: `a number in [${low}, ${high}]`, found };
    return null;
  };

  const axes = Object.entries<readonly Settings[string][] | undefined>(definition.sweep ?? {}).flatMap(
    ([key, values]) => (values ? [[key, values] as const] : []),
  );
  const grid = product(defaults, axes);
  const sweep = grid.some((point) => same(point, defaults)) ? grid : [defaults, ...grid];

  return {
    name,
    summary,
    settings: defaults,
    sweep,
    sweepOn(lattice) {
      const offer = offerOf(lattice);
      const { worthTrying } = definition;
      if (worthTrying === undefined) return sweep;
      return sweep.filter((point) => same(point, defaults) || worthTrying({ ...defaults, ...point }, offer));
    },
    create(given = {}) {
      const issues = Object.entries(given).flatMap(([key, value]) => issueOf(key, value) ?? []);
      if (issues.length > 0) throw new ConfigError("optimizer", issues);
      const settings: S = { ...defaults, ...given };
      return { name, settings, solve: (problem) => definition.solve(problem, settings) };
    },
  };
}
