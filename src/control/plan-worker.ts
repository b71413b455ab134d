// A worker's side of planning: opens the agent from its snapshot, lets it think, and hands it back.

import { findAgent } from "../../agents/index.ts";
import { agentContext, openTaskSource, type TaskSource, type TuningTask } from "../../environments/index.ts";
import type { AgentSnapshot } from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";
import { createOptimizer } from "../optimizers/index.ts";

/** Whose plan it is, in plain data that crosses to a worker. */
export interface PlanTask {
  readonly source: TaskSource;
  readonly dataFolder: string | null;
  readonly agent: string;
  readonly optimizer: string;
  readonly seed: number;
  readonly snapshot: AgentSnapshot;
}

let opened: { readonly key: string; readonly task: Promise<TuningTask> } | null = null;

function taskOf({ source, dataFolder }: PlanTask): Promise<TuningTask> {
  const key = JSON.stringify([source, dataFolder]);
  if (opened?.key !== key) opened = { key, task: openTaskSource(source, { dataFolder }) };
  return opened.task;
}

/** Plans; the task stays open for the next time. */
export default async function plan(order: PlanTask): Promise<AgentSnapshot> {
  const task = await taskOf(order);
  const random = new SeededRandom(order.seed).split("plan");
  const context = agentContext(task, random, order.seed, createOptimizer(order.optimizer));
  const agent = findAgent(order.agent).restore(context, order.snapshot);
  agent.plan?.();
  return agent.save();
}
