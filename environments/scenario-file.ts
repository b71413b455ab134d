// Finds, reads and checks scenario files: the ones that ship, by name, and anybody's, by path.

import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ConfigError, type FieldIssue, UnknownNameError } from "../src/core/index.ts";
import { packageRoot } from "../src/store/index.ts";
import { type Scenario, scenarioSchema } from "./scenario-schema.ts";
import { checkDocument, fromHere, isPath, readDocument, taskIssues } from "./task-file.ts";

/** A scenario and where it stands: relative paths in it start from its folder. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly path: string;
  readonly folder: string;
}

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

/**
 * Checks a parsed document as a scenario.
 * @param source named in errors
 * @throws {ConfigError} with the path, what was expected and what was found, for each fault
 */
export function checkScenario(document: unknown, source: string): Scenario {
  const scenario = checkDocument(scenarioSchema, document, source);
  const issues: FieldIssue[] = taskIssues(scenario);
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

/**
 * A scenario by the name of one that ships, or by path (anything with a slash or ending in .yaml, .yml or .json).
 * @throws {UnknownNameError} for a name that does not ship
 * @throws {ConfigError} for a file that is missing or does not fit
 */
export async function loadScenario(nameOrPath: string): Promise<LoadedScenario> {
  const given = isPath(nameOrPath);
  if (!given) {
    const names = await listScenarios();
    if (!names.includes(nameOrPath)) throw new UnknownNameError("scenario", nameOrPath, names);
  }
  const path = given ? fromHere(nameOrPath) : join(scenarioFolder, `${nameOrPath}.yaml`);
  return { scenario: checkScenario(await readDocument(path, "scenario"), path), path, folder: dirname(path) };
}
