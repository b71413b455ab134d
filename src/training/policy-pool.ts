// The host's side of an evaluation in workers: one policy on one seed a task, on all cores.

import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import type { LoadedScenario } from "../../environments/index.ts";
import { compiledEntry } from "../store/index.ts";
import type { RunPolicy } from "./evaluate.ts";
import type { PolicyTask } from "./policy-worker.ts";
import type { PolicyRun } from "./scorecard.ts";

/** Workers that run policies; results do not depend on how many there are. */
export interface PolicyPool {
  readonly run: RunPolicy;
  close(): Promise<void>;
}

/** What policies go by where that is not the scenario they run on. */
export type TaskHearsay = Pick<PolicyTask, "told" | "past">;

/**
 * Opens a pool for one scenario.
 * @param scenario name of a scenario that ships, path of a file, or as loaded
 */
export function policyPool(
  scenario: string | LoadedScenario,
  dataFolder: string | null,
  workers: number = availableParallelism(),
  hearsay: TaskHearsay = {},
): PolicyPool {
  const pool = new Piscina<PolicyTask, PolicyRun>({
    filename: compiledEntry("src/training/policy-worker.ts"),
    maxThreads: workers,
    minThreads: 0,
  });
  return {
    run: (source, seed, { untilMiss }) => pool.run({ scenario, dataFolder, source, seed, untilMiss, ...hearsay }),
    close: () => pool.destroy(),
  };
}
