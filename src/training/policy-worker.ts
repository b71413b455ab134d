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
}

let opened: { readonly key: string; readonly open: Promise<OpenScenario> } | null = null;

function scenarioOf({ scenario, dataFolder }: PolicyTask): Promise<OpenScenario> {
  const key = canonicalJson([scenario, dataFolder]);
  if (opened?.key !== key) opened = { key, open: openScenario(scenario, { dataFolder }) };
  return opened.open;
}

const MS_PER_NS = 1e-6;

/** Runs the task; the scenario stays open for the next one. */
export default async function run(task: PolicyTask): Promise<PolicyRun> {
  const nowMs = (): number => Number(process.hrtime.bigint()) * MS_PER_NS;
  return runPolicy(await scenarioOf(task), task.source, task.seed, nowMs);
}
