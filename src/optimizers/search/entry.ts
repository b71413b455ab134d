// How a search is registered.

import { ConfigError, type Search } from "../../core/index.ts";
import type { Settings } from "../entry.ts";
import type { SearchContext } from "./measurements.ts";

/** One way to look for a good configuration, asked and told. */
export interface SearchEntry {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** Every setting with its default. */
  readonly settings: Settings;
  /** Same context and settings, same answers. @throws {ConfigError} for an unknown or impossible setting */
  create(context: SearchContext, settings?: Settings): Search;
}

/** What one file says of its search. */
export interface SearchDefinition<S extends Settings> {
  readonly name: string;
  readonly summary: string;
  readonly settings: S;
  /** Words a text setting may be. */
  readonly choices?: { readonly [K in keyof S]?: readonly string[] };
  readonly create: (context: SearchContext, settings: S) => Search;
}

/** Makes the registry entry of a search. Number settings are at least 0. */
export function defineSearch<S extends Settings>(definition: SearchDefinition<S>): SearchEntry {
  const { name, summary, settings: defaults } = definition;
  const choices: Readonly<Record<string, readonly string[] | undefined>> = definition.choices ?? {};
  return {
    name,
    summary,
    settings: defaults,
    create(context, given = {}) {
      const issues = Object.entries(given).flatMap(([key, value]) => {
        const standard = defaults[key];
        const words = choices[key];
        const known = Object.keys(defaults).join(", ") || "none";
        const expected =
          standard === undefined
            ? `one of ${known}`
            : typeof value !== typeof standard
              ? `a ${typeof standard}`
              : words !== undefined && !words.includes(String(value))
                ? `one of ${words.join(", ")}`
                : typeof value === "number" && !(value >= 0)
                  ? "a number of at least 0"
                  : null;
        return expected === null ? [] : [{ path: `${name}.${key}`, expected, found: String(value) }];
      });
      if (issues.length > 0) throw new ConfigError("search", issues);
      return definition.create(context, { ...defaults, ...given });
    },
  };
}
