import { mapRateRps, mmpp } from "../../src/math/index.ts";
import { type BatchingSearch, bufferLatency, searchBatching } from "../../src/performance/index.ts";

const map = mmpp([40, 5], [3, 9]);
const search: BatchingSearch = {
  load: { rateRps: mapRateRps(map), map },
  memoriesMb: [1024, 2048, 3072],
  batchSizes: [1, 2, 3, 5, 8],
  delaysMs: [0, 40, 80, 120, 200],
  serviceMs: (batch, memoryMb) => ((120 + 90 * batch) * 2048) / memoryMb,
  callUsd: (memoryMb, serviceMs) => (memoryMb / 1024) * (serviceMs / 1000) * 0.0000166667 + 0.0000002,
  percentile: 0.95,
  latencyMs: 600,
  minimize: "cost",
  usdPerHour: Number.POSITIVE_INFINITY,
};

interface Point {
  readonly memoryMb: number;
  readonly batchSize: number;
  readonly delayMs: number;
}

function points(): Point[] {
  return search.memoriesMb.flatMap((memoryMb) =>
    search.batchSizes.flatMap((batchSize) => search.delaysMs.map((delayMs) => ({ memoryMb, batchSize, delayMs }))),
  );
}

function distribution({ memoryMb, batchSize, delayMs }: Point) {
  return bufferLatency(search.load, batchSize, delayMs / 1000, (k) => search.serviceMs(k, memoryMb) / 1000);
}

test("every point is evaluated, and the best of them is what asking the mixture point by point gives", () => {
  const { best, evaluations } = searchBatching(search);
  expect(evaluations).toBe(3 * 5 * 5);
  const feasible = points().filter((point) => distribution(point).cumulative(0.6) >= 0.95);
  expect(feasible.length).toBeGreaterThan(5);
  expect(feasible.length).toBeLessThan(70);
  // The cost of each feasible point, by a search of that point alone.
  const costs = feasible.map((point) => {
    const alone = searchBatching({
      ...search,
      memoriesMb: [point.memoryMb],
      batchSizes: [point.batchSize],
      delaysMs: [point.delayMs],
    });
    return alone.best?.usdPerRequest ?? Number.NaN;
  });
  expect(best?.usdPerRequest).toBeCloseTo(Math.min(...costs), 15);
});

test("least latency within a budget is the least percentile of the feasible points", () => {
  const { best } = searchBatching({ ...search, minimize: "latency" });
  const latencies = points().map((point) => distribution(point).quantileS(0.95));
  expect(best && distribution(best).quantileS(0.95)).toBeCloseTo(Math.min(...latencies), 4);
});

test("one request at a time costs its call, and batches cost the expected batch over the expected size", () => {
  const one = searchBatching({ ...search, memoriesMb: [2048], batchSizes: [1], delaysMs: [0] });
  // 210 ms of 2 GB: 0.00000700001 + 0.0000002
  expect(one.best?.usdPerRequest).toBeCloseTo(2 * 0.21 * 0.0000166667 + 0.0000002, 15);
  const poisson = { ...search, load: { rateRps: 10 }, memoriesMb: [2048], batchSizes: [2], delaysMs: [100] };
  // N(0.1 s) = 0 with e^-1: sizes 1 and 2 with e^-1 and 1 - e^-1; 210 and 300 ms.
  const short = Math.exp(-1);
  const usd = short * search.callUsd(2048, 210) + (1 - short) * search.callUsd(2048, 300);
  expect(searchBatching(poisson).best?.usdPerRequest).toBeCloseTo(usd / (2 - short), 15);
});

test("nothing feasible says how near it came, and a mask is kept to", () => {
  const { best, nearest } = searchBatching({ ...search, latencyMs: 130 });
  // The fastest call takes 210 · 2048/3072 = 140 ms.
  expect(best).toBeNull();
  expect(nearest?.attained).toBeLessThan(0.95);
  const masked = searchBatching({ ...search, allowed: (point) => point.batchSize === 1 });
  expect(masked.best?.batchSize).toBe(1);
  const broke = searchBatching({ ...search, usdPerHour: 0.01 });
  expect(broke.best).toBeNull();
});
