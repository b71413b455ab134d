import { levelledLoad, levelOfRate, levelRatesRps, loadLevel } from "../../agents/load-level.ts";
import { normal, SeededRandom } from "../../src/math/index.ts";
import { bowl, stateOf } from "../contracts/agent.ts";

const chance = new SeededRandom(1);

function stateAfter(ratesRps: readonly number[]): ReturnType<typeof stateOf> {
  let state = stateOf(bowl, bowl.initial, ratesRps[0] ?? 0, [], chance);
  for (const rate of ratesRps.slice(1)) state = stateOf(bowl, bowl.initial, rate, state.history, chance);
  return state;
}

test("a level covers rates of ratio 1.3, and levels join without gap", () => {
  for (let level = -20; level < 40; level++) {
    const [low, high] = levelRatesRps(level);
    expect(high / low).toBeCloseTo(1.3, 12);
    expect(levelOfRate(low)).toBe(level);
    expect(levelOfRate(high * 0.999)).toBe(level);
    expect(levelRatesRps(level + 1)[0]).toBe(high);
  }
});

test("a level is left when a window of 6,000 requests is 10 % outside it, not before", () => {
  const level = levelOfRate(100);
  const [low, high] = levelRatesRps(level);
  expect(loadLevel(stateAfter([100, high * 1.09]))).toBe(level);
  expect(loadLevel(stateAfter([100, high * 1.11]))).toBe(level + 1);
  expect(loadLevel(stateAfter([100, low * 0.91]))).toBe(level);
  expect(loadLevel(stateAfter([100, low * 0.89]))).toBe(level - 1);
});

test("few requests are no evidence: at 1 request per second one minute 40 % above is chance, two are not", () => {
  const level = levelOfRate(1);
  const rate = levelRatesRps(level)[1] * 1.11;
  // 60 requests: a standard error of 13 %, three of them 39 %; 120 requests: 9 %.
  expect(loadLevel(stateAfter([1, rate]))).toBe(level);
  expect(loadLevel(stateAfter([1, 1, rate, rate, rate]))).toBe(level + 1);
});

test("where windows are known to come in bursts, a burst is not another load, but a lasting change is", () => {
  const level = levelOfRate(100);
  const bursts = [100, 70, 130, 75, 135, 65, 125, 70, 130, 72];
  expect(loadLevel(stateAfter([...bursts, 170]))).toBe(loadLevel(stateAfter(bursts)));
  expect(loadLevel(stateAfter([...bursts, 400, 410]))).toBeGreaterThan(level + 3);
});

test("a rate on a border does not flap, and the load is the mean since the level was entered", () => {
  const [, high] = levelRatesRps(levelOfRate(100));
  expect(loadLevel(stateAfter([100, high * 1.05]))).toBe(levelOfRate(100));
  expect(loadLevel(stateAfter([high * 1.05]))).toBe(levelOfRate(100) + 1);
  expect(levelledLoad(stateAfter([100, 110, 90])).rateRps).toBeCloseTo(100, 9);
  expect(levelledLoad(stateAfter([100, 100, 400, 420])).rateRps).toBeCloseTo(410, 9);
});

test("an idle cluster has a level too", () => {
  expect(loadLevel(stateAfter([0]))).toBe(levelOfRate(1e-3));
});

test("a stationary load in bursts keeps its level, from the first window on", () => {
  // Two states, 1.5 and .75 times the mean, a high one of .6 s: windows of 40 s stray by 5 %, their twelfths by 18 %.
  const random = new SeededRandom(3);
  const mean = 500;
  let changes = 0;
  for (let run = 0; run < 20; run++) {
    let state = stateOf(bowl, bowl.initial, mean, [], chance);
    let level = loadLevel(state);
    for (let window = 0; window < 60; window++) {
      const parts = Array.from({ length: 12 }, () => mean * Math.exp(0.18 * normal(random)));
      const rate = parts.reduce((sum, part) => sum + part, 0) / 12;
      state = stateOf(bowl, bowl.initial, rate, state.history, chance);
      const last = state.history.at(-1);
      if (last === undefined) throw new Error("a window leaves a trace");
      const history = [...state.history.slice(0, -1), { ...last, durationS: 40, peakRateRps: Math.max(...parts) }];
      const arrivals = { ...state.metrics.arrivals, recentRatesRps: parts };
      state = { ...state, history, metrics: { ...state.metrics, arrivals } };
      if (loadLevel(state) !== level) changes++;
      level = loadLevel(state);
    }
  }
  expect(changes).toBeLessThanOrEqual(2);
});
