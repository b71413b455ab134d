// The simulator as a performance model, against queueing theory and its own promises.

import type { Objective } from "../../src/core/index.ts";
import { mmc } from "../../src/queueing/index.ts";
import { simulatedModel } from "../../src/simulator/index.ts";
import { poisson } from "../../src/workload/index.ts";
import { functionPlan, IDEAL, onePool } from "./plans.ts";

const objective: Objective = {
  minimize: "cost",
  slo: [{ percentile: 0.99, latencyMs: 100 }],
  reward: { referenceUsdPerHour: 1, latency: 1, miss: 1, change: 0 },
};
const plan = onePool(poisson(1, 1), 4, (batch) => 8 + 2 * batch, {
  reality: { ...IDEAL, serviceDistribution: "exponential" },
  function: functionPlan((batch) => 50 * batch),
});
const model = simulatedModel(plan, objective, { requests: 100_000 });
const four = { "instances.m.onDemand": 4 };

test("predicts what theory says, and the same every time", () => {
  const truth = mmc(240, 0.01, 4);
  const prediction = model.predict(four, { rateRps: 240 });
  expect(prediction.stable).toBe(true);
  expect(Math.abs(prediction.meanMs / (truth.meanResponseS * 1000) - 1)).toBeLessThan(0.02);
  expect(Math.abs(prediction.p99Ms / (truth.responseQuantileS(0.99) * 1000) - 1)).toBeLessThan(0.03);
  expect(prediction.objectiveMs).toBe(prediction.p99Ms);
  expect(prediction.utilization).toBeCloseTo(0.6, 2);
  expect(prediction.costUsdPerHour).toBeCloseTo(4, 9);
  expect(model.predict(four, { rateRps: 240 })).toEqual(prediction);
});

test("slowdown scales service times, and overload is told", () => {
  const slow = mmc(240, 0.01 * Math.exp(0.3), 4);
  expect(Math.abs(model.predict(four, { rateRps: 240 }, 0.3).meanMs / (slow.meanResponseS * 1000) - 1)).toBeLessThan(
    0.03,
  );
  expect(model.predict(four, { rateRps: 600 }).stable).toBe(false);
  expect(model.predict({ "instances.m.onDemand": 0 }, { rateRps: 10 })).toMatchObject({ stable: false, missRatio: 1 });
});

test("burstier arrivals wait longer", () => {
  const smooth = model.predict(four, { rateRps: 300, scv: 0.25 }).meanMs;
  const poissonMs = model.predict(four, { rateRps: 300 }).meanMs;
  const bursty = model.predict(four, { rateRps: 300, scv: 4 }).meanMs;
  expect(smooth).toBeLessThan(poissonMs);
  expect(bursty).toBeGreaterThan(poissonMs);
});

test("service times and capacity come from the profile and the SLO", () => {
  const batched = { ...four, maxBatchSize: 64, maxBatchDelayMs: 20 };
  expect(model.serviceMs("m", four, 6)).toBeCloseTo(20, 9);
  expect(model.serviceMs("function", four, 2)).toBeCloseTo(100, 9);
  // The largest batch within 100 ms beside a delay of 20: 8 + 2 b ≤ 80, b = 36, at 450 a second.
  expect(model.capacityRps("m", batched)).toBeCloseTo(36 / 0.08, 9);
  // A thousand calls at once of 50 ms each.
  expect(model.capacityRps("function", four)).toBeCloseTo(20_000, 6);
  expect(() => model.serviceMs("n", four, 1)).toThrow('host: expected one of m, function, found "n"');
});
