import { due, historySteps, lastChangeS, recentWindows } from "../../src/optimizers/history.ts";
import { machines, state } from "./problems.ts";

const rates = [1, 2, 3, 4, 5, 6, 7];
const tenSeconds = state(machines, {
  windowS: 10,
  timeS: 1000,
  rateRps: 8,
  past: rates.map((arrivalRateRps) => ({ arrivalRateRps })),
});

test("windows of ten seconds make minutes, counted back from now; the oldest may be short", () => {
  const steps = historySteps(tenSeconds, 60, 5);
  expect(steps.map((step) => [step.timeS, step.durationS])).toEqual([
    [940, 20],
    [1000, 60],
  ]);
  // (3+4+5+6+7+8)/6 = 5.5 and (1+2)/2 = 1.5
  expect(steps.map((step) => step.rateRps)).toEqual([1.5, 5.5]);
  expect(steps.map((step) => step.peakRps)).toEqual([2, 8]);
  expect(historySteps(tenSeconds, 60, 1)).toHaveLength(1);
});

test("windows longer than a step are steps", () => {
  const minutes = state(machines, { past: [{ arrivalRateRps: 1 }, { arrivalRateRps: 2 }] });
  expect(historySteps(minutes, 10, 9).map((step) => step.rateRps)).toEqual([1, 2, 20]);
});

test("the last seconds hold the windows that lie in them, the latest one at least", () => {
  expect(recentWindows(tenSeconds, 30).map((window) => window.arrivalRateRps)).toEqual([6, 7, 8]);
  expect(recentWindows(tenSeconds, 0).map((window) => window.arrivalRateRps)).toEqual([8]);
  expect(recentWindows({ ...tenSeconds, history: [] }, 600).map((window) => window.arrivalRateRps)).toEqual([8]);
});

test("a rule of one minute decides once a minute in a loop of ten seconds, and always in one of two", () => {
  const at = (timeS: number): boolean => due(state(machines, { windowS: 10, timeS }), 60);
  const decisions = Array.from({ length: 60 }, (_, i) => at(3600 + 10 * i)).filter(Boolean);
  expect(decisions).toHaveLength(10);
  expect(at(3600)).toBe(true);
  expect(at(3610)).toBe(false);
  expect(due(state(machines, { windowS: 120, timeS: 3700 }), 60)).toBe(true);
});

test("the last change is found either way, the one asked for now included", () => {
  const count = (configuration: Readonly<Record<string, unknown>>): number =>
    Number(configuration["instances.c5.large.onDemand"]);
  const at = (n: number) => ({ "instances.c5.large.onDemand": n });
  const past = [4, 6, 6, 5, 5].map((n) => ({ arrivalRateRps: 1, configuration: at(n) }));
  const seen = state(machines, { timeS: 600, configuration: at(5), past });
  // Windows end at 300, 360, 420, 480, 540, 600: up after 300, down after 420.
  expect(lastChangeS(seen, count, 1)).toBe(300);
  expect(lastChangeS(seen, count, -1)).toBe(420);
  expect(lastChangeS({ ...seen, inFlight: at(9) }, count, 1)).toBe(600);
  expect(lastChangeS(state(machines), count, 1)).toBeNull();
});
