// The registry of optimizers: every published method, one file each, made by name and settings.

import { ConfigError, UnknownNameError } from "../core/index.ts";
import { batch } from "./batch.ts";
import type { ConfiguredOptimizer, OptimizerEntry, Settings } from "./entry.ts";
import { exascale } from "./exascale.ts";
import { hpa } from "./hpa.ts";
import { inferline } from "./inferline.ts";
import { kpa } from "./kpa.ts";
import { mark } from "./mark.ts";
import { markSpot } from "./mark-spot.ts";
import { mbs } from "./mbs.ts";
import { mixed } from "./mixed.ts";
import { paragon } from "./paragon.ts";
import { rayServe } from "./ray-serve.ts";
import { reactive } from "./reactive.ts";
import { staticBest, staticConfiguration, staticFunctions } from "./static.ts";
import { utilAware } from "./util-aware.ts";

export type { ConfiguredOptimizer, OptimizerEntry, Settings } from "./entry.ts";
export { type FleetPlan, greedyPlan, type PlanOption } from "./greedy-plan.ts";
export { tuningProblem } from "./problem.ts";
export { createSearch, findSearch, type SearchContext, type SearchEntry, searches } from "./search/index.ts";
export { mostThatMayRun } from "./shortfall.ts";

/** Every optimizer, in the order they are listed to people. */
export const optimizers: readonly OptimizerEntry[] = [
  staticConfiguration,
  staticFunctions,
  staticBest,
  reactive,
  hpa,
  kpa,
  rayServe,
  utilAware,
  exascale,
  mixed,
  paragon,
  inferline,
  mark,
  markSpot,
  batch,
  mbs,
];

/** @throws {UnknownNameError} when there is no such optimizer */
export function findOptimizer(name: string): OptimizerEntry {
  const found = optimizers.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  throw new UnknownNameError(
    "optimizer",
    name,
    optimizers.map((entry) => entry.name),
  );
}

/**
 * Settings written as text, each read as the kind of its default.
 * @throws {ConfigError} when a number or flag cannot be read; unknown names are left for `create` to refuse
 */
export function settingsFromText(entry: OptimizerEntry, text: Readonly<Record<string, string>>): Settings {
  const read = ([key, value]: [string, string]): [string, Settings[string]] => {
    const kind = typeof entry.settings[key];
    const number = Number(value);
    if (kind === "number" && value.trim() !== "" && !Number.isNaN(number)) return [key, number];
    if (kind === "boolean" && (value === "true" || value === "false")) return [key, value === "true"];
    if (kind === "number" || kind === "boolean") {
      throw new ConfigError("optimizer", [
        { path: `${entry.name}.${key}`, expected: `a ${kind}`, found: `"${value}"` },
      ]);
    }
    return [key, value];
  };
  return Object.fromEntries(Object.entries(text).map(read));
}

/**
 * The optimizer that `name` or `name:key=value,...` describes, such as `mark:overprovision=1.3`.
 * @throws {UnknownNameError} for an unknown name
 * @throws {ConfigError} for a setting that is unknown, given twice, not `key=value`, of another type or out of bounds
 */
export function createOptimizer(text: string): ConfiguredOptimizer {
  const colon = text.indexOf(":");
  const entry = findOptimizer(colon < 0 ? text : text.slice(0, colon));
  const pairs: Record<string, string> = {};
  for (const part of colon < 0 ? [] : text.slice(colon + 1).split(",")) {
    const equals = part.indexOf("=");
    const key = part.slice(0, Math.max(0, equals)).trim();
    if (key === "" || key in pairs) {
      throw new ConfigError("optimizer", [
        { path: entry.name, expected: "key=value, each key once", found: `"${part}"` },
      ]);
    }
    pairs[key] = part.slice(equals + 1);
  }
  return entry.create(settingsFromText(entry, pairs));
}
