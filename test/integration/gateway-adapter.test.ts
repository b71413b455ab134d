// The gateway adapter in front of a real gateway and real servers under load: the contract, and windows that add up.

import { gateway } from "../../src/clusters/gateway.ts";
import { systemClock } from "../../src/clusters/index.ts";
import type { ClusterAdapter, Configuration, Knob } from "../../src/core/index.ts";
import { AdminProxy } from "../clusters/admin-proxy.ts";
import { type AdapterBench, adapterContract, type Sabotage } from "../contracts/adapter.ts";
import { closeAll, gatewayOf, infer, modelServer, pause } from "../gateway/harness.ts";
import { knob } from "../simulator/plans.ts";

const knobs: readonly Knob[] = [
  knob("concurrency", [1, 2, 4]),
  knob("maxBatchSize", [1, 2, 4]),
  knob("maxBatchDelayMs", [0, 2, 5]),
  knob("offloadThresholdMs", [0, 50, Number.POSITIVE_INFINITY]),
];

const initial: Configuration = {
  concurrency: 2,
  maxBatchSize: 2,
  maxBatchDelayMs: 2,
  offloadThresholdMs: Number.POSITIVE_INFINITY,
};

interface Opened {
  readonly adapter: ClusterAdapter;
  readonly proxy: AdminProxy;
  /** Sends so many requests at once, and waits for their answers. */
  readonly send: (requests: number) => Promise<void>;
}

async function open(): Promise<Opened> {
  const [server, fn] = [await modelServer({ kind: "answer", afterMs: 4 }), await modelServer()];
  const running = await gatewayOf([server], {
    function: { url: fn.url },
    configuration: { concurrency: 2, maxBatchSize: 2, maxBatchDelayMs: 2 },
  });
  const proxy = new AdminProxy(running.adminUrl);
  await proxy.listen();
  const adapter = await gateway.open(
    { endpoint: proxy.url, model: "m", functionPrices: { usdPerSecond: 0.001, usdPerCall: 0.01 } },
    {
      cluster: "mine",
      knobs,
      slo: [{ percentile: 0.9, latencyMs: 100 }],
      initial: {},
      committedUsdPerHour: ({ concurrency }) => Number(concurrency),
      secret: () => null,
      clock: systemClock,
    },
  );
  const send = async (requests: number): Promise<void> => {
    await Promise.all(Array.from({ length: requests }, (_, i) => infer(running, [i])));
  };
  return { adapter, proxy, send };
}

