// The triton adapter against a real Triton server, under load.

import { join } from "node:path";
import { openScenario } from "../../environments/index.ts";
import { findAdapter, systemClock } from "../../src/clusters/index.ts";
import { ActuationError, type ClusterAdapter, type Configuration, type Knob } from "../../src/core/index.ts";
import { exportSource, findExporter } from "../../src/export/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { packageRoot } from "../../src/store/index.ts";
import { train } from "../../src/training/index.ts";
import { adapterContract } from "../contracts/adapter.ts";
import { Load, post } from "../live/load.ts";
import { TamperingProxy } from "../live/tampering-proxy.ts";
import { inference, TritonServer } from "../live/triton-server.ts";

const reload = { actuation: "reload", actuationDelayS: 5, decideEveryS: 0 } as const;
const knobs: readonly Knob[] = [
  { name: "concurrency", values: [1, 2], ...reload },
  { name: "maxBatchSize", values: [1, 4, 8], ...reload },
  { name: "maxBatchDelayMs", values: [0, 2.5], ...reload },
];
const initial: Configuration = { concurrency: 1, maxBatchSize: 4, maxBatchDelayMs: 0 };

const RATE_RPS = 60;

let server: TritonServer;
let load: Load;
let http: TamperingProxy;
let metrics: TamperingProxy;

beforeAll(async () => {
  server = await TritonServer.start();
  http = new TamperingProxy(server.url);
  metrics = new TamperingProxy(server.metricsUrl);
  await http.listen();
  await metrics.listen();
  load = new Load(RATE_RPS, post(`${server.url}/v2/models/m/infer`, inference), new SeededRandom(1));
}, 150_000);

let cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  cleanUps = [];
});

afterAll(async () => {
  await load?.stop();
  await http?.stop();
  await metrics?.stop();
  await server?.stop();
});

function opened(percentile = 0.99, endpoints = { endpoint: http.url, metricsEndpoint: metrics.url }) {
  return findAdapter("triton").open(
    { ...endpoints, model: "m", timeoutMs: 5000 },
    {
      cluster: "mine",
      knobs,
      slo: [{ percentile, latencyMs: 100 }],
      initial: {},
      committedUsdPerHour: ({ concurrency }) => Number(concurrency),
      secret: () => null,
      clock: systemClock,
    },
  );
}

async function observed(adapter: ClusterAdapter, seconds: number) {
  await adapter.advance(seconds);
  return adapter.observe();
}

adapterContract("triton", async () => {
  const adapter = await opened();
  await adapter.apply(initial);
  return {
    adapter,
    other: { concurrency: 2, maxBatchSize: 8, maxBatchDelayMs: 2.5 },
    windowS: 2,
    failedReads: {
      "nobody answers": () => http.untilSilent(),
      "metrics without latencies": () =>
        metrics.untilDistorted((_, body) => body.replace(/^nv_inference_request_summary_us.*\n/gm, "")),
      "statistics cut short": () =>
        http.untilDistorted((path, body) => (path.endsWith("/stats") ? body.slice(0, body.length / 2) : body)),
    },
    deafen: () =>
      http.until((method, path) => (method === "POST" && path.endsWith("/load") ? { status: 200, body: "" } : null)),
    changes: async () => http.writes,
    close: () => adapter.close(),
  };
});

test("larger batches and more instances take more of the load at a time, as its statistics tell", async () => {
  const adapter = await opened();
  await adapter.apply({ concurrency: 1, maxBatchSize: 1, maxBatchDelayMs: 0 });
  await observed(adapter, 1);
  const single = await observed(adapter, 4);
  expect(single.metrics.meanBatchSize).toBeCloseTo(1, 6);
  expect(single.metrics.service?.byBatch?.map(({ batchSize }) => batchSize)).toEqual([1]);
  expect(single.metrics.service?.meanMs).toBeGreaterThan(5);
  expect(single.metrics.utilization).toBeGreaterThan(0.1);
  await adapter.apply({ concurrency: 1, maxBatchSize: 8, maxBatchDelayMs: 2.5 });
  await observed(adapter, 1);
  const batched = await observed(adapter, 4);
  expect(batched.configuration).toEqual({ concurrency: 1, maxBatchSize: 8, maxBatchDelayMs: 2.5 });
  expect(batched.metrics.meanBatchSize).toBeGreaterThan(1);
  expect(batched.metrics.service?.byBatch?.length).toBeGreaterThan(1);
  await adapter.apply(initial);
  expect((await observed(adapter, 1)).configuration).toEqual(initial);
  await adapter.close();
}, 120_000);

test("a load that fails leaves the model as it was, serving", async () => {
  const adapter = await opened();
  await adapter.apply(initial);
  const failing = new TamperingProxy(server.url);
  await failing.listen();
  cleanUps.push(() => failing.stop());
  // The server itself refuses: its Python model takes no such kind of instance.
  failing.distort = (path, body) => (path.endsWith("/config") ? body.replace("KIND_CPU", "KIND_NONE") : body);
  const misled = await opened(0.99, { endpoint: failing.url, metricsEndpoint: metrics.url });
  const refused = misled.apply({ ...initial, concurrency: 2 });
  await expect(refused).rejects.toThrow(ActuationError);
  await expect(refused).rejects.toMatchObject({ left: "unchanged", message: expect.stringMatching(/found [45]\d\d /) });
  const { configuration, metrics: window } = await observed(adapter, 2);
  expect(configuration).toEqual(initial);
  expect(window.requests).toBeGreaterThan(0);
}, 60_000);

test("a percentile the server tells no quantile of is refused by name", async () => {
  const adapter = await opened(0.98);
  await expect(observed(adapter, 2)).rejects.toThrow(
    "expected the quantile 0.98 among the summary's, found 0.5, 0.9, 0.95",
  );
}, 60_000);

test("a server that was not asked for latencies is refused, never guessed at", async () => {
  const plain = await TritonServer.start(false);
  cleanUps.push(() => plain.stop());
  const adapter = await opened(0.99, { endpoint: plain.url, metricsEndpoint: plain.metricsUrl });
  await post(`${plain.url}/v2/models/m/infer`, inference)();
  await expect(observed(adapter, 1)).rejects.toThrow("latency: nv_inference_request_summary_us_count");
}, 150_000);

const fixture = (name: string): string => join(packageRoot(), "test", "fixtures", `${name}.yaml`);

test("Triton loads an exported configuration, batches as a learnt policy sets them, and serves by it", async () => {
  const open = await openScenario(fixture("tiny-batches"), { dataFolder: null });
  const source = exportSource(open, (await train(open, { agent: "region-q", seed: 1, episodes: 2 })).spec);
  const files = await findExporter("triton").export(source);
  const choice = await (await findExporter("triton").replay(files, source))(
    open.observationSpace.sample(new SeededRandom(1)),
  );
  expect(await server.load("learnt", String(files[0]?.content))).toMatchObject({
    max_batch_size: choice["maxBatchSize"],
    dynamic_batching: {
      preferred_batch_size: [choice["maxBatchSize"]],
      max_queue_delay_microseconds: 1000 * Number(choice["maxBatchDelayMs"]),
    },
  });
  expect((await fetch(`${server.url}/v2/models/learnt/infer`, { method: "POST", body: inference })).status).toBe(200);
});
