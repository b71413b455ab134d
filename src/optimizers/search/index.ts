// The registry of searches: asked for a configuration, told what it measured, on a simulator and a live cluster alike.

import { ConfigError, type Search, UnknownNameError } from "../../core/index.ts";
import type { Settings } from "../entry.ts";
import type { SearchEntry } from "./entry.ts";
import { exhaustive } from "./exhaustive.ts";
import { gpCei } from "./gp-cei.ts";
import { gpUcb } from "./gp-ucb.ts";
import { hillClimb } from "./hill-climb.ts";
import type { SearchContext } from "./measurements.ts";
import { quickSearch } from "./quick-search.ts";
import { randomSearch } from "./random.ts";
import { tpe } from "./tpe.ts";

export type { SearchEntry } from "./entry.ts";
export type { SearchContext } from "./measurements.ts";

/** Searches that are told nothing but measurements. */
export const searches: readonly SearchEntry[] = [randomSearch, hillClimb, quickSearch, gpUcb, gpCei, tpe, exhaustive];

/** @throws {UnknownNameError} when there is no such search */
export function findSearch(name: string): SearchEntry {
  const found = searches.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  throw new UnknownNameError(
    "search",
    name,
    searches.map((entry) => entry.name),
  );
}

/**
 * The search that `name` or `name:key=value,...` describes, such as `gp-cei:lengthScales=fixed`.
 * @throws {UnknownNameError} for an unknown name
 * @throws {ConfigError} for a setting that is unknown, not `key=value`, or of another type
 */
export function createSearch(text: string, context: SearchContext): Search {
  const colon = text.indexOf(":");
  const entry = findSearch(colon < 0 ? text : text.slice(0, colon));
  const settings: Record<string, Settings[string]> = {};
  for (const part of colon < 0 ? [] : text.slice(colon + 1).split(",")) {
    const [key = "", value] = part.split("=");
    if (key === "" || value === undefined) {
      throw new ConfigError("search", [{ path: entry.name, expected: "key=value", found: `"${part}"` }]);
    }
    settings[key] = typeof entry.settings[key] === "number" ? Number(value) : value;
  }
  return entry.create(context, settings);
}
