// The worker's side of training: TensorFlow.js lives here and nowhere else.

import { createRequire } from "node:module";
import { setPriority } from "node:os";
import { type MessagePort, workerData } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs-core";
// For its side effect: in Node the core comes without gradients, and the layers register them.
import "@tensorflow/tfjs-layers";
import type { Backend } from "./backend.ts";
import { askNetworks, trainNetworks } from "./gradient-training.ts";
import type { NetworkPair, Samples, TrainingJob, TrainingOutcome } from "./training-job.ts";

/** What may be asked of the worker. */
export type WorkerRequest =
  | { readonly kind: "train"; readonly job: TrainingJob }
  | {
      readonly kind: "ask";
      readonly networks: NetworkPair;
      readonly samples: Pick<Samples, "rows" | "features" | "sequence">;
    };

/** What the worker holds on to between jobs. */
export interface WorkerMemory {
  /** Of this thread: JavaScript heap and the buffers outside it, WebAssembly's included. */
  readonly bytes: number;
  readonly tensors: number;
}

/** What the worker answers. */
export type WorkerReply =
  | { readonly kind: "trained"; readonly outcome: TrainingOutcome; readonly memory: WorkerMemory }
  | {
      readonly kind: "answered";
      readonly scores: Float32Array;
      readonly value: Float32Array;
      readonly memory: WorkerMemory;
    }
  | { readonly kind: "failed"; readonly message: string };

/** How the worker is reached: replies go to the port, and the asker sleeps on the bell. */
export interface WorkerLine {
  readonly port: MessagePort;
  readonly bell: Int32Array;
  readonly backend: Backend;
}

/** Linux gives a thread a niceness of its own: whoever answers requests goes first where cores are short. */
const NICENESS = 10;
if (process.platform === "linux") setPriority(NICENESS);

const { port, bell, backend }: WorkerLine = workerData;

/** An optional dependency: where it is not installed there are no types of it either. Required, for NODE_PATH's sake. */
const NATIVE: string = "@tensorflow/tfjs-node";

async function start(): Promise<void> {
  // Without this the library greets whoever reads standard output, where a command prints its JSON.
  tf.enableProdMode();
  switch (backend) {
    case "wasm":
      await import("@tensorflow/tfjs-backend-wasm");
      break;
    case "cpu":
      await import("@tensorflow/tfjs-backend-cpu");
      break;
    case "tensorflow":
      createRequire(import.meta.url)(NATIVE);
      break;
  }
  if (!(await tf.setBackend(backend))) throw new Error(`tensorflow backend ${backend}: could not be started`);
  await tf.ready();
}

function memory(): WorkerMemory {
  const { heapUsed, external } = process.memoryUsage();
  return { bytes: heapUsed + external, tensors: tf.memory().numTensors };
}

async function replyTo(request: WorkerRequest): Promise<WorkerReply> {
  await started;
  switch (request.kind) {
    case "train": {
      const outcome = await trainNetworks(request.job);
      return { kind: "trained", outcome, memory: memory() };
    }
    case "ask": {
      const { scores, value } = askNetworks(request.networks, request.samples);
      return { kind: "answered", scores, value, memory: memory() };
    }
  }
}

const started = start();
// Every job waits for the start and tells why it failed; before the first one nobody is there to be told.
started.catch(() => undefined);
port.on("message", (request: WorkerRequest) => {
  void replyTo(request)
    .catch(
      (error): WorkerReply => ({ kind: "failed", message: error instanceof Error ? error.message : String(error) }),
    )
    .then((reply) => {
      port.postMessage(reply);
      Atomics.store(bell, 0, 1);
      Atomics.notify(bell, 0);
    });
});
