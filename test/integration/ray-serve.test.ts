// The ray-serve adapter against a real Ray Serve, under load.

import { findAdapter, systemClock } from "../../src/clusters/index.ts";
import type { ClusterAdapter, Configuration, Knob } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { adapterContract } from "../contracts/adapter.ts";
import { Load, post } from "../live/load.ts";
import { RayServer, rayDeployment } from "../live/ray-server.ts";
import { TamperingProxy } from "../live/tampering-proxy.ts";

const hot = { actuation: "hot", actuationDelayS: 2, decideEveryS: 0 } as const;
const knobs: readonly Knob[] = [
  { name: "replicas", values: [1, 2], actuation: "provision", actuationDelayS: 5, decideEveryS: 0 },
  { name: "maxBatchSize", values: [1, 2, 8], ...hot },
  { name: "maxBatchDelayMs", values: [0, 5], ...hot },
];
const initial: Configuration = { replicas: 1, maxBatchSize: 2, maxBatchDelayMs: 0 };

const RATE_RPS = 20;
const WINDOW_S = 1.5;

let server: RayServer;
let dashboard: TamperingProxy;
let metrics: TamperingProxy;
let load: Load;

beforeAll(async () => {
  server = await RayServer.start();
  dashboard = new TamperingProxy(server.url);
  metrics = new TamperingProxy(server.metricsUrl);
  await dashboard.listen();
  await metrics.listen();
  load = new Load(RATE_RPS, post(server.servingUrl), new SeededRandom(1));
}, 290_000);

afterAll(async () => {
  await load?.stop();
  await dashboard?.stop();
  await metrics?.stop();
  await server?.stop();
}, 60_000);

function opened(change: Record<string, unknown> = {}): Promise<ClusterAdapter> {
  return findAdapter("ray-serve").open(
    { endpoint: dashboard.url, metricsEndpoints: [metrics.url], timeoutMs: 5000, ...rayDeployment, ...change },
    {
      cluster: "mine",
      knobs,
      slo: [{ percentile: 0.99, latencyMs: 100 }],
      initial: {},
      committedUsdPerHour: ({ replicas }) => Number(replicas),
      secret: () => null,
      clock: systemClock,
    },
  );
}

async function converged(adapter: ClusterAdapter, wanted: Configuration) {
  for (let tries = 0; tries < 60; tries++) {
    await adapter.advance(0.5);
    const state = await adapter.observe().catch(() => null);
    if (state?.inFlight === null && JSON.stringify(state.configuration) === JSON.stringify(wanted)) return state;
  }
  throw new Error(`expected ${JSON.stringify(wanted)} in force, found it missing`);
}

adapterContract("ray-serve", async () => {
  const adapter = await opened();
  await adapter.apply(initial);
  await converged(adapter, initial);
  return {
    adapter,
    other: { replicas: 2, maxBatchSize: 8, maxBatchDelayMs: 5 },
    windowS: WINDOW_S,
    failedReads: {
      "nobody answers": () => dashboard.untilSilent(),
      "metrics without latencies": () =>
        metrics.untilDistorted((_, body) => body.replace(/^ray_serve_http_request_latency_ms.*\n/gm, "")),
      "a page cut short": () => metrics.untilDistorted((_, body) => body.slice(0, -40)),
    },
    deafen: () => dashboard.until((method) => (method === "GET" ? null : { status: 200, body: "{}" })),
    changes: async () => dashboard.writes,
    close: () => adapter.close(),
  };
});

test("replicas and batches change in one deployment, and everything else stays as it was deployed", async () => {
  const adapter = await opened();
  await adapter.apply(initial);
  await converged(adapter, initial);
  const before = await server.applications();
  const writes = dashboard.writes;
  await adapter.apply({ replicas: 2, maxBatchSize: 8, maxBatchDelayMs: 5 });
  expect(dashboard.writes).toBe(writes + 1);
  await converged(adapter, { replicas: 2, maxBatchSize: 8, maxBatchDelayMs: 5 });
  // A change of batches alone leaves the replicas there are.
  await adapter.apply({ replicas: 2, maxBatchSize: 1, maxBatchDelayMs: 0 });
  await converged(adapter, { replicas: 2, maxBatchSize: 1, maxBatchDelayMs: 0 });
  const after = await server.applications();
  expect(after.applications["beside"]).toMatchObject({
    status: "RUNNING",
    deployed_app_config: before.applications["beside"]?.deployed_app_config,
  });
  expect(after.applications["app"]).toMatchObject({
    deployed_app_config: {
      runtime_env: { env_vars: { MODEL_TOKEN: "kept" } },
      deployments: [{ num_replicas: 2, max_ongoing_requests: 20 }],
    },
  });
  expect(load.failed).toBe(0);
}, 120_000);

test("batches are counted, not guessed from the middles of buckets", async () => {
  const adapter = await opened();
  await adapter.apply({ ...initial, maxBatchSize: 1 });
  await converged(adapter, { ...initial, maxBatchSize: 1 });
  // Batches of before are counted until the next page.
  await adapter.advance(WINDOW_S);
  await adapter.observe();
  await adapter.advance(2 * WINDOW_S);
  const { metrics: window } = await adapter.observe();
  expect(window.meanBatchSize).toBeCloseTo(1, 1);
  expect(window.service).toBeNull();
  expect(window.utilization).toBeGreaterThanOrEqual(0);
  expect(window.latency?.bucketMs).toBeDefined();
}, 120_000);

test("a deployment that is not there, and secrets that were taken out, are refused", async () => {
  await expect(opened({ deployment: "Gone" })).rejects.toThrow("app/Gone: expected it deployed, found Model");
  const adapter = await opened();
  const mend = await dashboard.untilDistorted((_, body) => body.replaceAll('"kept"', '"<redacted>"'));
  const refused = adapter.apply({ ...initial, maxBatchSize: 8 });
  await expect(refused).rejects.toThrow("expected the configuration with its secrets, found them <redacted>");
  await expect(refused).rejects.toMatchObject({ left: "unchanged" });
  await mend();
}, 60_000);
