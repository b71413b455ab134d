// The closed form against replayed queues, and against what can be said without one.

import { openScenario } from "../../environments/index.ts";
import { UnknownNameError } from "../../src/core/index.ts";
import { mapRateRps, mmpp, SeededRandom } from "../../src/math/index.ts";
import { bufferLatency, closedFormModel, type ModelPlan } from "../../src/performance/index.ts";
import { batchBuffer } from "../../src/queueing/index.ts";
import { BatchQueue } from "../../src/simulator/batch-queue.ts";
import { simulatedModel } from "../../src/simulator/index.ts";
import { covered, fleet, functions, host, machines, objective } from "../optimizers/problems.ts";

const REQUESTS = 100_000;
/** Percentiles are found by bisection to a millionth of the longest latency. */
const BISECTION_MS = 1e-2;

function poissonArrivals(rateRps: number, seed: number): Float64Array {
  const random = new SeededRandom(seed);
  const log = Math.log;
  let timeMs = 0;
  return Float64Array.from({ length: REQUESTS }, () => {
    timeMs -= (log(1 - random.next()) * 1000) / rateRps;
    return timeMs;
  });
}

function replay(
  arrivalsMs: Float64Array,
  instances: number,
  maxBatch: number,
  delayMs: number,
  serviceMs: (b: number) => number,
) {
  const queue = new BatchQueue();
  const result = queue.run({
    arrivalsMs,
    requests: REQUESTS,
    instances,
    maxBatch,
    maxDelayMs: delayMs,
    serviceMs: Float64Array.from({ length: maxBatch + 1 }, (_, b) => serviceMs(b)),
    multipliers: new Float64Array([1]),
    multiplierOffset: 0,
    warmup: 1000,
  });
  return { ...result, p50: queue.quantileMs(0.5), p95: queue.quantileMs(0.95), p99: queue.quantileMs(0.99) };
}

/** One host of 64 cores whose service is a + b·batch, whatever the threads. */
function linearHost(a: number, b: number): ModelPlan {
  const profile = { name: "linear", serviceMs: ({ batch }: { batch: number }) => a + b * batch };
  return { pools: [], host: { cores: 64, usdPerCoreHour: 1, usdPerModelInstanceHour: 0.25, profile }, function: null };
}

test("behind a buffer without a queue it is within a few per cent of a replay, in milliseconds and in seconds", () => {
  const arrivals = poissonArrivals(60, 1);
  for (const [base, slope] of [
    [5, 2],
    [450, 560],
  ] as const) {
    for (const [maxBatch, delayMs] of [
      [4, 50],
      [8, 100],
      [20, 200],
    ] as const) {
      const service = (b: number): number => base + slope * b;
      const model = bufferLatency({ rateRps: 60 }, maxBatch, delayMs / 1000, (b) => service(b) / 1000);
      const truth = replay(arrivals, Number.POSITIVE_INFINITY, maxBatch, delayMs, service);
      expect((1000 * model.meanS) / truth.meanLatencyMs).toBeCloseTo(1, 1.3);
      for (const [share, ms] of [
        [0.5, truth.p50],
        [0.95, truth.p95],
        [0.99, truth.p99],
      ] as const) {
        expect(Math.abs((1000 * model.quantileS(share)) / ms - 1)).toBeLessThan(0.05);
      }
    }
  }
});

test("a bursty process makes the batches and latencies of a replay of it", () => {
  const map = mmpp([150, 30], [2, 6]);
  const random = new SeededRandom(4);
  const log = Math.log;
  let timeMs = 0;
  let phase = 0;
  const arrivals = new Float64Array(REQUESTS);
  for (let i = 0; i < REQUESTS; ) {
    const [rate, leave] = phase === 0 ? [150, 1 / 2] : [30, 1 / 6];
    timeMs -= (log(1 - random.next()) * 1000) / (rate + leave);
    if (random.next() * (rate + leave) < rate) arrivals[i++] = timeMs;
    else phase = 1 - phase;
  }
  const service = (b: number): number => 20 + 4 * b;
  const model = bufferLatency({ rateRps: mapRateRps(map), map }, 8, 0.1, (b) => service(b) / 1000);
  const truth = replay(arrivals, Number.POSITIVE_INFINITY, 8, 100, service);
  expect(Math.abs((1000 * model.quantileS(0.95)) / truth.p95 - 1)).toBeLessThan(0.05);
  expect(Math.abs((1000 * model.quantileS(0.5)) / truth.p50 - 1)).toBeLessThan(0.05);
});

test("single requests on several servers: mean latency of M/D/c within seven per cent, p99 within fifteen", () => {
  const model = closedFormModel(linearHost(24, 0), objective);
  for (const [concurrency, utilization] of [
    [1, 0.6],
    [1, 0.85],
    [4, 0.6],
    [4, 0.85],
    [16, 0.85],
  ] as const) {
    const rateRps = (utilization * concurrency * 1000) / 24;
    const truth = replay(poissonArrivals(rateRps, 2), concurrency, 1, 0, () => 24);
    const predicted = model.predict({ concurrency, intraOpThreads: 1 }, { rateRps });
    expect(predicted.utilization).toBeCloseTo(utilization, 6);
    expect(Math.abs(predicted.p99Ms / truth.p99 - 1)).toBeLessThan(0.15);
    expect(Math.abs(predicted.meanMs / truth.meanLatencyMs - 1)).toBeLessThan(0.07);
  }
});

