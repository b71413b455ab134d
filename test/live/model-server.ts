// A small model server on loopback that really queues, batches and takes time, with knobs that turn while it runs and
// metrics in the dialect of any serving system. Inference is a sleep: what it costs is known, and no core is needed.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** What can be turned. */
export interface ServerKnobs {
  readonly concurrency: number;
  readonly maxBatchSize: number;
}

/** Names of its metrics. */
export interface MetricNames {
  readonly entered: string;
  readonly left: string;
  readonly running: string;
  readonly waiting: string;
  readonly latency: string;
  /** Units of a second that the latency is told in. */
  readonly perSecond: number;
  readonly busy: string;
}

/** A batch takes this, and this for each request in it. */
const BATCH_MS = 4;
const REQUEST_MS = 1;

const EDGES_MS = [2, 4, 6, 8, 10, 14, 20, 28, 40, 56, 80, 112, 160, 226, 320, 640, 1280];

interface Waiting {
  readonly sinceMs: number;
  readonly answer: () => void;
}

/** Answers every POST once its batch is served, and GET /metrics. */
export class ModelServer {
  knobs: ServerKnobs;
  /** Requests it took in and answered so far. */
  entered = 0;
  answered = 0;
  readonly #names: MetricNames;
  readonly #server: Server;
  #registry = new Registry();
  #meters: ReturnType<ModelServer["meters"]>;
  #queue: Waiting[] = [];
  #busy = 0;
  #port = 0;

  constructor(knobs: ServerKnobs, names: MetricNames) {
    this.knobs = knobs;
    this.#names = names;
    this.#meters = this.meters();
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Takes no more connections, and drops those there are. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** As a restarted process would: every counter starts at 0. */
  resetCounters(): void {
    this.#registry = new Registry();
    this.#meters = this.meters();
  }

  meters() {
    const { entered, left, running, waiting, latency, perSecond, busy } = this.#names;
    const registers = [this.#registry];
    const labelNames = ["model_name"];
    const of = (name: string) => ({ name, help: name, registers, labelNames });
    const buckets = EDGES_MS.map((edge) => (edge / 1000) * perSecond);
    return {
      entered: new Counter(of(entered)),
      left: new Counter(of(left)),
      running: new Gauge(of(running)),
      waiting: new Gauge(of(waiting)),
      latency: new Histogram({ ...of(latency), buckets }),
      busy: new Counter(of(busy)),
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET") {
      const { model_name } = labels;
      this.#meters.running.set({ model_name }, this.entered - this.answered - this.#queue.length);
      this.#meters.waiting.set({ model_name }, this.#queue.length);
      response.end(await this.#registry.metrics());
      return;
    }
    request.resume();
    this.entered += 1;
    this.#meters.entered.inc(labels);
    this.#queue.push({ sinceMs: performance.now(), answer: () => response.end("1") });
    this.#serve();
  }

  /** Starts batches while there are requests and lanes. */
  #serve(): void {
    while (this.#busy < this.knobs.concurrency && this.#queue.length > 0) {
      const batch = this.#queue.splice(0, this.knobs.maxBatchSize);
      this.#busy += 1;
      void this.#run(batch).then(() => {
        this.#busy -= 1;
        this.#serve();
      });
    }
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    const startMs = performance.now();
    await sleep(BATCH_MS + REQUEST_MS * batch.length);
    const endMs = performance.now();
    this.#meters.busy.inc(labels, (endMs - startMs) / 1000);
    for (const { sinceMs, answer } of batch) {
      this.#meters.latency.observe(labels, ((endMs - sinceMs) / 1000) * this.#names.perSecond);
      this.#meters.left.inc(labels);
      this.answered += 1;
      answer();
    }
  }
}

const labels = { model_name: "m" };
