// Knobs come into force after their delay; trials take part of the traffic; windows tell what happened.

import { SeededRandom } from "../../src/math/index.ts";
import { type SimulationPlan, Simulator } from "../../src/simulator/index.ts";
import { poisson } from "../../src/workload/index.ts";
import { arrivalsAt, functionPlan, knob, onePool, pool } from "./plans.ts";

function plan(rest: Partial<SimulationPlan> = {}): SimulationPlan {
  return onePool(poisson(50, 1000), 4, (batch) => 10 + 5 * batch, {
    knobs: [
      knob("maxBatchSize", [1, 4]),
      knob("maxBatchDelayMs", [0, 40], { actuationDelayS: 10 }),
      knob("concurrency", [1, 2], { actuation: "reload", actuationDelayS: 20 }),
      knob("intraOpThreads", [1, 2], { actuation: "restart", actuationDelayS: 30 }),
    ],
    initial: { "instances.m.onDemand": 4, maxBatchSize: 1, maxBatchDelayMs: 0, concurrency: 1, intraOpThreads: 1 },
    ...rest,
  });
}

function started(of: SimulationPlan = plan()): Simulator {
  return new Simulator(of, new SeededRandom(4));
}

test("each knob comes into force after its own delay; until then it is in flight", () => {
  const simulator = started();
  simulator.run(100);
  simulator.configure({ maxBatchSize: 4, maxBatchDelayMs: 40, concurrency: 2 });
  expect(simulator.observe()).toMatchObject({
    configuration: { maxBatchSize: 4, maxBatchDelayMs: 0, concurrency: 1 },
    inFlight: { maxBatchSize: 4, maxBatchDelayMs: 40, concurrency: 2 },
  });
  simulator.run(111);
  expect(simulator.observe().configuration).toMatchObject({ maxBatchDelayMs: 40, concurrency: 1 });
  simulator.run(121);
  expect(simulator.observe()).toMatchObject({ configuration: { concurrency: 2 }, inFlight: null });
});

test("a newer value replaces one on its way, and asking for the old one again calls it off", () => {
  const simulator = started();
  simulator.configure({ concurrency: 2 });
  simulator.run(5);
  simulator.configure({ concurrency: 1 });
  expect(simulator.observe().inFlight).toBeNull();
  simulator.run(60);
  expect(simulator.observe().configuration["concurrency"]).toBe(1);
});

test("a restart takes machines out in turn, for its delay each", () => {
  const simulator = started();
  simulator.run(10);
  simulator.configure({ intraOpThreads: 2 });
  let most = 0;
  const busyShare: number[] = [];
  for (let timeS = 11; timeS <= 10 + 4 * 30 + 5; timeS++) {
    simulator.run(timeS);
    const { inFlight, metrics } = simulator.observe();
    if (inFlight !== null) most = timeS;
    busyShare.push(metrics.utilization);
  }
  // Four machines, one at a time, 30 s each, with little waiting for idleness.
  expect(most).toBeGreaterThan(10 + 4 * 30 - 2);
  expect(most).toBeLessThan(10 + 4 * 30 + 4);
  expect(simulator.totals().flow.dropped).toBe(0);
});

test("a restart of the only machine stops service for its delay", () => {
  const single = plan({ initial: { ...plan().initial, "instances.m.onDemand": 1 }, workload: arrivalsAt([20]) });
  const simulator = started(single);
  simulator.run(10);
  simulator.configure({ intraOpThreads: 2 });
  simulator.run(50);
  // Out from 10 to 40: the request of 20 waits 20 s, and takes 15 ms.
  expect(simulator.totals().latency.meanMs / 20_015).toBeCloseTo(1, 2);
});

test("a window tells arrivals, latency, batches, use and cost", () => {
  const simulator = started(plan({ telemetry: { arrivalTimes: true, serviceTimes: true } }));
  simulator.run(100);
  simulator.observe();
  simulator.run(160);
  const { metrics, timeS } = simulator.observe();
  expect(timeS).toBe(160);
  expect(metrics.durationS).toBe(60);
  expect(metrics.arrivals.rateRps).toBeCloseTo(metrics.requests / 60, 9);
  expect(metrics.arrivals.timesMs).toHaveLength(metrics.requests);
  expect(metrics.arrivals.recentRatesRps).toHaveLength(12);
  // Poisson counts have dispersion 1; of 60 of them, with a standard deviation of 0.18.
  expect(Math.abs((metrics.arrivals.dispersion ?? 0) - 1)).toBeLessThan(0.6);
  expect(metrics.service).toMatchObject({ byBatch: [{ batchSize: 1 }] });
  expect(metrics.service?.meanMs).toBeCloseTo(15, 6);
  // 50 requests of 15 ms a second on 4 machines.
  expect(Math.abs(metrics.utilization - 0.1875)).toBeLessThan(0.02);
  expect(metrics.costUsdPerHour).toBeCloseTo(4, 9);
  expect(metrics.costUsd).toBeCloseTo(4 / 60, 9);
});

test("nothing completed is no latency, which is not zero", () => {
  const simulator = started(plan({ workload: arrivalsAt([]) }));
  simulator.run(60);
  expect(simulator.observe().metrics).toMatchObject({ requests: 0, latency: null, service: null, meanBatchSize: null });
});