test("batches on servers with a delay: size within five per cent, p99 within fifteen", () => {
  const model = closedFormModel(linearHost(20, 4), objective);
  for (const [concurrency, maxBatchSize, maxBatchDelayMs, share] of [
    [1, 8, 100, 0.6],
    [4, 8, 20, 0.6],
    [4, 32, 100, 0.85],
    [16, 32, 20, 0.6],
  ] as const) {
    const rateRps = (share * concurrency * maxBatchSize * 1000) / (20 + 4 * maxBatchSize);
    const truth = replay(poissonArrivals(rateRps, 3), concurrency, maxBatchSize, maxBatchDelayMs, (b) => 20 + 4 * b);
    const configuration = { concurrency, intraOpThreads: 1, maxBatchSize, maxBatchDelayMs };
    const predicted = model.predict(configuration, { rateRps });
    expect(Math.abs(predicted.meanBatchSize / truth.meanBatchSize - 1)).toBeLessThan(0.05);
    expect(Math.abs(predicted.p99Ms / truth.p99 - 1)).toBeLessThan(0.15);
  }
});

test("more load, fewer servers or slower service never make it faster", () => {
  const model = closedFormModel(machines.plan, objective);
  const at = (servers: number, rateRps: number, slowdown = 0) =>
    model.predict({ "instances.c5.large.onDemand": servers }, { rateRps }, slowdown).objectiveMs;
  for (let servers = 5; servers < 20; servers++) {
    expect(at(servers, 20)).toBeGreaterThanOrEqual(at(servers + 1, 20) - BISECTION_MS);
    expect(at(10, 2 * servers)).toBeGreaterThanOrEqual(at(10, 2 * (servers - 1)) - BISECTION_MS);
  }
  for (let z = -1; z < 1; z += 0.1) expect(at(10, 20, z + 0.1)).toBeGreaterThan(at(10, 20, z));
});

test("a slowdown scales every service time", () => {
  const model = closedFormModel(machines.plan, objective);
  const idle = model.predict({ "instances.c5.large.onDemand": 60 }, { rateRps: 1 }, Math.log(1.5));
  expect(idle.p50Ms).toBeCloseTo(1.5 * 210, 0);
});

test("overload is said, and grows with what is missing", () => {
  const model = closedFormModel(machines.plan, objective);
  const at = (rateRps: number) => model.predict({ "instances.c5.large.onDemand": 5 }, { rateRps });
  // Five machines carry 23.8 requests/s.
  expect(at(20).stable).toBe(true);
  expect(at(30).stable).toBe(false);
  expect(at(40).objectiveMs).toBeGreaterThan(at(30).objectiveMs);
  expect(at(40).missRatio).toBe(1);
  const none = model.predict({ "instances.c5.large.onDemand": 0 }, { rateRps: 1 });
  expect(none.stable).toBe(false);
});

test("capacity is the highest throughput of a batch that fits the SLO", () => {
  const model = closedFormModel(fleet.plan, objective);
  // CPU: 1000/210 whatever the batch limit, since batches gain nothing. T4 at 8: 8/(10 + 20 ms) = 266.7; a delay of
  // 200 ms still fits; at 32: 32/90 ms = 355.6.
  expect(model.capacityRps("c5.large", { maxBatchSize: 8 })).toBeCloseTo(1000 / 210, 9);
  expect(model.capacityRps("g4dn.xlarge", { maxBatchSize: 8, maxBatchDelayMs: 200 })).toBeCloseTo(8000 / 30, 9);
  expect(model.capacityRps("g4dn.xlarge", { maxBatchSize: 32 })).toBeCloseTo(32000 / 90, 9);
  const strict = closedFormModel(fleet.plan, { ...objective, slo: [{ percentile: 0.98, latencyMs: 25 }] });
  // Only batches up to 6 take at most 25 ms.
  expect(strict.capacityRps("g4dn.xlarge", { maxBatchSize: 32 })).toBeCloseTo(6000 / 25, 9);
  expect(strict.capacityRps("c5.large", { maxBatchSize: 8 })).toBe(0);
  expect(() => model.capacityRps("p9.huge", {})).toThrow(UnknownNameError);
});

test("more threads than cores share the cores", () => {
  const model = closedFormModel(host.plan, objective);
  // 16 cores: 4 x 4 fit; 8 x 4 want twice as many.
  const fit = model.serviceMs("host", { concurrency: 4, intraOpThreads: 4 }, 1);
  expect(model.serviceMs("host", { concurrency: 8, intraOpThreads: 4 }, 1)).toBeCloseTo(2 * fit, 9);
});

