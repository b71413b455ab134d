import { SeededRandom } from "../../src/math/index.ts";
import {
  callsUnder,
  layerGains,
  layerLevels,
  type MachinePrice,
  machineLayers,
  type RecordedLoad,
  SLOT_S,
  unbrokenLoad,
} from "../../src/switching/index.ts";

const machine: MachinePrice = {
  capacityRps: 4,
  usdPerS: 2e-5,
  callUsd: 1e-5,
  launchS: 100,
  launchBilled: true,
  lossesPerS: 0,
  lossShare: 0,
  waitS: 0,
};
const calls = { serviceS: 0.5, keepAliveS: 600, concurrencyLimit: Number.POSITIVE_INFINITY, lateShare: 0.01 };

function recorded(slots: number, mostRps: number, seed: number): RecordedLoad {
  const random = new SeededRandom(seed);
  return unbrokenLoad(Float32Array.from({ length: slots * SLOT_S }, () => Math.floor(mostRps * random.next())));
}

function constant(rateRps: number): RecordedLoad {
  return unbrokenLoad(new Float32Array(SLOT_S).fill(rateRps));
}

test("layers add up to the fleet: for every count of machines the same cost, slot by slot", () => {
  const load = recorded(50, 40, 1);
  const layers = Array.from({ length: 10 }, (_, k) => layerGains(load, k * machine.capacityRps, machine, calls));
  const none = callsUnder(load, 0, 0, calls);
  const random = new SeededRandom(2);
  for (let slot = 0; slot < load.slots; slot++) {
    const running = Math.floor(11 * random.next());
    let overflow = 0;
    for (const count of load.counts.subarray(slot * SLOT_S, (slot + 1) * SLOT_S))
      overflow += Math.max(0, count - running * machine.capacityRps);
    const fleetUsd = running * machine.usdPerS * SLOT_S + overflow * machine.callUsd;
    const saved = layers.slice(0, running).reduce((sum, layer) => sum + SLOT_S - (layer[slot] ?? 0), 0);
    expect((none[slot] ?? 0) * machine.callUsd + saved * machine.usdPerS).toBeCloseTo(fleetUsd, 12);
  }
});

test("what a layer saves is the calls it spares, in seconds of its price", () => {
  const [bottom, above] = machineLayers(constant(6), 6, machine, calls);
  // 4 of 6 requests a second fall into the bottom layer, 2 into the next: 10 s · 4 · 1e-5 / 2e-5 = 20 s and 10 s.
  expect(bottom?.gains[0]).toBeCloseTo(20, 10);
  expect(above).toMatchObject({ levelRps: 4 });
  expect(above?.gains[0]).toBeCloseTo(10, 10);
});

test("a layer saves nothing where the load may wait for the layers below", () => {
  const counts = Float32Array.from({ length: SLOT_S }, (_, at) => (at % 2 === 0 ? 6 : 2));
  const gains = (waitS: number): number =>
    machineLayers(unbrokenLoad(counts), 6, { ...machine, waitS }, calls)[1]?.gains[0] ?? 0;
  // Every other second 2 requests more than one machine of 4 takes: 5 · 2 · 1e-5 / 2e-5 = 5 s.
  expect(gains(0)).toBeCloseTo(5, 10);
  expect(gains(0.5)).toBeCloseTo(0, 10);
});

test("what functions could not carry is worth many calls, to the layers that spare it", () => {
  const limited = machineLayers(constant(12), 12, machine, { ...calls, concurrencyLimit: 2 });
  // Functions carry 2 / .5 = 4 a second. Of 12 without machines 8 are late, with one machine 4, with two none.
  const seconds = (calledPerS: number): number => (10 * calledPerS * 1e-5) / 2e-5;
  expect(limited[0]?.gains[0]).toBeCloseTo(seconds(20 * 4), 8);
  expect(limited[1]?.gains[0]).toBeCloseTo(seconds(20 * 4), 8);
  expect(limited[2]?.gains[0]).toBeCloseTo(seconds(4), 8);
});

test("levels are multiples of the capacity from 0 to the first layer above the peak, at most 28", () => {
  const levels = layerLevels(1000, 4);
  expect(levels).toHaveLength(28);
  expect(levels[0]).toBe(0);
  expect(levels.at(-1)).toBe(1000);
  expect(levels.every((level) => level % 4 === 0)).toBe(true);
  expect(layerLevels(10, 4)).toEqual([0, 4, 8, 12]);
});