describe("a trial", () => {
  const trial = { share: 0.25, stages: [{ windowShare: 1 }] };

  test("takes its share of the machines and the traffic, and tells its own metrics", () => {
    const simulator = started();
    simulator.run(100);
    simulator.observe();
    simulator.configure({ maxBatchSize: 4, maxBatchDelayMs: 40 }, trial);
    simulator.run(400);
    const { canary, metrics, configuration } = simulator.observe();
    expect(configuration["maxBatchSize"]).toBe(1);
    expect(canary?.configuration).toMatchObject({ maxBatchSize: 4, maxBatchDelayMs: 40 });
    const share = (canary?.metrics.requests ?? 0) / metrics.requests;
    expect(Math.abs(share - 0.25)).toBeLessThan(0.02);
    // Alone the stable lane would answer in 15 ms; the canary waits up to 40 ms for company.
    expect(canary?.metrics.latency?.meanMs).toBeGreaterThan(35);
    expect(canary?.metrics.costUsdPerHour).toBeCloseTo(1, 6);
  });

  test("ends when the configuration is taken on whole, or called off", () => {
    for (const maxBatchSize of [1, 4]) {
      const simulator = started();
      simulator.run(50);
      simulator.configure({ maxBatchSize: 4, maxBatchDelayMs: 40 }, trial);
      simulator.run(100);
      simulator.configure({ maxBatchSize, maxBatchDelayMs: maxBatchSize === 1 ? 0 : 40 });
      simulator.run(130);
      const { canary, configuration, fleet } = simulator.observe();
      expect(canary).toBeNull();
      expect(configuration["maxBatchSize"]).toBe(maxBatchSize);
      expect(fleet["m"]).toMatchObject({ ready: 4 });
      simulator.run(1100);
      expect(simulator.totals().flow).toMatchObject({ dropped: 0, inSystem: 0 });
    }
  });

  test("has all the traffic where a single machine cannot split it", () => {
    const host = plan({
      pools: [],
      host: { cores: 8, usdPerCoreHour: 1, usdPerModelInstanceHour: 0, profile: { name: "h", serviceMs: () => 10 } },
      initial: { maxBatchSize: 1, maxBatchDelayMs: 0, concurrency: 1, intraOpThreads: 1 },
    });
    const simulator = started(host);
    simulator.run(50);
    simulator.observe();
    simulator.configure({ maxBatchSize: 4 }, trial);
    simulator.run(100);
    const { canary, metrics, configuration } = simulator.observe();
    expect(configuration["maxBatchSize"]).toBe(4);
    expect(canary?.metrics.requests).toBe(metrics.requests);
    expect(canary?.metrics.latency?.p99Ms).toBe(metrics.latency?.p99Ms);
    expect(canary?.metrics.latency?.meanMs).toBeCloseTo(metrics.latency?.meanMs ?? 0, 9);
  });

  test("splits calls of functions by chance", () => {
    const functions = plan({
      pools: [],
      function: functionPlan((batch) => 50 + batch),
      knobs: [knob("functionBatchSize", [1, 8]), knob("maxBatchDelayMs", [200])],
      initial: { functionBatchSize: 1, maxBatchDelayMs: 200 },
    });
    const simulator = started(functions);
    simulator.run(100);
    simulator.observe();
    simulator.configure({ functionBatchSize: 8 }, { share: 0.5, stages: [] });
    simulator.run(300);
    const { canary, metrics } = simulator.observe();
    expect(Math.abs((canary?.metrics.requests ?? 0) / metrics.requests - 0.5)).toBeLessThan(0.03);
    expect(canary?.metrics.meanBatchSize).toBeGreaterThan(4);
  });
});

test("a configuration no cluster could take is refused by name, and changes nothing", () => {
  const simulator = started();
  expect(() => simulator.configure({ maxBatchSize: 0 })).toThrow(
    "maxBatchSize: expected a number of at least 1, found 0",
  );
  expect(() => simulator.configure({ "instances.m.onDemand": 1.5 })).toThrow("expected a whole number, found 1.5");
  expect(() => simulator.configure({ instanceType: "z9" })).toThrow("instanceType: expected m, found z9");
  expect(simulator.observe()).toMatchObject({ configuration: plan().initial, inFlight: null });
});

test("model instances keep working while a reload is under way", () => {
  const simulator = started(plan({ pools: [pool("m", () => 10, { vcpus: 4 })] }));
  simulator.run(50);
  simulator.configure({ concurrency: 2 });
  simulator.run(100);
  simulator.run(1100);
  expect(simulator.totals().latency.p99Ms).toBeLessThan(30);
});

test("another change while machines restart in turn spares none of them the restart", () => {
  const simulator = started();
  simulator.run(10);
  simulator.configure({ intraOpThreads: 2 });
  simulator.run(20);
  simulator.configure({ maxBatchSize: 4 });
  simulator.run(10 + 4 * 30 - 2);
  expect(simulator.observe().inFlight).not.toBeNull();
  simulator.run(10 + 4 * 30 + 5);
  expect(simulator.observe().inFlight).toBeNull();
});
