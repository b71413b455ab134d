// Two knobs of a cluster's lattice as a map: what each configuration is expected to do, what was measured, what the agent
// holds safe, and where it stands. All other knobs are as they are in force.

import type { TuningTask } from "../../environments/index.ts";
import {
  type Belief,
  ConfigError,
  type Configuration,
  type Knob,
  type KnobValue,
  toJson,
  UnknownNameError,
} from "../core/index.ts";
import type { TimelineRow } from "./cluster-timeline.ts";

/** Values of a knob shown at most; of longer ones an even choice, what is in force always among them. */
const MOST_VALUES = 40;

/** What a map is drawn from. */
export interface LatticeSource {
  readonly task: TuningTask;
  readonly rows: readonly TimelineRow[];
  /** Null before anything is known to be in force. */
  readonly inForce: Configuration | null;
  /** Load of the last window; null before the first. */
  readonly rateRps: number | null;
  /** What the agent believes of a configuration; null where it keeps no such thing. */
  readonly believes: (configuration: Configuration) => Belief | null;
  readonly incumbent: Configuration | null;
}

/** Which knobs lie along the axes; the two with the most values where absent. */
export interface LatticeQuery {
  readonly x?: string | undefined;
  readonly y?: string | undefined;
}

function knobNamed(knobs: readonly Knob[], name: string): Knob {
  const found = knobs.find((knob) => knob.name === name);
  if (found !== undefined) return found;
  const known = knobs.map((knob) => knob.name);
  throw new ConfigError("query", [{ path: "x or y", expected: `one of ${known.join(", ")}`, found: name }], {
    cause: new UnknownNameError("knob", name, known),
  });
}

function axesOf(knobs: readonly Knob[], query: LatticeQuery): readonly [Knob, Knob] {
  const byLength = [...knobs].sort((a, b) => b.values.length - a.values.length);
  const x = query.x === undefined ? byLength.find(({ name }) => name !== query.y) : knobNamed(knobs, query.x);
  const y = query.y === undefined ? byLength.find(({ name }) => name !== x?.name) : knobNamed(knobs, query.y);
  const [only] = knobs;
  if (only === undefined) throw new RangeError("lattice: expected at least one knob, found none");
  return [x ?? only, y ?? x ?? only];
}

function shownValues({ values, name }: Knob, ...kept: readonly (Configuration | null)[]): KnobValue[] {
  if (values.length <= MOST_VALUES) return [...values];
  const step = (values.length - 1) / (MOST_VALUES - 1);
  const positions = new Set(Array.from({ length: MOST_VALUES }, (_, i) => Math.round(i * step)));
  for (const configuration of kept) {
    const at = values.indexOf(configuration?.[name] ?? "");
    if (at >= 0) positions.add(at);
  }
  return [...positions].sort((a, b) => a - b).flatMap((at) => values[at] ?? []);
}

interface Measured {
  windows: number;
  worstMs: number | null;
}

function keyOf(configuration: Configuration): string {
  return JSON.stringify(toJson(configuration));
}

function measuredBy(rows: readonly TimelineRow[]): ReadonlyMap<string, Measured> {
  const byKey = new Map<string, Measured>();
  for (const { window } of rows) {
    if (window === null) continue;
    const key = keyOf(window.configuration);
    const known = byKey.get(key) ?? { windows: 0, worstMs: null };
    known.windows += 1;
    if (window.objectiveMs !== null) known.worstMs = Math.max(known.worstMs ?? 0, window.objectiveMs);
    byKey.set(key, known);
  }
  return byKey;
}

/** The map as JSON. @throws {ConfigError} for a knob the cluster has not */
export function latticeView(source: LatticeSource, query: LatticeQuery): unknown {
  const { task, rows, rateRps, believes, incumbent } = source;
  const { lattice, objective, model } = task;
  const [x, y] = axesOf(lattice.knobs, query);
  const base = source.inForce ?? task.initial;
  const measured = measuredBy(rows);
  const finite = (value: number): number | null => (Number.isNaN(value) ? null : value);
  const cell = (xValue: KnobValue, yValue: KnobValue) => {
    const configuration = { ...base, [x.name]: xValue, [y.name]: yValue };
    if (!lattice.allowed(configuration)) return null;
    const expected = rateRps === null ? null : model.predict(configuration, { rateRps });
    const belief = believes(configuration);
    const known = measured.get(keyOf(configuration));
    return {
      expectedMs: expected === null ? null : finite(expected.objectiveMs),
      costUsdPerHour: expected === null ? null : finite(expected.costUsdPerHour),
      safe: belief?.safe ?? null,
      informed: belief?.informed ?? null,
      windows: known?.windows ?? 0,
      worstMs: known?.worstMs ?? null,
    };
  };
  const xValues = shownValues(x, base, incumbent);
  const yValues = shownValues(y, base, incumbent);
  return toJson({
    rateRps,
    slo: objective.slo[0],
    x: { knob: x.name, values: xValues },
    y: { knob: y.name, values: yValues },
    knobs: lattice.knobs.map(({ name, values }) => ({ name, values: values.length })),
    configurations: lattice.count,
    inForce: source.inForce,
    incumbent,
    agentTells: believes(base) !== null,
    /** By row of y, then by x. */
    cells: yValues.map((yValue) => xValues.map((xValue) => cell(xValue, yValue))),
  });
}
