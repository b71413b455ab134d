import { poissonCount, SeededRandom } from "../../src/math/index.ts";
import { CANARY, canaryTrial, Dispersion, LatencyTable, NO_CANARY, WindowReader } from "../../src/slowdown/index.ts";

const grid = { reach: 1.2, step: 0.1 };
/** 100 ms at slowdown 0, three times as steep as the slowdown; over many windows 20 % more. */
const windowTable = new LatencyTable(1, (_, z) => Math.log(100) + 3 * z, grid);
const table = new LatencyTable(1, (_, z) => Math.log(120) + 3 * z, grid);
const model = { table, windowTable, logCost: new Float64Array(1), serviceMs: () => 10 };
const window = {
  latencyMs: 100 * Math.exp(0.3),
  tail: [[Math.log(100) + 0.3, Math.log(0.01)]] as const,
  utilization: 0.5,
  meanBatchSize: 4,
  serviceMs: 10 * Math.exp(0.04),
  costUsdPerHour: 1,
  short: false,
};

test("a window's slowdown is read at the load's own rate and means more latency over many windows", () => {
  const reader = new WindowReader(Math.log(1000), model);
  const slowdown = reader.slowdown(0, window);
  expect(slowdown).toBeCloseTo(0.1, 9);
  expect(Math.exp(reader.overWindows(0, window, slowdown))).toBeCloseTo(120 * Math.exp(0.3), 6);
});

test("an overloaded window shows no more than service times or the SLO's edge do, whatever its backlog", () => {
  const reader = new WindowReader(Math.log(120), model);
  const drowned = { ...window, latencyMs: 5000, utilization: 0.99 };
  expect(reader.slowdown(0, drowned)).toBeCloseTo(0.04, 9);
  expect(reader.slowdown(0, { ...drowned, serviceMs: null })).toBeCloseTo(0.02, 9);
  expect(reader.slowdown(0, { ...drowned, utilization: 0.6 })).toBeCloseTo(0.3, 9);
});

test("service times stand in for a window once it is known what queues add to them", () => {
  const reader = new WindowReader(Math.log(1000), model);
  expect(reader.slowdownAtBatch(0, window)).toBeCloseTo(0.04, 9);
  for (let i = 0; i < 99; i++) reader.learnQueueing(0, window, 0.1, 1);
  expect(reader.slowdownAtBatch(0, window)).toBeCloseTo(0.04 + 0.99 * 0.06, 9);
  expect(reader.slowdownAtBatch(0, { ...window, serviceMs: null })).toBeNull();
});

test("the index of dispersion is 1 for Poisson counts and grows with bursts", () => {
  const random = new SeededRandom(1);
  const [calm, bursts] = [new Dispersion(), new Dispersion()];
  for (let i = 0; i < 200; i++) {
    const rates = (scale: () => number): number[] =>
      Array.from({ length: 12 }, () => poissonCount(random, 1000 * scale()) / 10);
    calm.observe(
      rates(() => 1),
      120,
    );
    // Counts of mean 1000 whose rate strays by 10 %: variance 1000 + 100², an index of 11.
    bursts.observe(
      rates(() => (random.next() < 0.5 ? 0.9 : 1.1)),
      120,
    );
  }
  expect(calm.index).toBeGreaterThan(0.99);
  expect(calm.index).toBeLessThan(1.1);
  expect(bursts.index).toBeGreaterThan(10);
  expect(bursts.index).toBeLessThan(12);
});

test("a canary is judged after an eighth, a quarter and half of a window", () => {
  expect(canaryTrial(CANARY)?.stages.map((stage) => stage.windowShare)).toEqual([1 / 8, 1 / 4, 1 / 2]);
  expect(canaryTrial(NO_CANARY)).toBeUndefined();
});
