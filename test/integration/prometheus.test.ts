// The prometheus observer against Debian's Prometheus, which scrapes model servers that queue and batch under load.

import type { Actuator, Observer } from "../../src/clusters/halves.ts";
import { findAdapter, systemClock } from "../../src/clusters/index.ts";
import { joined } from "../../src/clusters/joined.ts";
import { type ClusterAdapter, type Configuration, type Knob, ObservationError } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { adapterContract } from "../contracts/adapter.ts";
import { Load, post } from "../live/load.ts";
import { type MetricNames, ModelServer } from "../live/model-server.ts";
import { PrometheusServer, SCRAPE_S } from "../live/prometheus-server.ts";
import { TamperingProxy } from "../live/tampering-proxy.ts";

const knobs: readonly Knob[] = [
  { name: "concurrency", values: [1, 2, 4], actuation: "hot", actuationDelayS: 1, decideEveryS: 0 },
];

const plain: MetricNames = {
  entered: "model_requests_total",
  left: "model_answers_total",
  running: "model_running",
  waiting: "model_waiting",
  latency: "model_latency_seconds",
  perSecond: 1,
  busy: "model_busy_seconds_total",
};

const vllm = (kvCache: string, finished: string): MetricNames => ({
  entered: "front_requests_total",
  left: finished,
  running: "vllm:num_requests_running",
  waiting: "vllm:num_requests_waiting",
  latency: "vllm:e2e_request_latency_seconds",
  perSecond: 1,
  busy: kvCache,
});

const tensorflow: MetricNames = {
  entered: "front_requests_total",
  left: ":tensorflow:serving:request_count",
  running: "front_running",
  waiting: "front_waiting",
  latency: ":tensorflow:serving:request_latency",
  perSecond: 1e6,
  busy: ":tensorflow:serving:batching_session:busy_seconds",
};

/** The options of a plain server, whose names no preset knows. */
const plainMetrics = {
  arrivals: { entered: plain.entered },
  latency: { histogram: plain.latency, unit: "s" },
  queue: [plain.waiting],
  utilization: { busy: plain.busy, unit: "s", lanes: 2 },
  batch: null,
  service: null,
  dropped: null,
  offloaded: null,
};

const context = {
  cluster: "mine",
  knobs,
  slo: [{ percentile: 0.99, latencyMs: 100 }] as const,
  initial: {},
  committedUsdPerHour: (configuration: Configuration) => Number(configuration["concurrency"]),
  secret: () => null,
  clock: systemClock,
};

let prometheus: PrometheusServer;
let cleanUps: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  prometheus = await PrometheusServer.start();
});
afterAll(async () => {
  await bench?.load.stop();
  await bench?.server.stop();
  await prometheus?.stop();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
});

async function started(names: MetricNames): Promise<ModelServer> {
  const server = new ModelServer({ concurrency: 2, maxBatchSize: 2 }, names);
  await server.listen();
  cleanUps.push(() => server.stop());
  // A series is there from the first request on.
  await post(server.url)();
  return server;
}

function watch(...servers: readonly ModelServer[]): Promise<void> {
  return prometheus.watch(servers.map(({ port }) => port));
}

async function watched(names: MetricNames): Promise<ModelServer> {
  const server = await started(names);
  await watch(server);
  return server;
}

function loaded(server: ModelServer, rateRps: number, seed: number): Load {
  const load = new Load(rateRps, post(server.url), new SeededRandom(seed));
  cleanUps.push(() => load.stop());
  return load;
}

async function observed(options: Record<string, unknown>, endpoint = prometheus.url): Promise<Observer> {
  const base = { endpoint, scrapeS: SCRAPE_S, maxAgeS: 4 * SCRAPE_S, lookbackS: 0, timeoutMs: 2000 };
  return findAdapter("prometheus").openObserver({ ...base, ...options }, context);
}

/** Turns the model server in this process: at once, and without a word. */
function turned(server: ModelServer): { actuator: Actuator; deaf: { value: boolean }; changes: { value: number } } {
  const deaf = { value: false };
  const changes = { value: 0 };
  const actuator: Actuator = {
    observe: async () => ({ configuration: { concurrency: server.knobs.concurrency }, inFlight: null, fleet: {} }),
    apply: async ({ concurrency }) => {
      if (deaf.value || concurrency === server.knobs.concurrency) return;
      changes.value += 1;
      server.knobs = { ...server.knobs, concurrency: Number(concurrency) };
    },
    close: async () => undefined,
  };
  return { actuator, deaf, changes };
}

