// The host's side of a training: starts a worker, passes its reports on, and stops it when asked.

import { Worker } from "node:worker_threads";
import { TrimtabError } from "../core/index.ts";
import { compiledEntry } from "../store/index.ts";
import type { TrainProgress } from "./train.ts";

/** What to train, in plain data that crosses to a worker. */
export interface TrainingRequest {
  /** Name of a scenario that ships, or path of a file. */
  readonly scenario: string;
  readonly agent: string;
  readonly seed: number;
  readonly episodes: number;
  /** Checkpoint file, written after every episode. */
  readonly out: string;
  readonly dataFolder: string | null;
}

/** What a training tells while it runs. */
export type TrainingUpdate =
  | { readonly type: "progress" | "episode"; readonly progress: TrainProgress }
  | { readonly type: "done"; readonly stopped: boolean };

/** A training that runs in its own worker. */
export interface RunningTraining {
  /** Settles when the worker has ended; tells whether it was stopped early. */
  readonly done: Promise<{ readonly stopped: boolean }>;
  /** Asks for a stop; the checkpoint of the last finished episode stays. */
  stop(): void;
}

/** Young and old generation of the worker's heap; a runaway training ends itself, not the service. */
const WORKER_HEAP_MB = 2048;

/** Starts a training in a worker, so that the calling thread stays free. */
export function startTraining(request: TrainingRequest, onUpdate: (update: TrainingUpdate) => void): RunningTraining {
  const worker = new Worker(compiledEntry("src/training/worker.ts"), {
    workerData: request,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
  });
  let stopped = false;
  const done = new Promise<{ stopped: boolean }>((resolve, reject) => {
    worker.on("message", (update: TrainingUpdate) => {
      if (update.type === "done") stopped = update.stopped;
      onUpdate(update);
    });
    worker.once("error", reject);
    worker.once("exit", (code) => {
      if (code === 0) resolve({ stopped });
      else reject(new TrimtabError("E_STATE", `training worker: expected exit code 0, found ${code}`));
    });
  });
  return { done, stop: () => worker.postMessage("stop") };
}
