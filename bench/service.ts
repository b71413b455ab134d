// Decisions over HTTP beside a bare Express route, both under load while a training runs in its worker.
//
// Short blocks of load on the one route and on the other alternate in one run, from a generator in a thread of
// its own; both routes take the same body and give the same answer. The first blocks warm up and do not count.

import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import express from "express";
import { pino } from "pino";
import { listen, openService, type Service } from "../src/http/index.ts";
import { quantile, SeededRandom } from "../src/math/index.ts";
import { compiledEntry } from "../src/store/index.ts";
import type { LoadBlock, LoadResult, LoadTarget } from "./load-generator.ts";

const REQUESTS_PER_SECOND = 1000;
const BLOCK_MS = 250;
const WARM_UP_ROUNDS = 10;
const ROUNDS = 60;
const IN_PROCESS_DECISIONS = 50_000;
const SCENARIO = "image-diurnal";
const AGENT = "region-q";

/** What `trimtab bench service` prints. */
export interface ServiceBench {
  readonly act: { readonly requestsPerSecond: number; readonly p50Ms: number; readonly p99Ms: number };
  readonly bareP50Ms: number;
  readonly bareP99Ms: number;
  readonly actInProcessMicros: { readonly p50: number; readonly p99: number };
}

class Generator {
  readonly #worker: Worker;

  constructor(targets: readonly LoadTarget[]) {
    this.#worker = new Worker(compiledEntry("bench/load-generator.ts"), { workerData: targets });
  }

  run(block: LoadBlock): Promise<LoadResult> {
    return new Promise((resolve, reject) => {
      this.#worker.removeAllListeners("error");
      this.#worker.once("error", reject);
      this.#worker.once("message", resolve);
      this.#worker.postMessage(block);
    });
  }

  async close(): Promise<void> {
    this.#worker.postMessage("stop");
    await this.#worker.terminate();
  }
}

async function trained(service: Service): Promise<string> {
  const { trainings } = service.services;
  const { id } = await trainings.start({ scenario: SCENARIO, agent: AGENT, seed: 1, episodes: 1 });
  await new Promise<void>((resolve) => {
    trainings.watch(id, ({ status }) => {
      if (status !== "running") resolve();
    });
  });
  const { policy, error } = trainings.get(id);
  if (policy === null) throw new Error(`training for the bench: expected a policy, found none: ${error}`);
  return policy;
}

/** An Express application that does the least there is to do: parse the body, answer. */
async function bareServer(answer: unknown): Promise<{ url: string; close: () => void }> {
  const app = express();
  app.use(express.json());
  app.post("/bare", (_request, response) => void response.json(answer));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/bare`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function actInProcess(service: Service, policyId: string): Promise<ServiceBench["actInProcessMicros"]> {
  const { policy, task } = await service.services.policies.ready(policyId);
  const random = new SeededRandom(1);
  const states = Array.from({ length: 1000 }, (_, i) => task.observationSpace.sample(random.split(String(i))));
  const micros = new Float64Array(IN_PROCESS_DECISIONS);
  let consumed = 0;
  for (let i = -states.length; i < micros.length; i++) {
    const state = states[(i + states.length) % states.length];
    if (state === undefined) continue;
    const startedMs = performance.now();
    consumed += Object.keys(policy.act(state)).length;
    if (i >= 0) micros[i] = (performance.now() - startedMs) * 1000;
  }
  if (consumed === 0) throw new Error("bench: expected decisions, found none");
  return { p50: quantile(micros, 0.5), p99: quantile(micros, 0.99) };
}

async function underLoad(
  service: Service,
  policyId: string,
  actUrl: string,
): Promise<Omit<ServiceBench, "actInProcessMicros">> {
  const { task, policy } = await service.services.policies.ready(policyId);
  const state = task.observationSpace.sample(new SeededRandom(2));
  const body = JSON.stringify({ vector: [...task.observationSpace.encode(state)] });
  const bare = await bareServer({ action: policy.act(state), policyId });
  const generator = new Generator([
    { url: actUrl, body },
    { url: bare.url, body },
  ]);
  const latencies: [number[], number[]] = [[], []];
  const rates: number[] = [];
  try {
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
      for (const target of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const block = { target, requestsPerSecond: REQUESTS_PER_SECOND, durationMs: BLOCK_MS };
        const result = await generator.run(block);
        if (result.failures > 0)
          throw new Error(`bench: expected every request answered, found ${result.failures} not`);
        if (round < WARM_UP_ROUNDS) continue;
        latencies[target === 0 ? 0 : 1].push(...result.latenciesMs);
        if (target === 0) rates.push(result.requestsPerSecond);
      }
    }
  } finally {
    await generator.close();
    bare.close();
  }
  const [act, other] = latencies;
  return {
    act: {
      requestsPerSecond: rates.reduce((sum, rate) => sum + rate, 0) / rates.length,
      p50Ms: quantile(act, 0.5),
      p99Ms: quantile(act, 0.99),
    },
    bareP50Ms: quantile(other, 0.5),
    bareP99Ms: quantile(other, 0.99),
  };
}

/** Measures decisions over HTTP and in the process. Takes about 40 s. */
export async function benchService(): Promise<ServiceBench> {
  const folder = await mkdtemp(join(tmpdir(), "trimtab-bench-"));
  const service = await openService({
    storeFolder: folder,
    version: "bench",
    dataFolder: null,
    token: null,
    log: pino({ level: "warn" }, pino.destination(2)),
    cluster: null,
    processMetrics: true,
  });
  const listening = await listen(service.app, { host: "127.0.0.1", port: 0, protected: false });
  try {
    const policyId = await trained(service);
    const actInProcessMicros = await actInProcess(service, policyId);
    const { trainings } = service.services;
    const { id } = await trainings.start({ scenario: SCENARIO, agent: AGENT, seed: 2, episodes: 10_000 });
    const loaded = await underLoad(service, policyId, `${listening.url}/v1/policies/${policyId}/act`);
    const { status } = trainings.get(id);
    if (status !== "running") throw new Error(`bench: expected the training to run throughout, found it ${status}`);
    return { ...loaded, actInProcessMicros };
  } finally {
    await listening.close(1000);
    await service.close();
    await rm(folder, { recursive: true, force: true });
  }
}
