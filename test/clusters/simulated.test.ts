// The simulated cluster as an adapter: history, refusals, and observations that come late, noisy or not at all.

import { SimulatedCluster } from "../../src/clusters/simulated.ts";
import { ActuationError, HISTORY_WINDOWS, ObservationError } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import type { ObservationPlan, SimulationPlan } from "../../src/simulator/index.ts";
import { poisson } from "../../src/workload/index.ts";
import { knob, onePool } from "../simulator/plans.ts";

function clusterOf(rest: Partial<SimulationPlan> = {}): SimulatedCluster {
  const plan = onePool(poisson(100, Number.POSITIVE_INFINITY), 2, () => 10, {
    knobs: [knob("instances.m.onDemand", [1, 2, 3]), knob("maxBatchSize", [1, 4])],
    initial: { "instances.m.onDemand": 2, maxBatchSize: 1 },
    ...rest,
  });
  return new SimulatedCluster({ plan, random: new SeededRandom(12) });
}

const exact: ObservationPlan = { delayS: 0, lossShare: 0, noiseCv: 0 };

test("the history ends with the latest window and is bounded", async () => {
  const cluster = clusterOf();
  let state = null;
  for (let i = 0; i < HISTORY_WINDOWS + 5; i++) {
    await cluster.advance(1);
    state = await cluster.observe();
  }
  expect(state?.history).toHaveLength(HISTORY_WINDOWS);
  expect(state?.history[HISTORY_WINDOWS - 1]).toMatchObject({
    timeS: state?.timeS,
    arrivalRateRps: state?.metrics.arrivals.rateRps,
    objectiveMs: state?.metrics.latency?.objectiveMs,
  });
});

test("later windows leave an earlier state alone", async () => {
  const cluster = clusterOf();
  await cluster.advance(10);
  const first = await cluster.observe();
  const before = JSON.stringify(first);
  await cluster.advance(10);
  await cluster.observe();
  expect(JSON.stringify(first)).toBe(before);
});

test("a value off its knob, or a knob it has not, is refused and changes nothing", async () => {
  const cluster = clusterOf();
  await expect(cluster.apply({ maxBatchSize: 3 })).rejects.toThrow(
    new ActuationError("configuration.maxBatchSize: expected one of 1, 4, found 3"),
  );
  await expect(cluster.apply({ maxBatchSize: 4, threads: 3 })).rejects.toThrow(
    "configuration.threads: expected a knob",
  );
  expect((await cluster.observe()).configuration["maxBatchSize"]).toBe(1);
});

test("a lost observation is an error, and the next one covers its time", async () => {
  const cluster = clusterOf({ observation: { ...exact, lossShare: 0.5 } });
  let lost = 0;
  let coveredS = 0;
  let toldS = 0;
  for (let i = 1; i <= 200; i++) {
    await cluster.advance(1);
    try {
      const { metrics, timeS } = await cluster.observe();
      coveredS += metrics.durationS;
      toldS = timeS;
    } catch (error) {
      expect(error).toBeInstanceOf(ObservationError);
      lost += 1;
    }
  }
  expect(lost).toBeGreaterThan(60);
  expect(lost).toBeLessThan(140);
  expect(coveredS).toBeCloseTo(toldS, 9);
});

test("late observations tell of the past", async () => {
  const cluster = clusterOf({ observation: { ...exact, delayS: 15 } });
  await cluster.advance(10);
  await expect(cluster.observe()).rejects.toBeInstanceOf(ObservationError);
  await cluster.advance(60);
  expect(await cluster.observe()).toMatchObject({ timeS: 55 });
  await cluster.advance(60);
  expect(await cluster.observe()).toMatchObject({ timeS: 115, metrics: { durationS: 60 } });
});

test("noise blurs latencies and rates by its coefficient of variation, and keeps percentiles in order", async () => {
  const noisy = clusterOf({ observation: { ...exact, noiseCv: 0.2 } });
  const clean = clusterOf();
  const ratios: number[] = [];
  for (let i = 0; i < 400; i++) {
    await Promise.all([noisy.advance(10), clean.advance(10)]);
    const [blurred, sharp] = [(await noisy.observe()).metrics, (await clean.observe()).metrics];
    const [p50, p99] = [blurred.latency?.p50Ms ?? 0, blurred.latency?.p99Ms ?? 0];
    expect(p50).toBeLessThanOrEqual(p99);
    expect(blurred.costUsd).toBe(sharp.costUsd);
    ratios.push((blurred.latency?.meanMs ?? 0) / (sharp.latency?.meanMs ?? 1));
  }
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const cv = Math.sqrt(ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / ratios.length) / mean;
  // 400 windows: standard errors of 1 % for the mean and 0.7 % for the variation.
  expect(Math.abs(mean - 1)).toBeLessThan(0.04);
  expect(Math.abs(cv - 0.2)).toBeLessThan(0.03);
});

test("a forecaster's word is passed on", async () => {
  const plan = onePool(poisson(100, 1000), 2, () => 10);
  const forecast = { method: "mine", stepS: 60, ratesRps: [100], error: null };
  const cluster = new SimulatedCluster({ plan, random: new SeededRandom(1), forecast: () => forecast });
  await cluster.advance(10);
  expect((await cluster.observe()).forecast).toEqual(forecast);
});
