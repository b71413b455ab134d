// The host's side of planning: one worker that thinks for an agent while its loop goes on.

import { Piscina } from "piscina";
import type { AgentSnapshot } from "../core/index.ts";
import { compiledEntry } from "../store/index.ts";
import type { PlanTask } from "./plan-worker.ts";
import type { Planner } from "./thoughts.ts";

/** A planner and the worker behind it. */
export interface PlanHost {
  readonly planner: Planner;
  close(): Promise<void>;
}

/** An idle worker is let go after this; plans are far apart. */
const IDLE_MS = 10_000;

/** Opens a worker for one agent's plans. */
export function planHost(task: Omit<PlanTask, "snapshot">): PlanHost {
  const pool = new Piscina<PlanTask, AgentSnapshot>({
    filename: compiledEntry("src/control/plan-worker.ts"),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
  });
  return { planner: (snapshot) => pool.run({ ...task, snapshot }), close: () => pool.destroy() };
}
