import { type Choice, choiceText, Past, reservedCount, stretchFrom, unbrokenLoad } from "../../src/switching/index.ts";

const kind = {
  name: "instances.c5.large.onDemand",
  most: 40,
  capacityRps: 5,
  usdPerS: 2e-5,
  onDemandUsdPerS: 2e-5,
  callUsd: 1e-5,
  launchS: 140,
  launchBilled: true,
  lossesPerS: 0,
  lossShare: 0,
  waitS: 0,
};
/** Functions take 4 / .4 = 10 requests a second. */
const calls = { serviceS: 0.4, keepAliveS: 600, concurrencyLimit: 4, lateShare: 0.01 };

function mixed(reserve: number): Choice {
  return { rule: "mixed", holdS: 120, kind: kind.name, waitS: 0, reserve, spotShare: 1 };
}

test("kept in reserve is what carries so many times the load of the last half hour, less what functions take", () => {
  // 2 * 50 - 10 = 90 requests a second are 18 machines.
  expect(reservedCount({ reserve: 2 }, kind, 50, calls)).toBe(18);
  expect(reservedCount({ reserve: 2 }, kind, 4, calls)).toBe(0);
  expect(reservedCount({ reserve: 6 }, kind, 50, calls)).toBe(kind.most);
  expect(reservedCount({ reserve: 0 }, kind, 50, calls)).toBe(0);
  expect(reservedCount({ reserve: 2 }, kind, 50, { ...calls, concurrencyLimit: Number.POSITIVE_INFINITY })).toBe(0);
});

test("bursts that machines would come too late for are in time with a reserve, and cost its machines", () => {
  // 50 requests a second, twice as many for a minute of every half hour: 2 % of the requests are more than 60.
  const counts = Float32Array.from({ length: 4 * 3600 }, (_, s) => (s % 1800 >= 1740 ? 100 : 50));
  const past = new Past(unbrokenLoad(counts), calls, 1);
  const replayed = (reserve: number) => past.replay(mixed(reserve), kind, stretchFrom(past.load));
  expect(replayed(0).hoursMissed).toBe(4);
  expect(replayed(2).hoursMissed).toBe(0);
  // Some 18 machines rather than ten.
  expect(replayed(2).usd / replayed(0).usd).toBeGreaterThan(1.5);
  expect(replayed(2).usd / replayed(0).usd).toBeLessThan(1.9);
});

test("a choice says what it keeps in reserve", () => {
  expect(choiceText(mixed(2.5))).toBe(`mixed, hold 120 s of ${kind.name}, in reserve for 2.5 times the load`);
  expect(choiceText(mixed(0))).toBe(`mixed, hold 120 s of ${kind.name}`);
});
