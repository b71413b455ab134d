// A worker's side of a training: trains one agent, writes its checkpoint, and tells how far it is.

import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { openScenario } from "../../environments/index.ts";
import { writeCheckpoint } from "../store/index.ts";
import { train } from "./train.ts";
import type { TrainingRequest, TrainingUpdate } from "./training-host.ts";

/** Steps between two reports; at most a few hundred messages a second. */
const REPORT_EVERY_STEPS = 10;

/** Linux gives a thread a niceness of its own: whoever answers requests goes first where cores are short. */
const NICENESS = 10;
if (process.platform === "linux") setPriority(NICENESS);

const port = parentPort;
if (port === null) throw new Error("worker: expected to run in a worker thread, found the main thread");
const request: TrainingRequest = workerData;
let stopped = false;
port.on("message", () => {
  stopped = true;
});

const post = (update: TrainingUpdate): void => port.postMessage(update);

/** Lets the message of a stop in; the training itself never waits. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const open = await openScenario(request.scenario, { dataFolder: request.dataFolder });
const checkpoint = await train(open, {
  agent: request.agent,
  seed: request.seed,
  episodes: request.episodes,
  onStep: async (progress) => {
    if (progress.step % REPORT_EVERY_STEPS === 0) {
      post({ type: "progress", progress });
      await breathe();
    }
    return !stopped;
  },
  onEpisode: async (finished, progress) => {
    await writeCheckpoint(request.out, finished);
    post({ type: "episode", progress });
  },
});
await writeCheckpoint(request.out, checkpoint);
post({ type: "done", stopped });
port.close();
