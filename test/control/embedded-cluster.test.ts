// The embedded cluster has no end and goes on after a stop, with the arrivals it would have had.

import { openScenario } from "../../environments/index.ts";
import { continuingWorkload, dampedTrend, embeddedCluster } from "../../src/control/index.ts";
import type { Configuration } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { poisson } from "../../src/workload/index.ts";
import { clusterState } from "../guards/context.ts";

function draw(startS: number, untilS: number): number[] {
  const source = continuingWorkload(poisson(5, 100), startS).open(new SeededRandom(1));
  const times: number[] = [];
  const block = new Float64Array(64);
  while ((times.at(-1) ?? 0) < untilS) times.push(...block.subarray(0, source.fill(block)));
  return times.filter((timeS) => timeS < untilS);
}

test("a workload goes on past its end, ascending, at its rate", () => {
  const times = draw(0, 1000);
  expect(times.every((timeS, i) => i === 0 || timeS >= (times[i - 1] ?? 0))).toBe(true);
  // 5 a second over 1000 s: 5000 ± 4·√5000.
  expect(Math.abs(times.length - 5000)).toBeLessThan(283);
  const perLap = Array.from({ length: 10 }, (_, lap) => times.filter((t) => Math.floor(t / 100) === lap).length);
  expect(Math.min(...perLap)).toBeGreaterThan(400);
});

test("laps are not copies of each other", () => {
  const times = draw(0, 200);
  const first = times.filter((timeS) => timeS < 100).slice(0, 5);
  const second = times
    .filter((timeS) => timeS >= 100)
    .slice(0, 5)
    .map((timeS) => timeS - 100);
  expect(first).not.toEqual(second);
});

test.each([0.5, 99.9, 100, 250, 1234.5])("started %p s in, the arrivals are those of an unbroken run", (startS) => {
  const unbroken = draw(0, startS + 50)
    .filter((timeS) => timeS >= startS)
    .map((timeS) => timeS - startS);
  const resumed = draw(startS, 50);
  expect(resumed).toHaveLength(unbroken.length);
  resumed.forEach((timeS, i) => {
    expect(timeS).toBeCloseTo(unbroken[i] ?? Number.NaN, 9);
  });
});

test("a workload without arrivals ends instead of being waited for", () => {
  const empty = { ...poisson(5, 100), open: () => ({ fill: () => 0 }) };
  expect(continuingWorkload(empty, 0).open(new SeededRandom(1)).fill(new Float64Array(8))).toBe(0);
});

test("an embedded cluster starts at the time and configuration it was stopped at, and tells time from there", async () => {
  const open = await openScenario("image-diurnal", { dataFolder: null });
  const configuration: Configuration = { ...open.initial, maxBatchSize: 2 };
  const cluster = embeddedCluster(open, new SeededRandom(1), { timeS: 50_000, configuration });
  await cluster.advance(60);
  const state = await cluster.observe();
  expect(state.timeS).toBeCloseTo(50_060, 6);
  expect(state.configuration).toEqual(configuration);
  expect(state.history.map(({ timeS }) => timeS)).toEqual([state.timeS]);
  // The diurnal curve peaks at 50400 s at about 80·(1 + 0.6 + …) requests a second; at time 0 it is under 40.
  expect(state.metrics.arrivals.rateRps).toBeGreaterThan(90);
  await cluster.close();
});

test("a steady rate is forecast as it is, a rising one to rise on, ever less", () => {
  const at = (rates: readonly number[]) => ({
    ...clusterState({ timeS: 0, configuration: {} }),
    history: rates.map((arrivalRateRps, i) => ({
      timeS: 60 * i,
      durationS: 60,
      arrivalRateRps,
      peakRateRps: arrivalRateRps,
      objectiveMs: null,
      missRatio: 0,
      utilization: 0,
      queueLength: 0,
      costUsdPerHour: 0,
      configuration: {},
    })),
  });
  expect(dampedTrend(at([]), 60)).toBeNull();
  const steady = dampedTrend(at(new Array(50).fill(20)), 60);
  expect(steady).toMatchObject({ method: "damped-trend", stepS: 60, error: 0 });
  expect(steady?.ratesRps.every((rate) => Math.abs(rate - 20) < 1e-9)).toBe(true);
  const rising = dampedTrend(at(Array.from({ length: 50 }, (_, i) => 20 + i)), 60)?.ratesRps ?? [];
  const steps = rising.slice(1).map((rate, i) => rate - (rising[i] ?? 0));
  // The last rate was 69; smoothing alone, which lags a step behind, would say 68.
  expect(rising[0]).toBeGreaterThan(68);
  expect(steps.every((step, i) => step > 0 && (i === 0 || step < (steps[i - 1] ?? 0)))).toBe(true);
  const falling = dampedTrend(at(Array.from({ length: 12 }, (_, i) => 24 - 2 * i)), 60)?.ratesRps ?? [];
  expect(Math.min(...falling)).toBeGreaterThanOrEqual(0);
});
