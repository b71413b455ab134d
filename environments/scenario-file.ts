// Finds, reads and checks scenario files: the ones that ship, by name, and anybody's, by path.

import { readdir, readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { parseDocument } from "yaml";
import type { z } from "zod";
import { ConfigError, type FieldIssue, UnknownNameError } from "../src/core/index.ts";
import { packageRoot } from "../src/store/index.ts";
import { type Scenario, scenarioSchema } from "./scenario-schema.ts";

/** A scenario and where it stands: relative paths in it start from its folder. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly path: string;
  readonly folder: string;
}

/** Larger files are refused unread. */
const MAX_SCENARIO_BYTES = 1 << 20;

/** Where the scenarios that ship stand. */
export const scenarioFolder = join(packageRoot(), "scenarios");

/** Names of the scenarios that ship, in alphabetical order. */
export async function listScenarios(): Promise<string[]> {
  const files = await readdir(scenarioFolder);
  return files
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function lookUp(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    document,
  );
}

function pathText(path: readonly PropertyKey[]): string {
  return (
    path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i === 0 ? "" : "."}${String(key)}`)).join("") ||
    "(root)"
  );
}

function fieldIssues(issue: z.core.$ZodIssue, document: unknown): FieldIssue[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: pathText([...issue.path, key]),
      expected: "a known key",
      found: `"${key}"`,
    }));
  }
  if (issue.code === "invalid_key") {
    const expected = issue.issues[0]?.message.replace(/^expected /, "") ?? "a known key";
    return [{ path: pathText(issue.path), expected, found: shown(issue.path.at(-1)) }];
  }
  if (issue.code === "invalid_union") {
    const nested = issue.errors.flat();
    const deepest = nested.reduce<z.core.$ZodIssue | null>(
      (best, one) => (best === null || one.path.length > best.path.length ? one : best),
      null,
    );
    if (deepest !== null) return fieldIssues({ ...deepest, path: [...issue.path, ...deepest.path] }, document);
  }
  const expected = issue.message
    .replace(/^Invalid input: expected /, "")
    .replace(/^expected /, "")
    .replace(/, received .*$/, "");
  return [{ path: pathText(issue.path), expected, found: shown(lookUp(document, issue.path)) }];
}

/**
 * Checks a parsed document as a scenario.
 * @param source named in errors
 * @throws {ConfigError} with the path, what was expected and what was found, for each fault
 */
export function checkScenario(document: unknown, source: string): Scenario {
  const result = scenarioSchema.safeParse(document);
  if (!result.success)
    throw new ConfigError(
      source,
      result.error.issues.flatMap((issue) => fieldIssues(issue, document)),
    );
  const scenario = result.data;
  const issues: FieldIssue[] = [];
  if ((scenario.host === undefined) === (scenario.catalogue === undefined)) {
    issues.push({
      path: "catalogue",
      expected: "either a catalogue or a host",
      found: scenario.host === undefined ? "neither" : "both",
    });
  }
  for (const [name, value] of Object.entries(scenario.initial)) {
    const values = scenario.knobs[name];
    if (values === undefined)
      issues.push({
        path: `initial.${name}`,
        expected: `one of the knobs ${Object.keys(scenario.knobs).join(", ")}`,
        found: name,
      });
    else if (!values.includes(value))
      issues.push({ path: `initial.${name}`, expected: `one of ${values.join(", ")}`, found: String(value) });
  }
  const offered = scenario.catalogue?.instances ?? [];
  for (const type of Object.keys(scenario.markets).filter((name) => !offered.includes(name))) {
    issues.push({ path: `markets.${type}`, expected: `one of ${offered.join(", ") || "(none)"}`, found: type });
  }
  const shares = (scenario.classes ?? []).reduce((sum, one) => sum + one.share, 0);
  if (scenario.classes !== undefined && Math.abs(shares - 1) > 1e-6) {
    issues.push({ path: "classes", expected: "shares that sum to 1", found: String(shares) });
  }
  if (issues.length > 0) throw new ConfigError(source, issues);
  return scenario;
}

async function readScenario(path: string): Promise<Scenario> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ConfigError(path, [{ path: "(file)", expected: "a readable scenario file", found: "none" }], { cause });
  });
  if (text.length > MAX_SCENARIO_BYTES) {
    throw new ConfigError(path, [
      { path: "(file)", expected: `at most ${MAX_SCENARIO_BYTES} bytes`, found: `${text.length}` },
    ]);
  }
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) throw new ConfigError(path, [{ path: "(file)", expected: "YAML", found: fault.message }]);
  return checkScenario(document.toJS({ maxAliasCount: 100 }), path);
}

/**
 * A scenario by the name of one that ships, or by path (anything with a slash or ending in .yaml, .yml or .json).
 * @throws {UnknownNameError} for a name that does not ship
 * @throws {ConfigError} for a file that is missing or does not fit
 */
export async function loadScenario(nameOrPath: string): Promise<LoadedScenario> {
  const isPath = /[\\/]|\.(ya?ml|json)$/.test(nameOrPath);
  if (!isPath) {
    const names = await listScenarios();
    if (!names.includes(nameOrPath)) throw new UnknownNameError("scenario", nameOrPath, names);
  }
  const path = isPath
    ? isAbsolute(nameOrPath)
      ? nameOrPath
      : resolve(nameOrPath)
    : join(scenarioFolder, `${nameOrPath}.yaml`);
  return { scenario: await readScenario(path), path, folder: dirname(path) };
}
