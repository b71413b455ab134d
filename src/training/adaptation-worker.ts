// A worker's side of the adaptation benchmark: an agent trained on applications, or one at home in a new one.

import { application } from "../../environments/application.ts";
import { openScenario } from "../../environments/index.ts";
import type { AgentSnapshot } from "../core/index.ts";
import { type AcrossOptions, trainAcross } from "./across.ts";
import { type AdaptationOrder, type AdaptationRun, adaptationRun } from "./adaptation.ts";

/** One run, in plain data that crosses to a worker. */
export type AdaptationTask =
  | ({ readonly kind: "train" } & Omit<AcrossOptions, "onApplication">)
  | ({ readonly kind: "adapt"; readonly application: number } & AdaptationOrder);

/** What a task comes to. */
export type AdaptationResult =
  | { readonly kind: "trained"; readonly learnt: AgentSnapshot }
  | { readonly kind: "adapted"; readonly run: AdaptationRun };

/** Runs the task. */
export default async function run(task: AdaptationTask): Promise<AdaptationResult> {
  if (task.kind === "train") return { kind: "trained", learnt: (await trainAcross(task)).snapshot };
  const open = await openScenario(application(task.application), { dataFolder: null });
  return { kind: "adapted", run: await adaptationRun(open, task) };
}
