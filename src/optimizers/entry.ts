// How an optimizer is registered: its name, its settings with their defaults, and how to make one.

import { ConfigError, type FieldIssue, type Optimizer, type Solution, type TuningProblem } from "../core/index.ts";

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
  /** Pure. */
  readonly solve: (problem: TuningProblem, settings: S) => Solution;
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

  return {
    name,
    summary,
    settings: defaults,
    sweep: grid.some((point) => same(point, defaults)) ? grid : [defaults, ...grid],
    create(given = {}) {
      const issues = Object.entries(given).flatMap(([key, value]) => issueOf(key, value) ?? []);
      if (issues.length > 0) throw new ConfigError("optimizer", issues);
      const settings: S = { ...defaults, ...given };
      return { name, settings, solve: (problem) => definition.solve(problem, settings) };
    },
  };
}
