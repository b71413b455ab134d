import { levelOfRate, levelRatesRps, loadLevel, nextLevel } from "../../agents/load-level.ts";
import { SeededRandom } from "../../src/math/index.ts";
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

test("a level is held until the rate is 10 % outside it", () => {
  const level = levelOfRate(100);
  const [low, high] = levelRatesRps(level);
  expect(nextLevel(level, high * 1.09)).toBe(level);
  expect(nextLevel(level, high * 1.11)).toBe(level + 1);
  expect(nextLevel(level, low * 0.91)).toBe(level);
  expect(nextLevel(level, low * 0.89)).toBe(level - 1);
});

test("the level of an observation follows its history, so that a rate on a border does not flap", () => {
  const [, high] = levelRatesRps(levelOfRate(100));
  expect(loadLevel(stateAfter([100, high * 1.05]))).toBe(levelOfRate(100));
  expect(loadLevel(stateAfter([high * 1.05]))).toBe(levelOfRate(100) + 1);
  expect(loadLevel(stateAfter([100, high * 2, high * 0.95]))).not.toBe(levelOfRate(100) + 3);
});

test("an idle cluster has a level too", () => {
  expect(loadLevel(stateAfter([0]))).toBe(levelOfRate(1e-3));
});