/** A window; one that a busy machine made a scrape of time out is told with the next. */
async function whole(observer: Observer): ReturnType<Observer["observe"]> {
  for (let tries = 1; ; tries++) {
    try {
      return await observer.observe();
    } catch (error) {
      if (tries === 5 || !(error instanceof ObservationError)) throw error;
      await pause(1.5 * SCRAPE_S);
    }
  }
}

const pause = (seconds: number): Promise<void> => systemClock.sleep(seconds * 1000);

/** The one server of the contract's benches, under load all the time. */
let bench: { readonly server: ModelServer; readonly load: Load } | null = null;

async function benchServer(): Promise<ModelServer> {
  if (bench === null) {
    const server = await watched(plain);
    // It outlives the test that started it.
    cleanUps = [];
    bench = { server, load: new Load(30, post(server.url), new SeededRandom(1)) };
  }
  bench.server.knobs = { concurrency: 2, maxBatchSize: 2 };
  return bench.server;
}

adapterContract("prometheus", async () => {
  const server = await benchServer();
  const proxy = new TamperingProxy(prometheus.url);
  await proxy.listen();
  cleanUps.push(() => proxy.stop());
  const { actuator, deaf, changes } = turned(server);
  const adapter: ClusterAdapter = joined(actuator, await observed({ metrics: plainMetrics }, proxy.url), context);
  return {
    adapter,
    other: { concurrency: 4 },
    windowS: 2 * SCRAPE_S,
    failedReads: {
      "nobody answers": () => proxy.untilSilent(),
      "no series": () => proxy.untilDistorted((_, body) => body.replace(/"result":\[.*\]/, '"result":[]')),
      "a target that is down": async () => {
        const { port } = server;
        await server.stop();
        return async () => {
          await server.listen(port);
          await pause(1.5 * SCRAPE_S);
        };
      },
    },
    deafen: async () => {
      deaf.value = true;
      return async () => {
        deaf.value = false;
      };
    },
    changes: async () => changes.value,
    close: () => adapter.close(),
  };
});

test("windows join without gap or overlap: every request of the load is told once", async () => {
  const server = await watched(plain);
  // Prometheus goes on telling a while of the servers of the tests before.
  const observer = await observed({ metrics: plainMetrics, match: { instance: `127.0.0.1:${server.port}` } });
  await pause(3 * SCRAPE_S);
  const first = await whole(observer);
  const load = loaded(server, 40, 2);
  let told = 0;
  let toldS = first.timeS;
  for (let i = 0; i < 3; i++) {
    await pause(2.7 * SCRAPE_S);
    const { metrics, timeS } = await whole(observer);
    expect(timeS - metrics.durationS).toBeCloseTo(toldS, 6);
    expect(metrics.utilization).toBeGreaterThan(0.05);
    expect(metrics.latency?.meanMs).toBeGreaterThan(5);
    toldS = timeS;
    told += metrics.requests;
  }
  await load.stop();
  await pause(3 * SCRAPE_S);
  told += (await whole(observer)).metrics.requests;
  expect(first.metrics).toMatchObject({ requests: 0, latency: null });
  expect(told).toBeCloseTo(load.sent, 6);
}, 60_000);

test("vLLM's names, old ones of one replica and new ones of another, as in the middle of an upgrade", async () => {
  const old = await started(vllm("vllm:gpu_cache_usage_perc", "vllm:request_success"));
  const upgraded = await started(vllm("vllm:kv_cache_usage_perc", "vllm:request_success_total"));
  const servers = [old, upgraded];
  await watch(...servers);
  const observer = await observed({ preset: "vllm", match: { model_name: "m" } });
  await whole(observer).catch(() => undefined);
  const loads = servers.map((server, i) => loaded(server, 20, 30 + i));
  await pause(4 * SCRAPE_S);
  await Promise.all(loads.map((load) => load.stop()));
  await pause(2 * SCRAPE_S);
  const { metrics } = await whole(observer);
  // Requests are counted as they leave; none is inside by now.
  expect(metrics.requests).toBeCloseTo((loads[0]?.sent ?? 0) + (loads[1]?.sent ?? 0), 6);
  expect(metrics.latency?.p99Ms).toBeGreaterThan(5);
  expect(metrics.service).toBeNull();
}, 60_000);