async function bench(): Promise<AdapterBench> {
  const { adapter, proxy, send } = await open();
  let arriving = true;
  const arrivals = (async () => {
    while (arriving) {
      await send(3);
      await pause(5);
    }
  })();
  const spoilt =
    (spoil: (body: string) => string): Sabotage =>
    async () => {
      proxy.spoil = spoil;
      return async () => {
        proxy.spoil = null;
      };
    };
  return {
    adapter,
    windowS: 0.25,
    other: { concurrency: 4, maxBatchSize: 4, maxBatchDelayMs: 5, offloadThresholdMs: 50 },
    failedReads: {
      "nobody answers": async () => {
        await proxy.stop();
        return () => proxy.listen();
      },
      "no JSON": spoilt((body) => body.slice(0, -10)),
      "a counter is missing": spoilt((body) => body.replaceAll('"served"', '"serfed"')),
      "a counter goes back": spoilt((body) => body.replace(/"arrived":\d+/, '"arrived":0')),
      "another run of the gateway": spoilt((body) => body.replace(/"gateway":"[^"]+"/, '"gateway":"another"')),
    },
    deafen: async () => {
      proxy.deaf = true;
      return async () => {
        proxy.deaf = false;
      };
    },
    changes: async () => proxy.changes,
    close: async () => {
      arriving = false;
      await arrivals;
      await proxy.stop();
      await closeAll();
    },
  };
}

adapterContract("gateway", bench);

describe("windows of the gateway adapter", () => {
  let opened: Opened;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(async () => {
    await opened.proxy.stop();
    await closeAll();
  });

  test("a window tells every arrival's time, the service times of its batches, and its cost", async () => {
    const { adapter, send } = opened;
    await send(30);
    await adapter.observe();
    const beginning = performance.now();
    for (let i = 0; i < 10; i++) await send(8);
    const { metrics, configuration, fleet } = await adapter.observe();
    expect(metrics.requests).toBe(80);
    expect(metrics.arrivals.timesMs).toHaveLength(80);
    const times = [...(metrics.arrivals.timesMs ?? [])];
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times.at(-1)).toBeLessThanOrEqual(performance.now() - beginning + 50);
    const byBatch = metrics.service?.byBatch ?? [];
    expect(byBatch.reduce((sum, { batchSize, batches }) => sum + batchSize * batches, 0)).toBe(80);
    for (const { meanMs } of byBatch) expect(meanMs).toBeGreaterThan(3.5);
    const multipliers = [...(metrics.service?.multipliers ?? [])];
    expect(multipliers).toHaveLength(byBatch.reduce((sum, { batches }) => sum + batches, 0));
    // By their definition the multipliers of a window average to 1.
    expect(multipliers.reduce((sum, one) => sum + one, 0) / multipliers.length).toBeCloseTo(1, 3);
    expect(metrics.latency?.resolution).toBeLessThanOrEqual(1 / 128);
    expect(metrics.utilization).toBeGreaterThan(0);
    expect(metrics.costUsdPerHour).toBe(2);
    expect(configuration).toEqual(initial);
    expect(fleet).toEqual({ backend: { ready: 1, launching: 0, draining: 0, spot: 0 } });
  });

  test("what the function serves is told apart, and costs what it costs", async () => {
    const { adapter, send } = opened;
    await adapter.apply({ ...initial, concurrency: 1, maxBatchSize: 1, maxBatchDelayMs: 0, offloadThresholdMs: 0 });
    await send(1);
    await adapter.observe();
    for (let i = 0; i < 5; i++) await send(10);
    const { metrics } = await adapter.observe();
    const offloaded = Math.round(metrics.offloadedShare * 50);
    expect(offloaded).toBeGreaterThan(5);
    const functionUsd = metrics.costUsd - (metrics.durationS / 3600) * 1;
    expect(functionUsd).toBeGreaterThan(0.01 * offloaded);
    expect(functionUsd).toBeLessThan(0.01 * offloaded + 0.001 * offloaded);
  });

  test("a trial runs on its share beside what is in force, and is told apart until it ends", async () => {
    const { adapter, send } = opened;
    const tried = { ...initial, maxBatchSize: 4 };
    await adapter.apply(tried, { share: 0.5, stages: [{ windowShare: 0.5 }] });
    for (let i = 0; i < 10; i++) await send(10);
    const during = await adapter.observe();
    expect(during.configuration).toEqual(initial);
    expect(during.canary?.configuration).toEqual(tried);
    const { requests, latency } = during.canary?.metrics ?? { requests: 0, latency: null };
    // Binomial with n = 100 and p = 1/2: four standard deviations are 20.
    expect(Math.abs(requests - 50)).toBeLessThan(20);
    expect(latency?.objectiveMs).toBeGreaterThan(0);
    expect(during.metrics.requests).toBe(100);
    await adapter.apply(tried);
    await send(4);
    expect(await adapter.observe()).toMatchObject({ configuration: tried, canary: null });
  });

  test("a trial of another concurrency on a share is refused: servers are not split", async () => {
    const { adapter } = opened;
    const trial = { share: 0.5, stages: [{ windowShare: 0.5 }] };
    await expect(adapter.apply({ ...initial, concurrency: 4 }, trial)).rejects.toMatchObject({ left: "unchanged" });
    await adapter.apply({ ...initial, concurrency: 4 }, { ...trial, share: 1 });
    await pause(20);
    const { configuration, canary } = await adapter.observe();
    expect([configuration["concurrency"], canary?.configuration["concurrency"]]).toEqual([2, 4]);
  });
});
