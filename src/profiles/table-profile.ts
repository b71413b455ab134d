// A profile from measured points: monotone interpolation between them, linear in the logarithms of both sides.
//
// Between neighbours log s is linear in log batch and in the log of each other axis, so it never over- or undershoots.
// Outside: a smaller batch costs what the smallest measured does (padding), a larger one follows the last two points
// (never falling); fewer cores or less memory than measured take inversely longer, more help no further.

import { ConfigError } from "../core/index.ts";
import type { ServicePoint, ServiceProfile } from "./service-profile.ts";

/** Axes besides batch size. */
const axes = ["intraOpThreads", "tensorParallel", "memoryMb"] as const;
type AxisName = (typeof axes)[number];

/** A measured point. */
export interface ProfileRow extends ServicePoint {
  readonly serviceMs: number;
}

/** log service time over log batch size, both shape [points], batch ascending. */
interface BatchCurve {
  readonly logBatch: Float64Array;
  readonly logMs: Float64Array;
}

interface Axis {
  readonly name: AxisName;
  readonly values: readonly number[]; // ascending
  readonly logs: readonly number[];
  /** Value where a point names none: the least, so that a profile never promises too much. */
  readonly fallback: number;
}

function evaluate({ logBatch, logMs }: BatchCurve, x: number): number {
  const last = logBatch.length - 1;
  const at = (array: Float64Array, i: number): number => array[i] ?? 0;
  if (x <= at(logBatch, 0)) return at(logMs, 0);
  if (last === 0) return at(logMs, 0) + (x - at(logBatch, 0));
  let i = 1;
  while (i < last && at(logBatch, i) < x) i++;
  const slope = (at(logMs, i) - at(logMs, i - 1)) / (at(logBatch, i) - at(logBatch, i - 1));
  const beyond = x - at(logBatch, i);
  return at(logMs, i) + (beyond > 0 ? Math.max(0, slope) : slope) * beyond;
}

function curveOf(rows: readonly ProfileRow[]): BatchCurve {
  const sorted = [...rows].sort((a, b) => a.batch - b.batch);
  return {
    logBatch: Float64Array.from(sorted, (row) => Math.log(row.batch)),
    logMs: Float64Array.from(sorted, (row) => Math.log(row.serviceMs)),
  };
}

function axisOf(name: AxisName, rows: readonly ProfileRow[]): Axis | null {
  const values = [...new Set(rows.flatMap((row) => row[name] ?? []))].sort((a, b) => a - b);
  if (values.length === 0) return null;
  return { name, values, logs: values.map((value) => Math.log(value)), fallback: values[0] ?? 1 };
}

class TableProfile implements ServiceProfile {
  readonly name: string;
  readonly #axes: readonly Axis[];
  readonly #curves: readonly BatchCurve[];

  constructor(name: string, list: readonly Axis[], curves: readonly BatchCurve[]) {
    this.name = name;
    this.#axes = list;
    this.#curves = curves;
  }

  /** log service time with the axes from `depth` on still open and `index` the mixed-radix position so far. */
  #log(point: ServicePoint, logBatch: number, depth: number, index: number): number {
    const axis = this.#axes[depth];
    if (axis === undefined) {
      const curve = this.#curves[index];
      return curve === undefined ? Number.NaN : evaluate(curve, logBatch);
    }
    const x = Math.log(point[axis.name] ?? axis.fallback);
    const last = axis.values.length - 1;
    const at = (i: number): number => this.#log(point, logBatch, depth + 1, index * axis.values.length + i);
    const first = axis.logs[0] ?? 0;
    if (x <= first) return at(0) + (first - x);
    if (x >= (axis.logs[last] ?? 0)) return at(last);
    let i = 1;
    while ((axis.logs[i] ?? 0) < x) i++;
    const low = axis.logs[i - 1] ?? 0;
    const share = (x - low) / ((axis.logs[i] ?? 0) - low);
    return share === 1 ? at(i) : (1 - share) * at(i - 1) + share * at(i);
  }

  serviceMs(point: ServicePoint): number {
    return Math.exp(this.#log(point, Math.log(point.batch), 0, 0));
  }
}

/**
 * A profile from measured points. Batch sizes may differ between settings; every combination of the other axes needs
 * at least one.
 * @throws {ConfigError} when there is no point, a point twice, or a combination missing
 */
export function tableProfile(name: string, rows: readonly ProfileRow[]): ServiceProfile {
  if (rows.length === 0) {
    throw new ConfigError(name, [{ path: "rows", expected: "at least one measured point", found: "none" }]);
  }
  const list = axes.flatMap((axis) => axisOf(axis, rows) ?? []);
  const size = list.reduce((product, axis) => product * axis.values.length, 1);
  const groups: ProfileRow[][] = Array.from({ length: size }, () => []);
  for (const row of rows) {
    const index = list.reduce((sum, axis) => {
      const position = axis.values.indexOf(row[axis.name] ?? Number.NaN);
      if (position < 0) {
        const found = JSON.stringify(row);
        throw new ConfigError(name, [{ path: axis.name, expected: "a value in every row or in none", found }]);
      }
      return sum * axis.values.length + position;
    }, 0);
    const group = groups[index] ?? [];
    if (group.some((other) => other.batch === row.batch)) {
      throw new ConfigError(name, [
        { path: "rows", expected: "each point once", found: `twice ${JSON.stringify(row)}` },
      ]);
    }
    group.push(row);
  }
  const missing = groups.findIndex((group) => group.length === 0);
  if (missing >= 0) {
    let rest = missing;
    const at = [...list].reverse().map((axis) => {
      const value = axis.values[rest % axis.values.length];
      rest = Math.floor(rest / axis.values.length);
      return `${axis.name} ${value}`;
    });
    const expected = `a point at ${at.reverse().join(", ")}, as for the other settings`;
    throw new ConfigError(name, [{ path: "rows", expected, found: "none" }]);
  }
  return new TableProfile(name, list, groups.map(curveOf));
}
