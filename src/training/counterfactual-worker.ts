// A worker's side of a counterfactual: opens the scenario, replays, and hands back what it came to.

import { setPriority } from "node:os";
import { openScenario } from "../../environments/index.ts";
import { type Counterfactual, counterfactual, type RecordedWindow } from "./counterfactual.ts";

/** What to replay, in plain data that crosses to a worker. */
export interface CounterfactualTask {
  /** Name of a scenario that ships, or path of a file. */
  readonly scenario: string;
  readonly dataFolder: string | null;
  readonly rule: string;
  readonly windows: readonly RecordedWindow[];
}

/** Linux gives a thread a niceness of its own: the control loops and whoever answers requests go first. */
const NICENESS = 10;
if (process.platform === "linux") setPriority(NICENESS);

/** Replays. */
export default async function run({
  scenario,
  dataFolder,
  rule,
  windows,
}: CounterfactualTask): Promise<Counterfactual> {
  return counterfactual(await openScenario(scenario, { dataFolder }), rule, windows);
}
