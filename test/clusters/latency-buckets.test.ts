// Latency from histogram buckets: Prometheus' own arithmetic, and honest about what a coarse histogram cannot tell.

import { bucketsBetween, type LatencyBuckets, latencyOf } from "../../src/clusters/latency-buckets.ts";
import { ObservationError } from "../../src/core/index.ts";

const INF = Number.POSITIVE_INFINITY;
const slo = { percentile: 0.9, latencyMs: 200 };

function buckets(upToMs: readonly number[], counts: readonly number[], sumMs = 1000): LatencyBuckets {
  return { upToMs, counts, sumMs };
}

test("quantiles are linear inside their bucket, as histogram_quantile has them", () => {
  // 100 requests: ranks 1..50 up to 100 ms, 51..80 up to 200 ms, 81..100 up to 400 ms.
  const latency = latencyOf(buckets([100, 200, 400, INF], [50, 30, 20, 0], 15_000), slo, 0);
  expect(latency).toMatchObject({ meanMs: 150, p50Ms: 100, objectiveMs: 300, bucketMs: [200, 400], missRatio: 0.2 });
  expect(latency?.p95Ms).toBeCloseTo(350, 9);
  expect(latency?.p99Ms).toBeCloseTo(390, 9);
  expect(latency?.resolution).toBeCloseTo(200 / 300, 9);
});

test("an SLO inside a bucket splits it, and dropped requests are late", () => {
  const [inside] = [{ percentile: 0.9, latencyMs: 150 }];
  const latency = latencyOf(buckets([100, 200, INF], [50, 50, 0]), inside, 100);
  expect(latency?.missRatio).toBeCloseTo((25 + 100) / 200, 9);
});

test("beyond the last edge only the edge is known", () => {
  const latency = latencyOf(buckets([100, INF], [10, 90]), slo, 0);
  expect(latency).toMatchObject({ objectiveMs: 100, bucketMs: [100, INF], resolution: 1, missRatio: 0.9 });
});

test("where nothing completed there is no latency, and it is not zero", () => {
  expect(latencyOf(buckets([100, INF], [0, 0]), slo, 5)).toBeNull();
});

test("a window is the difference of two readings; counters that went back, or other edges, are an error", () => {
  const before = buckets([100, INF], [5, 1], 400);
  const after = buckets([100, INF], [9, 1], 700);
  expect(bucketsBetween(before, after, "x")).toEqual(buckets([100, INF], [4, 0], 300));
  expect(() => bucketsBetween(after, before, "triton")).toThrow(ObservationError);
  expect(() => bucketsBetween(after, before, "triton")).toThrow(/triton: .*expected counters that grow/);
  expect(() => bucketsBetween(before, buckets([50, INF], [9, 1]), "x")).toThrow(/expected edges at 100, Infinity ms/);
});
