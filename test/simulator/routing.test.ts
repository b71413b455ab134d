// How batches find machines, and how requests of different sizes share them.

import { SeededRandom } from "../../src/math/index.ts";
import { type SimulationPlan, Simulator } from "../../src/simulator/index.ts";
import { poisson } from "../../src/workload/index.ts";
import { arrivalsAt, onePool, pool } from "./plans.ts";

function run(plan: SimulationPlan, untilS: number) {
  const simulator = new Simulator(plan, new SeededRandom(9));
  simulator.run(untilS);
  return simulator.totals();
}

const twoPools = (rest: Partial<SimulationPlan>): SimulationPlan =>
  onePool(arrivalsAt([1, 1.001, 1.002]), 0, () => 1, {
    pools: [pool("slow", () => 300), pool("fast", () => 100)],
    knobs: [],
    initial: { "instances.slow.onDemand": 1, "instances.fast.onDemand": 1 },
    ...rest,
  });

test("a central queue fills the fastest machine first, and whoever is free takes the oldest", () => {
  // Fast 1.000..1.100, slow 1.001..1.301, then fast 1.100..1.200: 100, 300 and 198 ms.
  expect(run(twoPools({}), 5).latency.meanMs).toBeCloseTo((100 + 300 + 198) / 3, 6);
});

test("least expected wait counts service too: a busy fast machine may beat an idle slow one", () => {
  const totals = run(twoPools({ routing: "least-expected-wait" }), 5);
  // All to the fast one: 100, 199 and 298 ms; the slow one would take 300.
  expect(totals.latency.meanMs).toBeCloseTo((100 + 199 + 298) / 3, 6);
});

test("weighted round robin shares in proportion to the weights", () => {
  const pools = [
    { ...pool("slow", () => 10), weight: 1 },
    { ...pool("fast", () => 1), weight: 3 },
  ];
  const plan = twoPools({ workload: poisson(10, 4000), pools, routing: "weighted-round-robin" });
  const slo = [{ percentile: 0.5, latencyMs: 5 }] as const;
  const { attained, requests } = run({ ...plan, slo }, 4100);
  // Strides 1 and 1/3: three of four go to the fast machine, which alone answers within 5 ms (it is 1 % busy).
  expect(requests).toBeGreaterThan(39_000);
  expect(Math.abs((attained[0] ?? 0) - 0.75)).toBeLessThan(0.002);
});

test("with equal machines and single requests, least expected wait comes close to a central queue", () => {
  const plan = onePool(poisson(800, 200), 10, () => 10);
  const central = run(plan, 210).latency.meanMs;
  const routed = run({ ...plan, routing: "least-expected-wait" }, 210).latency.meanMs;
  const robin = run({ ...plan, routing: "weighted-round-robin" }, 210).latency.meanMs;
  expect(routed / central).toBeGreaterThan(0.99);
  expect(routed / central).toBeLessThan(1.05);
  expect(robin).toBeGreaterThan(routed);
});

test("model instances of one machine work in parallel, up to a lock", () => {
  const plan = onePool(arrivalsAt([1, 1, 1, 1]), 1, () => 100, {
    pools: [pool("m", () => 100, { vcpus: 4 })],
    initial: { "instances.m.onDemand": 1, concurrency: 4 },
  });
  expect(run(plan, 5).latency.meanMs).toBeCloseTo(100, 6);
  const locked = { ...plan, reality: { ...plan.reality, concurrencyLock: 2 } };
  expect(run(locked, 5).latency.meanMs).toBeCloseTo(150, 6);
});

test("sharing a machine slows its model instances as the plan's reality says", () => {
  const plan = onePool(arrivalsAt([1]), 1, () => 100, {
    pools: [pool("m", () => 100, { vcpus: 4 })],
    initial: { "instances.m.onDemand": 1, concurrency: 3, intraOpThreads: 2 },
    reality: {
      interference: 0.15,
      oversubscription: 1.4,
      serviceCv: 0,
      stragglers: { share: 0, factor: 1 },
      concurrencyLock: null,
      batchOverheadMs: 8,
    },
  });
  // (1 + 0.15 (3·2 - 2)/4) · (3·2/4)^1.4 · 100 + 8 (1 + 1/16).
  expect(run(plan, 5).latency.meanMs).toBeCloseTo(1.15 * 1.5 ** 1.4 * 100 + 8.5, 6);
});

test("padding makes a batch cost as much as its largest request; buffers by size avoid it", () => {
  const classes = [
    { name: "small", share: 0.5, strict: true, size: { mean: 1, cv: 0 } },
    { name: "large", share: 0.5, strict: true, size: { mean: 4, cv: 0 } },
  ];
  const plan = onePool(poisson(100, 500), 4, (batch) => 4 * batch, {
    classes,
    initial: { "instances.m.onDemand": 4, maxBatchSize: 4, maxBatchDelayMs: 100 },
  });
  const serviceMsOf = (padding: boolean, sizeBounds: readonly number[]): number => {
    const simulator = new Simulator({ ...plan, buffers: { padding, sizeBounds } }, new SeededRandom(2));
    simulator.run(510);
    const { service, meanBatchSize } = simulator.observe().metrics;
    return (service?.meanMs ?? 0) / (meanBatchSize ?? 1);
  };
  // A request of mean size 2.5 takes 10 ms without padding, and in buffers of one size each.
  expect(Math.abs(serviceMsOf(false, []) / 10 - 1)).toBeLessThan(0.01);
  expect(Math.abs(serviceMsOf(true, [2]) / 10 - 1)).toBeLessThan(0.01);
  // Padded to 4 unless all of up to four are small: near 16 ms.
  expect(serviceMsOf(true, [])).toBeGreaterThan(14);
  expect(serviceMsOf(true, [])).toBeLessThan(16);
});

test("a full queue turns requests away, and those that wait too long are given up", () => {
  const plan = onePool(arrivalsAt([1, 1.1, 1.2, 1.3]), 1, () => 1000);
  expect(run({ ...plan, queueLimit: 1 }, 10)).toMatchObject({ served: 2, dropped: 2 });
  // Waits of 0, 0.9, 1.8 and 2.7 s.
  expect(run({ ...plan, queueTimeoutS: 1 }, 10)).toMatchObject({ served: 2, dropped: 2 });
  const routed = { ...plan, routing: "least-expected-wait" as const };
  expect(run({ ...routed, queueLimit: 1 }, 10)).toMatchObject({ served: 2, dropped: 2 });
  expect(run({ ...routed, queueTimeoutS: 1 }, 10)).toMatchObject({ served: 2, dropped: 2 });
});

test("a request that waits for ever counts as missed once it is later than every SLO", () => {
  const totals = run(
    onePool(arrivalsAt([1, 2, 9.9]), 0, () => 10),
    10,
  );
  expect(totals).toMatchObject({ requests: 2, served: 0, dropped: 0, flow: { arrived: 3, inSystem: 3 } });
  expect(totals.attained).toEqual([0]);
});
