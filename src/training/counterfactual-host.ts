// The host's side of counterfactuals: one at a time, in a worker, so that the calling thread stays free.

import { Piscina } from "piscina";
import { compiledEntry } from "../store/index.ts";
import type { Counterfactual } from "./counterfactual.ts";
import type { CounterfactualTask } from "./counterfactual-worker.ts";

/** Computes counterfactuals. */
export interface CounterfactualHost {
  /** @throws when the scenario cannot be opened or the replay fails */
  compute(task: CounterfactualTask): Promise<Counterfactual>;
  close(): Promise<void>;
}

/** An idle worker is let go after this. */
const IDLE_MS = 30_000;

/** Opens a worker for counterfactuals. */
export function counterfactualHost(): CounterfactualHost {
  const pool = new Piscina<CounterfactualTask, Counterfactual>({
    filename: compiledEntry("src/training/counterfactual-worker.ts"),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
  });
  return { compute: (task) => pool.run(task), close: () => pool.destroy() };
}
