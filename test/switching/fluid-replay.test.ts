import { bestFixedCount, type MachinePrice, mixedCounts, replayFluid } from "../../src/switching/index.ts";

const machine: MachinePrice = {
  capacityRps: 10,
  usdPerS: 1,
  callUsd: 0.5,
  launchS: 20,
  launchBilled: true,
  lossesPerS: 0,
};
const calls = { serviceS: 0.5, keepAliveS: 600, lateShare: 0.01 };

function constant(slots: number, rateRps: number): { slots: number; counts: Float32Array } {
  return { slots, counts: new Float32Array(slots * 10).fill(rateRps) };
}

test("machines are paid by the second, what they cannot carry by the call", () => {
  const { usd } = replayFluid(constant(6, 25), 0, 2, machine, calls, () => 2);
  // 60 s · (2 machines · 1 + 5 calls · .5)
  expect(usd).toBeCloseTo(60 * 4.5, 10);
});

test("a launch is billed from its order and serves once its delay is over", () => {
  const { usd } = replayFluid(constant(6, 10), 0, 0, machine, calls, () => 1);
  // first slot: calls alone; two slots of boot beside calls; three slots of service
  expect(usd).toBeCloseTo(10 * 5 + 20 * (1 + 5) + 30 * 1, 10);
});

test("where boots are not billed they cost nothing", () => {
  const { usd } = replayFluid(constant(6, 10), 0, 0, { ...machine, launchBilled: false }, calls, () => 1);
  expect(usd).toBeCloseTo(10 * 5 + 20 * 5 + 30 * 1, 10);
});

test("machines not wanted any more go, those that boot first", () => {
  const wanted = [3, 1, 1, 1];
  const { usd } = replayFluid(constant(4, 0), 0, 1, machine, calls, (slot) => wanted[slot] ?? 1);
  // 1 ready; then 1 ready and 2 booting; then 1
  expect(usd).toBeCloseTo(10 * (1 + 3 + 1 + 1), 10);
});

test("an hour with more cold starts than the SLO lets be late is missed", () => {
  // A call at once lasts .5 s: 100 calls a second are 50 at once, all cold; of 360,000 requests 1 % may be late.
  const steady = replayFluid(constant(360, 100), 0, 0, machine, calls, () => 0);
  expect(steady.hoursMissed).toBe(0);
  const strict = replayFluid(constant(360, 100), 0, 0, machine, { ...calls, lateShare: 1e-4 }, () => 0);
  // 50 of 360,000 is more than 36
  expect(strict.hoursMissed).toBe(1);
});

test("mixed wants machines for the last 30 s at once and gives them back after the hold", () => {
  const rates = Float64Array.from([10, 10, 10, 40, 40, 40, ...new Array<number>(20).fill(10)]);
  const rule = mixedCounts(rates, 10, 120);
  expect(rule(2, 1, 0)).toBe(1);
  expect(rule(4, 1, 1)).toBe(3);
  expect(rule(5, 1, 2)).toBe(4);
  expect(rule(8, 4, 0)).toBe(4);
  expect(rule(14, 4, 0)).toBe(4);
  expect(rule(20, 4, 0)).toBe(1);
});

test("the best fixed count is the newsvendor's", () => {
  // Half of the time 10, half 30 requests a second: a machine costs 1 a second, and .5 · 10 of calls at use 1, 2.5 at .5.
  const counts = Float32Array.from({ length: 400 }, (_, at) => (at < 200 ? 10 : 30));
  expect(bestFixedCount({ slots: 40, counts }, 40, machine, 10)).toBe(3);
  expect(bestFixedCount({ slots: 40, counts }, 40, { ...machine, usdPerS: 3 }, 10)).toBe(1);
});
