import { SeededRandom } from "../../src/math/index.ts";
import { lognormalSize } from "../../src/optimizers/mbs.ts";
import { type BufferPlanRequest, planBuffers, searchBatching } from "../../src/performance/index.ts";

function request(fields: Partial<BufferPlanRequest>): BufferPlanRequest {
  return {
    load: { rateRps: 60 },
    memoriesMb: [2048, 4096],
    batchSizes: [1, 2, 4, 8],
    delaysMs: [0, 25, 50, 100],
    serviceMs: (batch, memoryMb) => ((60 + 20 * batch) * 2048) / memoryMb,
    callUsd: (memoryMb, serviceMs) => (memoryMb / 1024) * (serviceMs / 1000) * 0.0000166667 + 0.0000002,
    percentile: 0.95,
    latencyMs: 900,
    sizeAt: lognormalSize(1.2),
    maxBuffers: 4,
    shared: false,
    evaluations: 20,
    random: new SeededRandom(1),
    ...fields,
  };
}

test("lognormal sizes have mean 1 and the given variation", () => {
  const at = lognormalSize(0.8);
  const sizes = Array.from({ length: 20_000 }, (_, i) => at((i + 0.5) / 20_000));
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  const variance = sizes.reduce((sum, size) => sum + (size - mean) ** 2, 0) / sizes.length;
  expect(mean).toBeCloseTo(1, 2);
  expect(Math.sqrt(variance) / mean).toBeCloseTo(0.8, 1);
});

test("sizes alike need one buffer, and it is BATCH's", () => {
  const alike = request({ sizeAt: () => 1, maxBuffers: 1 });
  const plan = planBuffers(alike);
  const { best } = searchBatching({ ...alike, minimize: "cost", usdPerHour: Number.POSITIVE_INFINITY });
  expect(plan?.buffers).toHaveLength(1);
  expect(plan?.usdPerRequest).toBeCloseTo(best?.usdPerRequest ?? 0, 12);
  expect(plan?.paddingShare).toBeCloseTo(0, 9);
});

test("unlike sizes are cheaper and less padded in several buffers than in one", () => {
  const one = planBuffers(request({ maxBuffers: 1 }));
  const several = planBuffers(request({}));
  expect(several?.buffers.length).toBeGreaterThan(1);
  expect(several?.usdPerRequest).toBeLessThan(0.95 * (one?.usdPerRequest ?? 0));
  const bounds = several?.buffers.map((buffer) => buffer.upToSize) ?? [];
  expect(bounds).toEqual([...bounds].sort((a, b) => a - b));
  expect(bounds.at(-1)).toBe(Number.POSITIVE_INFINITY);
  expect(several?.buffers.reduce((sum, buffer) => sum + buffer.share, 0)).toBeCloseTo(1, 9);
});

test("one batch size and timeout for all buffers costs at least what each its own costs", () => {
  const fields = { evaluations: 8, batchSizes: [1, 4], delaysMs: [0, 50] };
  const own = planBuffers(request({ ...fields, maxBuffers: 1 }));
  const shared = planBuffers(request({ ...fields, shared: true }));
  const separate = planBuffers(request(fields));
  expect(new Set(shared?.buffers.map((buffer) => buffer.batchSize)).size).toBe(1);
  expect(shared?.usdPerRequest).toBeLessThanOrEqual((own?.usdPerRequest ?? 0) * (1 + 1e-12));
  expect(separate?.usdPerRequest).toBeLessThanOrEqual((shared?.usdPerRequest ?? 0) * (1 + 1e-12));
});

test("an SLO that no partition keeps gives no plan, and the same request the same plan", () => {
  expect(planBuffers(request({ latencyMs: 20, evaluations: 5 }))).toBeNull();
  expect(planBuffers(request({ evaluations: 6 }))).toEqual(planBuffers(request({ evaluations: 6 })));
});
