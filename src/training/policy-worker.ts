// A worker's side of an evaluation: runs one policy on one seed and hands back what it came to.

import { type LoadedScenario, type OpenScenario, openScenario } from "../../environments/index.ts";
import { canonicalJson } from "../core/index.ts";
import type { PolicySource } from "./policies.ts";
import { runPolicy } from "./run-policy.ts";
import type { PolicyRun } from "./scorecard.ts";

/** One policy on one seed, in plain data that crosses to a worker. */
export interface PolicyTask {
  /** Name of a scenario that ships, path of a file, or as loaded. */
  readonly scenario: string | LoadedScenario;
  readonly dataFolder: string | null;
  readonly source: PolicySource;
  readonly seed: number;
  /** What the policy is told of, and whose arrivals it recalls; the scenario itself where absent. */
  readonly told?: LoadedScenario | undefined;
  readonly past?: LoadedScenario | undefined;
  /** Whether the run ends once an hour has missed an SLO. */
  readonly untilMiss?: boolean | undefined;
}

/** Scenarios that stay open: one run's, each its own. */
const MOST_OPEN = 3;
const opened = new Map<string, Promise<OpenScenario>>();

function scenarioOf(scenario: string | LoadedScenario, dataFolder: string | null): Promise<OpenScenario> {
  const key = canonicalJson([scenario, dataFolder]);
  const open = opened.get(key) ?? openScenario(scenario, { dataFolder });
  opened.delete(key);
  opened.set(key, open);
  for (const oldest of opened.keys()) if (opened.size > MOST_OPEN) opened.delete(oldest);
  return open;
}

const MS_PER_NS = 1e-6;

/** Runs the task; its scenarios stay open for the next one. */
export default async function run(task: PolicyTask): Promise<PolicyRun> {
  const { scenario, dataFolder, source, seed, told, past, untilMiss = false } = task;
  const nowMs = (): number => Number(process.hrtime.bigint()) * MS_PER_NS;
  const open = await scenarioOf(scenario, dataFolder);
  const hearsay = {
    told: told === undefined ? open : await scenarioOf(told, dataFolder),
    past: past === undefined ? open : await scenarioOf(past, dataFolder),
  };
  return runPolicy(open, source, seed, { nowMs, hearsay, untilMiss });
}
