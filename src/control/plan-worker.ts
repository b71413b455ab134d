// A worker's side of planning: opens the agent from its snapshot, lets it think, and hands it back.

import { findAgent } from "../../agents/index.ts";
import { agentContext, type OpenScenario, openScenario } from "../../environments/index.ts";
import type { AgentSnapshot } from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";
import { createOptimizer } from "../optimizers/index.ts";

/** Whose plan it is, in plain data that crosses to a worker. */
export interface PlanTask {
  readonly scenario: string;
  readonly dataFolder: string | null;
  readonly agent: string;
  readonly optimizer: string;
  readonly seed: number;
  readonly snapshot: AgentSnapshot;
}

let opened: { readonly key: string; readonly open: Promise<OpenScenario> } | null = null;

function scenarioOf({ scenario, dataFolder }: PlanTask): Promise<OpenScenario> {
  const key = JSON.stringify([scenario, dataFolder]);
  if (opened?.key !== key) opened = { key, open: openScenario(scenario, { dataFolder }) };
  return opened.open;
}

/** Plans; the scenario stays open for the next time. */
export default async function plan(task: PlanTask): Promise<AgentSnapshot> {
  const open = await scenarioOf(task);
  const random = new SeededRandom(task.seed).split("plan");
  const context = agentContext(open, random, task.seed, createOptimizer(task.optimizer));
  const agent = findAgent(task.agent).restore(context, task.snapshot);
  agent.plan?.();
  return agent.save();
}
