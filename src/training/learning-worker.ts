// A worker's side of the learning benchmark: one agent on one application, from its beginning.

import { application } from "../../environments/application.ts";
import { openScenario } from "../../environments/index.ts";
import { type LearningOrder, type LearningRun, learningRun } from "./learning-run.ts";

/** One run, in plain data that crosses to a worker. */
export interface LearningTask extends LearningOrder {
  /** Number of the application. */
  readonly application: number;
}

/** Runs the task. */
export default async function run(task: LearningTask): Promise<LearningRun> {
  return learningRun(await openScenario(application(task.application), { dataFolder: null }), task);
}