test("TensorFlow Serving's names, which start with a colon", async () => {
  const server = await watched(tensorflow);
  loaded(server, 40, 4);
  await pause(3 * SCRAPE_S);
  const observer = await observed({
    preset: "tf-serving",
    metrics: {
      arrivals: { left: [tensorflow.left], inside: ["front_running", "front_waiting"] },
      queue: ["front_waiting"],
      utilization: { busy: tensorflow.busy, unit: "s", lanes: 2 },
      batch: null,
      service: { total: ":tensorflow:serving:request_latency_sum", batches: tensorflow.left, unit: "us" },
    },
  });
  await pause(3 * SCRAPE_S);
  const { metrics } = await whole(observer);
  expect(metrics.arrivals.rateRps).toBeGreaterThan(20);
  expect(metrics.latency?.meanMs).toBeGreaterThan(5);
  expect(metrics.service?.meanMs).toBeCloseTo(metrics.latency?.meanMs ?? 0, 6);
}, 60_000);

test("a preset that does not tell everything says what the cluster file must", async () => {
  const opening = observed({ preset: "tf-serving" });
  await expect(opening).rejects.toThrow(
    "cluster mine: options.metrics.arrivals: expected it, which the preset tf-serving does not tell, found nothing",
  );
});

test("a server started anew is an error, and the next window starts after it", async () => {
  const server = await watched(plain);
  loaded(server, 40, 5);
  await pause(3 * SCRAPE_S);
  const observer = await observed({ metrics: plainMetrics });
  await pause(3 * SCRAPE_S);
  await whole(observer);
  server.resetCounters();
  await pause(3 * SCRAPE_S);
  await expect(observer.observe()).rejects.toThrow(/model_requests_total.*: expected a counter that grows, found/);
  await pause(3 * SCRAPE_S);
  const { metrics } = await whole(observer);
  expect(metrics.arrivals.rateRps).toBeLessThan(80);
}, 60_000);

test("replicas may come and go, but one that is still wanted and does not answer makes a part of the truth", async () => {
  const stays = await started(plain);
  const goes = await started(plain);
  loaded(stays, 30, 6);
  loaded(goes, 30, 7);
  await watch(stays, goes);
  const observer = await observed({ metrics: plainMetrics });
  await pause(3 * SCRAPE_S);
  expect((await whole(observer)).metrics.arrivals.rateRps).toBeGreaterThan(40);
  await watch(stays);
  await whole(observer);
  await pause(3 * SCRAPE_S);
  expect((await whole(observer)).metrics.arrivals.rateRps).toBeLessThan(45);
  await watch(stays, goes);
  await whole(observer);
  await pause(3 * SCRAPE_S);
  expect((await whole(observer)).metrics.arrivals.rateRps).toBeGreaterThan(40);
  await goes.stop();
  await pause(3 * SCRAPE_S);
  await expect(observer.observe()).rejects.toThrow(ObservationError);
  await expect(observer.observe()).rejects.toThrow(/up\{.*\}: expected 1, found 0/);
}, 90_000);

test("watched alone, what runs is read from gauges and the cluster file, and nothing can be changed", async () => {
  const server = await watched(plain);
  loaded(server, 30, 8);
  await pause(3 * SCRAPE_S);
  const adapter = await findAdapter("prometheus").open(
    {
      endpoint: prometheus.url,
      scrapeS: SCRAPE_S,
      maxAgeS: 4 * SCRAPE_S,
      lookbackS: 0,
      metrics: plainMetrics,
      configuration: { concurrency: { gauge: "up" } },
    },
    context,
  );
  await adapter.advance(3 * SCRAPE_S);
  const state = await adapter.observe();
  expect(state).toMatchObject({ configuration: { concurrency: 1 }, inFlight: null });
  await expect(adapter.apply({ concurrency: 2 })).rejects.toThrow("expected an adapter that changes things");
  await adapter.close();
}, 60_000);
