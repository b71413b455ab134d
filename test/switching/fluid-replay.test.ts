import { SeededRandom } from "../../src/math/index.ts";
import {
  bestFixedCount,
  type MachinePrice,
  mixedCounts,
  type RecordedLoad,
  replayFluid,
  unbrokenLoad,
} from "../../src/switching/index.ts";

const machine: MachinePrice = {
  capacityRps: 10,
  usdPerS: 1,
  callUsd: 0.5,
  launchS: 20,
  launchBilled: true,
  lossesPerS: 0,
  lossShare: 0,
  waitS: 0,
};
const calls = { serviceS: 0.5, keepAliveS: 600, concurrencyLimit: Number.POSITIVE_INFINITY, lateShare: 0.01 };

function constant(slots: number, rateRps: number): RecordedLoad {
  return unbrokenLoad(new Float32Array(slots * 10).fill(rateRps));
}

test("machines are paid by the second, what they cannot carry by the call", () => {
  const { usd } = replayFluid(constant(6, 25), machine, calls, () => 2, { first: 2 });
  // 60 s · (2 machines · 1 + 5 calls · .5)
  expect(usd).toBeCloseTo(60 * 4.5, 10);
});

test("a launch is billed from its order and serves once its delay is over", () => {
  const { usd } = replayFluid(constant(6, 10), machine, calls, () => 1, { first: 0 });
  // first slot: calls alone; two slots of boot beside calls; three slots of service
  expect(usd).toBeCloseTo(10 * 5 + 20 * (1 + 5) + 30 * 1, 10);
});

test("where boots are not billed they cost nothing", () => {
  const { usd } = replayFluid(constant(6, 10), { ...machine, launchBilled: false }, calls, () => 1, { first: 0 });
  expect(usd).toBeCloseTo(10 * 5 + 20 * 5 + 30 * 1, 10);
});

test("machines not wanted any more go, those that boot first", () => {
  const wanted = [3, 1, 1, 1];
  const { usd } = replayFluid(constant(4, 0), machine, calls, (slot) => wanted[slot] ?? 1, { first: 1 });
  // 1 ready; then 1 ready and 2 booting; then 1
  expect(usd).toBeCloseTo(10 * (1 + 3 + 1 + 1), 10);
});

test("an hour with more cold starts than the SLO lets be late is missed", () => {
  // A call at once lasts .5 s: 100 calls a second are 50 at once, all cold; of 360,000 requests 1 % may be late.
  const steady = replayFluid(constant(360, 100), machine, calls, () => 0, { first: 0 });
  expect(steady.hoursMissed).toBe(0);
  const strict = replayFluid(constant(360, 100), machine, { ...calls, lateShare: 1e-4 }, () => 0, { first: 0 });
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
  expect(bestFixedCount(unbrokenLoad(counts), machine, calls, 10)).toBe(3);
  expect(bestFixedCount(unbrokenLoad(counts), { ...machine, usdPerS: 3 }, calls, 10)).toBe(1);
});

test("what may wait is served in a quieter second instead of handed over", () => {
  // By turns 15 and 5 a second on one machine of 10: without a wait 5 of every 20 are calls, within .5 s all wait.
  const counts = Float32Array.from({ length: 600 }, (_, at) => (at % 2 === 0 ? 15 : 5));
  const impatient = replayFluid(unbrokenLoad(counts), machine, calls, () => 1, { first: 1 });
  const patient = replayFluid(unbrokenLoad(counts), { ...machine, waitS: 0.5 }, calls, () => 1, { first: 1 });
  expect(impatient.usd).toBeCloseTo(600 + 300 * 5 * 0.5, 8);
  expect(patient.usd).toBeCloseTo(600, 8);
});

test("calls that queue for functions are late until the queue is gone", () => {
  // 12 calls a second are carried: 15 a second for 100 s leave 300 behind, which take 300 s at 11 a second to go.
  const counts = Float32Array.from({ length: 3600 }, (_, s) => (s < 100 ? 15 : s < 1000 ? 11 : 20));
  const machines = { ...machine, capacityRps: 20 };
  const few = { ...calls, concurrencyLimit: 6, lateShare: 0.08 };
  const rule = (slot: number): number => (slot < 97 ? 0 : 1);
  const load = unbrokenLoad(counts);
  // 1,500 and 300 · 11 of 63,400 requests are late: 7.6 %.
  expect(replayFluid(load, machines, few, rule, { first: 0 }).hoursMissed).toBe(0);
  expect(replayFluid(load, machines, { ...few, lateShare: 0.07 }, rule, { first: 0 }).hoursMissed).toBe(1);
});

test("what functions cannot carry at once is late, and is not called", () => {
  // 20 a second on no machine; 6 calls at once of .5 s are 12 a second, so 8 of 20 are late.
  const { usd, hoursMissed } = replayFluid(constant(360, 20), machine, { ...calls, concurrencyLimit: 6 }, () => 0, {
    first: 0,
  });
  expect(usd).toBeCloseTo(3600 * 12 * 0.5, 6);
  expect(hoursMissed).toBe(1);
});

test("a share of the machines is lost together at times that chance decides, and ordered again", () => {
  // One loss an hour and machine, a third at a time: an event every 20 min on average, 2 of 6 machines each.
  const spot = { ...machine, lossesPerS: 1 / 3600, lossShare: 1 / 3 };
  const chance = (): SeededRandom => new SeededRandom(3);
  const load = constant(8640, 60);
  const kept = replayFluid(load, machine, calls, () => 6, { first: 6 });
  const lost = replayFluid(load, spot, calls, () => 6, { first: 6, chance: chance() });
  expect(kept.usd).toBeCloseTo(86_400 * 6, 4);
  // Each event hands 20 requests a second over for 20 s of boot at .5 a call; 72 events are expected in a day, within 3 √72.
  const events = (lost.usd - kept.usd) / (20 * 20 * 0.5);
  expect(Math.abs(events - 72)).toBeLessThan(3 * Math.sqrt(72));
  expect(replayFluid(load, spot, calls, () => 6, { first: 6, chance: chance() }).usd).toBe(lost.usd);
});
