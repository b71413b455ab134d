// Functions: cold starts, keep-alive, the concurrency limit, batching, memory; and what is offloaded to them.

import { SeededRandom } from "../../src/math/index.ts";
import { type SimulationPlan, Simulator } from "../../src/simulator/index.ts";
import { poisson } from "../../src/workload/index.ts";
import { arrivalsAt, functionPlan, functionsOnly, knob, onePool, pool } from "./plans.ts";

function run(plan: SimulationPlan, untilS: number) {
  const simulator = new Simulator(plan, new SeededRandom(5));
  simulator.run(untilS);
  return simulator.totals();
}

test("a call starts cold where no sandbox is warm, and warm until keep-alive ends", () => {
  const plan = functionsOnly(arrivalsAt([1, 1.05, 3, 14, 40]), () => 100, 1, 0, {
    function: functionPlan(() => 100, { coldStartS: { constant: 1 }, keepAliveS: 12 }),
    slo: [{ percentile: 0.5, latencyMs: 100.001 }],
  });
  const totals = run(plan, 60);
  // Cold at 1, at 1.05 (the first sandbox is still busy) and at 40; warm at 3 and 14.
  expect(totals.events.coldStarts).toBe(3);
  expect(totals.attained[0]).toBeCloseTo(2 / 5, 12);
});

test("calls beyond the concurrency limit wait their turn, or are turned away", () => {
  const plan = functionsOnly(arrivalsAt([1, 1.01, 1.02, 1.03]), () => 1000, 1, 0);
  const queued = run({ ...plan, function: functionPlan(() => 1000, { concurrencyLimit: 2 }) }, 10);
  // Two end at 2.00 and 2.01, the others follow at 3.00 and 3.01: latencies 1, 1, 1.98, 1.98 s.
  expect(queued.latency.meanMs).toBeCloseTo(1490, 6);
  const dropped = run(
    { ...plan, function: functionPlan(() => 1000, { concurrencyLimit: 2 }, { overflow: "drop" }) },
    10,
  );
  expect(dropped).toMatchObject({ dropped: 2, events: { throttled: 2, calls: 2 } });
});

test("a buffer sends a batch when it is full, or when its oldest request has waited the delay", () => {
  const plan = functionsOnly(arrivalsAt([1, 1.01, 1.02, 5, 5.03]), (batch) => 10 * batch, 3, 50, {
    slo: [{ percentile: 0.5, latencyMs: 50 }],
  });
  const totals = run(plan, 10);
  expect(totals.events.calls).toBe(2);
  // Full at 1.02: 20 + 30, 10 + 30, 30 ms. Due at 5.05: 50 + 20, 20 + 20 ms.
  expect(totals.latency.meanMs).toBeCloseTo((50 + 40 + 30 + 70 + 40) / 5, 6);
});

test("memory buys speed through the profile, and new memory means new sandboxes", () => {
  const base = functionsOnly(arrivalsAt([1, 3, 11, 13]), () => 100, 1, 0);
  const profile = { name: "f", serviceMs: ({ memoryMb = 1 }) => 102_400 / memoryMb };
  const plan: SimulationPlan = {
    ...base,
    function: { ...functionPlan(() => 1, { coldStartS: { constant: 1 } }), profile },
    knobs: [knob("functionMemoryMb", [1024, 2048])],
    initial: { functionMemoryMb: 1024 },
  };
  const simulator = new Simulator(plan, new SeededRandom(1));
  simulator.run(10);
  simulator.configure({ functionMemoryMb: 2048 });
  simulator.run(20);
  const { latency, events } = simulator.totals();
  expect(events.coldStarts).toBe(2);
  expect(latency.meanMs).toBeCloseTo((1100 + 100 + 1050 + 50) / 4, 6);
});

test("late calls take longer, in their share", () => {
  const plan = functionsOnly(poisson(20, 10_000), () => 100, 1, 0, {
    function: functionPlan(() => 100, {}, { late: { share: 0.1, extraMs: 300 } }),
    slo: [{ percentile: 0.9, latencyMs: 200 }],
  });
  const { attained } = run(plan, 11_000);
  // 200,000 calls: a standard deviation of 0.07 %.
  expect(Math.abs((attained[0] ?? 0) - 0.9)).toBeLessThan(0.003);
});

const mixed = (offloadThresholdMs: number, rest: Partial<SimulationPlan> = {}): SimulationPlan =>
  onePool(arrivalsAt([1, 1.01, 1.02, 1.03]), 1, () => 100, {
    pools: [pool("m", () => 100)],
    function: functionPlan(() => 100),
    knobs: [],
    initial: { "instances.m.onDemand": 1, offloadThresholdMs },
    ...rest,
  });

test("a request is offloaded when its predicted wait exceeds the threshold: 0 whenever it would wait at all", () => {
  expect(run(mixed(0), 5).offloaded).toBe(3);
  expect(run(mixed(Number.POSITIVE_INFINITY), 5).offloaded).toBe(0);
  // One machine of 100 ms: waits of 90, then 180, then 270 ms.
  expect(run(mixed(100), 5).offloaded).toBe(2);
  expect(run(mixed(200), 5).offloaded).toBe(1);
});

test.each(["least-expected-wait", "weighted-round-robin"] as const)("offload under %s routing", (routing) => {
  expect(run(mixed(0, { routing }), 5).offloaded).toBe(3);
  expect(run(mixed(100, { routing }), 5).offloaded).toBe(2);
  expect(run(mixed(Number.POSITIVE_INFINITY, { routing }), 5).offloaded).toBe(0);
});

test("with no machine ready, requests go to functions, or wait where they may never", () => {
  const empty = (threshold: number) => ({
    ...mixed(threshold),
    initial: { "instances.m.onDemand": 0, offloadThresholdMs: threshold },
  });
  expect(run(empty(1000), 5).offloaded).toBe(4);
  expect(run(empty(Number.POSITIVE_INFINITY), 5).flow.inSystem).toBe(4);
});

test("where classes differ only strict requests are offloaded", () => {
  const classes = [
    { name: "strict", share: 0.5, strict: true, size: { mean: 1, cv: 0 } },
    { name: "relaxed", share: 0.5, strict: false, size: { mean: 1, cv: 0 }, sloRatio: 10 },
  ];
  const plan = mixed(0, { workload: poisson(100, 100), classes, queueTimeoutS: 1 });
  const totals = run(plan, 110);
  const withoutClasses = run(mixed(0, { workload: poisson(100, 100), queueTimeoutS: 1 }), 110);
  expect(withoutClasses.dropped).toBe(0);
  // The machine serves 10 of 50 relaxed requests a second; the others time out, and no strict one does.
  expect(totals.dropped / totals.requests).toBeGreaterThan(0.35);
  expect(totals.offloaded / totals.requests).toBeGreaterThan(0.45);
  expect(totals.offloaded / totals.requests).toBeLessThan(0.52);
});
