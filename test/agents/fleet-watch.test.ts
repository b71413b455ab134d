import type { KindOfMachine } from "../../agents/fleet-kinds.ts";
import { fellBehind, type LookBack, measuredResidual, mixedOn } from "../../agents/fleet-watch.ts";
import { BoostedTrees, type Choice, RateMemory } from "../../src/switching/index.ts";

const USD_PER_S = 0.085 / 3600;
const kind: KindOfMachine = {
  name: "instances.c5.large.onDemand",
  knob: "instances.c5.large.onDemand",
  host: "c5.large",
  market: "onDemand",
  fallbackKnob: null,
  slowdown: 1,
  launchFactor: 1,
  settings: {},
  most: 40,
  capacityRps: 5,
  usdPerS: USD_PER_S,
  onDemandUsdPerS: USD_PER_S,
  callUsd: 18.8e-6,
  launchS: 140,
  launchBilled: true,
  lossesPerS: 0,
  lossShare: 0,
  waitS: 0,
};
const calls = { serviceS: 0.38, keepAliveS: 600, concurrencyLimit: 1000, lateShare: 0.01 };

/** Rules that give the same answer at every moment: launches up to six times the load where `up` is above 0. */
function always(up: number): Choice {
  const constant = (base: number): BoostedTrees =>
    new BoostedTrees({ depth: 1, base, features: [], thresholds: [], leaves: [] });
  const rules = { up: constant(up), keep: constant(1) };
  return { rule: "learnt", margin: 0, rules, calendar: null, kind: kind.name, waitS: 0, reserve: 0, spotShare: 1 };
}

/** Hours at 50 requests a second, ten machines' worth, or at other rates by turns of equal length. */
function back(choice: Choice, hours: number, ratesRps: readonly number[] = [50]): LookBack {
  const memory = new RateMemory(1);
  memory.add({ timeS: 3600 * hours, durationS: 3600 * hours, rateRps: 50, recentRatesRps: ratesRps });
  return { memory, kind, choice, calls, decideEvery: 1, sinceS: 3600 * hours };
}

test("rules that launch without end have fallen far behind mixed after an hour, not before", () => {
  expect(fellBehind(back(always(1), 0.5))).toBeNull();
  const behind = fellBehind(back(always(1), 1));
  expect(behind?.text).toMatch(/^[3-6]\.\d\d of mixed over 1 h$/);
  expect(behind?.far).toBe(true);
});

test("a fixed count is judged too: the closer to what mixed costs the later, and not as another regime's", () => {
  // Mixed keeps ten machines; 11 cost 1.1 times as much and spare no call, 20 twice as much. Bounds are 1.17 after 2 h and
  // 1.05 after 24; of another regime 1.73 after an hour and 1.15 after 24.
  const fixed = (count: number): Choice => ({
    rule: "static",
    count,
    kind: kind.name,
    waitS: 0,
    reserve: 0,
    spotShare: 1,
  });
  expect(fellBehind(back(fixed(11), 2))).toBeNull();
  expect(fellBehind(back(fixed(11), 24))?.far).toBe(false);
  expect(fellBehind(back(fixed(20), 1))?.far).toBe(true);
});

test("rules that do as mixed does have not fallen behind, nor has mixed itself", () => {
  expect(fellBehind(back(always(-1), 24))).toBeNull();
  expect(fellBehind(back(mixedOn(kind), 24))).toBeNull();
});

test("dear rules stay where mixed would have missed the SLO", () => {
  // Every hour by turns of 10 min at 10 and 90 requests a second, and functions for 10 a second: mixed boots too late.
  const tides = Array.from({ length: 12 }, (_, turn) => (turn % 2 === 0 ? 10 : 90));
  const few = { ...calls, concurrencyLimit: 4 };
  expect(fellBehind({ ...back(always(1), 2, tides), calls: few })).toBeNull();
  expect(fellBehind(back(always(1), 2, tides))).not.toBeNull();
});

test("dear rules stay for a day after mixed would have missed the SLO, however quiet it is now", () => {
  const few = { ...calls, concurrencyLimit: 4 };
  const fixed: Choice = { rule: "static", count: 20, kind: kind.name, waitS: 0, reserve: 0, spotShare: 1 };
  const tides = Array.from({ length: 12 }, (_, turn) => (turn % 2 === 0 ? 10 : 90));
  const quietFor = (hours: number): LookBack => {
    const memory = new RateMemory(3);
    const whole = (timeH: number, hours: number, recentRatesRps: number[]) =>
      memory.add({ timeS: 3600 * timeH, durationS: 3600 * hours, rateRps: 50, recentRatesRps });
    whole(2, 2, tides);
    whole(2 + hours, hours, [50]);
    return { memory, kind, choice: fixed, calls: few, decideEvery: 1, sinceS: 2 * 3600 };
  };
  expect(fellBehind(quietFor(4))).toBeNull();
  expect(fellBehind({ ...quietFor(4), calls })?.far).toBe(true);
  expect(fellBehind(quietFor(24))?.far).toBe(true);
});

test("the residual is how far measured costs are off those replayed", () => {
  const choice = always(-1);
  const replayedUsd = 10 * USD_PER_S * 4 * 3600;
  expect(measuredResidual(back(choice, 4), 1.2 * replayedUsd)).toBeCloseTo(Math.log(1.2), 9);
  expect(measuredResidual(back(choice, 2), 1.2 * replayedUsd)).toBeNull();
  expect(measuredResidual(back(choice, 4), 0)).toBeNull();
});
