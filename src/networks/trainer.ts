// Training networks without waiting for promises: a job goes to a worker thread, and the caller sleeps until it is done.
//
// The worker keeps nothing between jobs, so it is replaced as soon as it has grown: TensorFlow.js is known to leak in long
// runs. Weights and moments travel with every job, and so are handed over by the way.

import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { TrimtabError } from "../core/index.ts";
import { compiledEntry } from "../store/index.ts";
import { type Backend, type BackendChoice, backendOf } from "./backend.ts";
import type { NetworkPair, Samples, TrainingJob, TrainingOutcome } from "./training-job.ts";
import type { WorkerLine, WorkerMemory, WorkerReply, WorkerRequest } from "./training-worker.ts";

/** A worker holding more than this after a job is replaced before the next one. */
const LARGEST_WORKER_BYTES = 512 * 2 ** 20;

/** A job that takes longer counts as lost: its worker ran out of memory or hangs. */
const LONGEST_JOB_MS = 30 * 60_000;

/** Ceiling of the worker's JavaScript heap. */
const WORKER_HEAP_MB = 2048;

interface Line {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly bell: Int32Array;
}

/** Trains networks in a worker of its own. Owns no weights. */
export class Trainer {
  readonly backend: Backend;
  readonly #largestBytes: number;
  #line: Line | null = null;
  #memory: WorkerMemory = { bytes: 0, tensors: 0 };
  #workers = 0;

  /** @param largestBytes a worker that holds more after a job is replaced */
  constructor(backend: BackendChoice = "auto", largestBytes: number = LARGEST_WORKER_BYTES) {
    this.backend = backendOf(backend);
    this.#largestBytes = largestBytes;
  }

  /** What the worker held after its last job. */
  get memory(): WorkerMemory {
    return this.#memory;
  }

  /** Workers started so far. */
  get workers(): number {
    return this.#workers;
  }

  /**
   * Takes the gradient steps of a job.
   * @throws {TrimtabError} when the backend cannot be started, or the job fails or is lost
   */
  train(job: TrainingJob): TrainingOutcome {
    const reply = this.#ask({ kind: "train", job });
    if (reply.kind !== "trained") throw unexpected(reply);
    return reply.outcome;
  }

  /** What the library makes of networks, for comparing with what they are compiled to. @throws as `train` */
  ask(
    networks: NetworkPair,
    samples: Pick<Samples, "rows" | "features" | "sequence">,
  ): { readonly scores: Float32Array; readonly value: Float32Array } {
    const reply = this.#ask({ kind: "ask", networks, samples });
    if (reply.kind !== "answered") throw unexpected(reply);
    return reply;
  }

  /** Lets the worker go. The next job starts another. */
  close(): void {
    const line = this.#line;
    this.#line = null;
    line?.port.close();
    void line?.worker.terminate();
  }

  #ask(request: WorkerRequest): WorkerReply {
    const { port, bell } = this.#opened();
    Atomics.store(bell, 0, 0);
    port.postMessage(request);
    Atomics.wait(bell, 0, 0, LONGEST_JOB_MS);
    const reply: WorkerReply | undefined = receiveMessageOnPort(port)?.message;
    if (reply === undefined) {
      this.close();
      throw new TrimtabError("E_STATE", `training worker: expected an answer within ${LONGEST_JOB_MS} ms, found none`);
    }
    if (reply.kind === "failed") {
      this.close();
      throw new TrimtabError("E_STATE", `training worker, backend ${this.backend}: ${reply.message}`);
    }
    this.#memory = reply.memory;
    if (reply.memory.bytes > this.#largestBytes) this.close();
    return reply;
  }

  #opened(): Line {
    if (this.#line !== null) return this.#line;
    const { port1, port2 } = new MessageChannel();
    const bell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const line: WorkerLine = { port: port2, bell, backend: this.backend };
    const worker = new Worker(compiledEntry("src/networks/training-worker.ts"), {
      workerData: line,
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    });
    worker.unref();
    port1.unref();
    this.#workers += 1;
    this.#line = { worker, port: port1, bell };
    return this.#line;
  }
}

function unexpected(reply: WorkerReply): TrimtabError {
  return new TrimtabError("E_STATE", `training worker: expected the answer to another question, found ${reply.kind}`);
}

const shared = new Map<Backend, Trainer>();

/** The trainer of this thread for a backend; one worker serves all agents, for none of them leaves anything in it. */
export function sharedTrainer(choice: BackendChoice): Trainer {
  const backend = backendOf(choice);
  const known = shared.get(backend) ?? new Trainer(backend);
  shared.set(backend, known);
  return known;
}
