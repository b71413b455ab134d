import { ConfigError, UnknownNameError } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { ForecastTracker, findForecaster, forecasters, forecastOf } from "../../src/workload/forecast/index.ts";
import { machines, state } from "../optimizers/problems.ts";

const DAY_STEPS = 96;
const STEP_S = 900;

/** A day that rises and falls, with 3 % noise. */
function diurnal(days: number, seed: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: days * DAY_STEPS }, (_, t) => {
    const noise = 0.06 * (random.next() - 0.5);
    return 100 * (1 + 0.6 * Math.sin((2 * Math.PI * t) / DAY_STEPS)) * (1 + noise);
  });
}

/** Mean absolute error over the last days of a series, one step ahead, over its mean. */
function errorOf(name: string, series: readonly number[], from: number, settings = {}): number {
  const forecaster = findForecaster(name).create(STEP_S, settings);
  let missed = 0;
  let total = 0;
  series.forEach((rate, t) => {
    if (t >= from) {
      missed += Math.abs((forecaster.ratesRps(1)[0] ?? 0) - rate);
      total += rate;
    }
    forecaster.observe(rate);
  });
  return missed / total;
}

describe.each(forecasters.map((entry) => [entry.name, entry] as const))("forecaster %s", (_name, entry) => {
  test("says nothing before the first rate, and a constant after a constant", () => {
    const forecaster = entry.create(60);
    expect(forecaster.ratesRps(3)).toEqual([0, 0, 0]);
    for (let t = 0; t < 50; t++) forecaster.observe(20);
    for (const rate of forecaster.ratesRps(10)) expect(rate).toBeCloseTo(20, 3);
  });

  test("is never negative and never infinite, whatever comes", () => {
    const forecaster = entry.create(60);
    const random = new SeededRandom(9);
    for (let t = 0; t < 300; t++) {
      forecaster.observe(t % 7 === 0 ? 0 : 1e4 * random.next() ** 6);
      for (const rate of forecaster.ratesRps(20)) expect(rate >= 0 && rate < 1e9).toBe(true);
    }
  });

  test("the same rates give the same forecast", () => {
    const [first, second] = [entry.create(60), entry.create(60)];
    for (const rate of diurnal(1, 1)) for (const forecaster of [first, second]) forecaster.observe(rate);
    expect(first.ratesRps(5)).toEqual(second.ratesRps(5));
  });

  test("an unknown setting is refused with its path", () => {
    expect(() => entry.create(60, { noSuchSetting: 1 })).toThrow(ConfigError);
    expect(() => entry.create(60, { noSuchSetting: 1 })).toThrow(`${entry.name}.noSuchSetting`);
  });
});

test("the moving window is the mean of its steps, or their peak", () => {
  const mean = findForecaster("moving-window").create(60, { steps: 3 });
  const peak = findForecaster("moving-window").create(60, { steps: 3, peak: 1 });
  for (const rate of [100, 1, 2, 6]) for (const forecaster of [mean, peak]) forecaster.observe(rate);
  expect(mean.ratesRps(1)).toEqual([3]);
  expect(peak.ratesRps(2)).toEqual([6, 6]);
});

test("the weighted average follows its recursion", () => {
  const forecaster = findForecaster("ewma").create(60, { weight: 0.25 });
  forecaster.observe(8);
  forecaster.observe(16);
  // 8 + 0.25 (16 - 8) = 10
  expect(forecaster.ratesRps(2)).toEqual([10, 10]);
});

test("a damped trend adds φ + … + φ^h times the slope", () => {
  const forecaster = findForecaster("holt-winters").create(60, { level: 1, trend: 1, damping: 0.5, seasonS: 0 });
  forecaster.observe(10);
  forecaster.observe(14);
  // level 14, trend 4: 14 + 0.5·4 = 16, 14 + 0.75·4 = 17.
  expect(forecaster.ratesRps(2)).toEqual([16, 17]);
});

test("a season known is a season expected: Holt-Winters beats the last value on days alike, and so does ridge", () => {
  const series = diurnal(6, 2);
  const from = 3 * DAY_STEPS;
  const last = errorOf("last-value", series, from);
  expect(errorOf("holt-winters", series, from, { trend: 0, level: 0.1 })).toBeLessThan(0.75 * last);
  expect(errorOf("ridge", series, from)).toBeLessThan(0.85 * last);
  // The noise alone is 0.06/4 = 1.5 % in the mean.
  expect(errorOf("holt-winters", series, from, { trend: 0, level: 0.1 })).toBeGreaterThan(0.014);
});

test("Holt-Winters knows the afternoon in the morning: half a day ahead it follows the season", () => {
  const series = diurnal(5, 3);
  const forecaster = findForecaster("holt-winters").create(STEP_S, { trend: 0 });
  for (const rate of series) forecaster.observe(rate);
  const ahead = forecaster.ratesRps(DAY_STEPS);
  ahead.forEach((rate, h) => {
    const truth = 100 * (1 + 0.6 * Math.sin((2 * Math.PI * h) / DAY_STEPS));
    expect(Math.abs(rate - truth)).toBeLessThan(12);
  });
});

test("the error is the sum of misses over the sum of what came", () => {
  const tracker = new ForecastTracker(findForecaster("last-value"), 60);
  expect(tracker.forecast(1).error).toBeNull();
  tracker.observe(10);
  expect(tracker.forecast(1).error).toBeNull();
  tracker.observe(20);
  tracker.observe(15);
  // |10 - 20| + |20 - 15| = 15 over 35.
  expect(tracker.forecast(2)).toEqual({ method: "last-value", stepS: 60, ratesRps: [15, 15], error: 15 / 35 });
});

test("a bounded history gives the forecast of whoever followed it all along", () => {
  const { history } = state(machines, { rateRps: 30, past: [{ arrivalRateRps: 10 }, { arrivalRateRps: 20 }] });
  const entry = findForecaster("ewma");
  const tracker = new ForecastTracker(entry, 60);
  for (const rate of [10, 20, 30]) tracker.observe(rate);
  expect(forecastOf(history, entry, 4)).toEqual(tracker.forecast(4));
  expect(forecastOf([], entry, 4)).toBeNull();
});

test("an unknown method is refused with those there are", () => {
  expect(() => findForecaster("oracle")).toThrow(UnknownNameError);
  expect(() => findForecaster("oracle")).toThrow("holt-winters");
});