test("what waits longer than the threshold is offloaded, and paid for by the call", () => {
  const model = closedFormModel(covered.plan, objective);
  const at = (servers: number, offloadThresholdMs: number) =>
    model.predict({ "instances.c5.large.onDemand": servers, offloadThresholdMs }, { rateRps: 20 });
  // None: everything is called. 380 ms of 3008 MB: 0.38 · 2.9375 · 0.0000166667 + 0.0000002 = 0.0000188042 USD.
  const alone = at(0, 100);
  expect(alone.offloadedShare).toBe(1);
  expect(alone.p50Ms).toBeCloseTo(380, 0);
  expect(alone.costUsdPerHour).toBeCloseTo(20 * 3600 * (0.38 * 2.9375 * 0.0000166667 + 0.0000002), 6);
  // Four machines carry 19.05 of 20: the rest and the bursts go.
  const short = at(4, 100);
  expect(short.stable).toBe(true);
  expect(short.offloadedShare).toBeGreaterThan(1 - 19.05 / 20);
  expect(short.offloadedShare).toBeLessThan(0.35);
  expect(at(8, 100).offloadedShare).toBeLessThan(short.offloadedShare);
  expect(at(5, 400).offloadedShare).toBeLessThan(at(5, 50).offloadedShare);
  expect(at(8, Number.POSITIVE_INFINITY).offloadedShare).toBe(0);
});

test("functions alone: a buffer, no queue, cost by the calls", () => {
  const model = closedFormModel(functions.plan, objective);
  // One request a call at 1,000 MB-seconds: as above for 3008 MB.
  const single = model.predict({ functionMemoryMb: 3008, functionBatchSize: 1 }, { rateRps: 5 });
  expect(single.p99Ms).toBeCloseTo(380, 0);
  expect(single.costUsdPerHour).toBeCloseTo(5 * 3600 * (0.38 * 2.9375 * 0.0000166667 + 0.0000002), 6);
  // Twice the memory halves the time; the delay is waited for in full by the first of an unfilled batch.
  const larger = model.predict(
    { functionMemoryMb: 6016, functionBatchSize: 8, maxBatchDelayMs: 50 },
    { rateRps: 0.01 },
  );
  expect(larger.p50Ms).toBeCloseTo(190 + 50, 0);
});

test("a pool of unlike machines is predicted between its parts", () => {
  const model = closedFormModel(fleet.plan, objective);
  const load = { rateRps: 30 };
  const both = { "instances.c5.large.onDemand": 5, "instances.g4dn.xlarge.onDemand": 1, maxBatchSize: 1 };
  const mixed = model.predict(both, load);
  const fast = model.predict({ ...both, "instances.c5.large.onDemand": 0, "instances.g4dn.xlarge.onDemand": 2 }, load);
  expect(mixed.stable).toBe(true);
  expect(mixed.meanMs).toBeGreaterThan(fast.meanMs);
  expect(mixed.costUsdPerHour).toBeCloseTo(5 * 0.085 + 0.526, 9);
});

test("the mixture is within five per cent of the exact law of the buffer", () => {
  const service = (b: number): number => (20 + 4 * b) / 1000;
  for (const map of [mmpp([100], [1]), mmpp([150, 30], [2, 6])]) {
    for (const [maxBatch, delayS] of [
      [4, 0.05],
      [16, 0.2],
    ] as const) {
      const exact = batchBuffer(map, maxBatch, delayS);
      const model = bufferLatency({ rateRps: mapRateRps(map), map }, maxBatch, delayS, service);
      for (const share of [0.5, 0.95, 0.99]) {
        expect(Math.abs(model.quantileS(share) / exact.latencyQuantileS(service, share) - 1)).toBeLessThan(0.05);
      }
      expect(model.meanS).toBeCloseTo(exact.meanLatencyS(service), 2.5);
    }
  }
});

test("on a shipped fleet with offload it says nearly what the simulator says", async () => {
  const open = await openScenario("image-mmpp", { dataFolder: null });
  const simulated = simulatedModel(open.plan, open.objective, { requests: 15_000 });
  for (const [servers, offloadThresholdMs] of [
    [20, Number.POSITIVE_INFINITY],
    [20, 100],
    [16, 100],
    [14, 200],
    [10, 100],
    [0, 0],
  ] as const) {
    const configuration = { ...open.initial, "instances.c5.large.onDemand": servers, offloadThresholdMs };
    const formula = open.model.predict(configuration, { rateRps: 75 });
    const truth = simulated.predict(configuration, { rateRps: 75 });
    expect(formula.stable).toBe(truth.stable);
    expect(Math.abs(formula.offloadedShare - truth.offloadedShare)).toBeLessThan(0.02);
    expect(Math.abs(formula.costUsdPerHour / truth.costUsdPerHour - 1)).toBeLessThan(0.05);
    expect(Math.abs(formula.meanMs / truth.meanMs - 1)).toBeLessThan(0.06);
    // Service has a variation of 5 %, functions come late at times: the tail is the formula's weakest part.
    expect(Math.abs(formula.objectiveMs / truth.objectiveMs - 1)).toBeLessThan(0.12);
  }
});
