import { SeededRandom } from "../../src/math/index.ts";
import { layerDemandRps, layerLevels, type MachinePrice, machineLayers, SLOT_S } from "../../src/switching/index.ts";

const machine: MachinePrice = {
  capacityRps: 4,
  usdPerS: 2e-5,
  callUsd: 1e-5,
  launchS: 100,
  launchBilled: true,
  lossesPerS: 0,
};

function recorded(slots: number, mostRps: number, seed: number): { slots: number; counts: Float32Array } {
  const random = new SeededRandom(seed);
  return { slots, counts: Float32Array.from({ length: slots * SLOT_S }, () => Math.floor(mostRps * random.next())) };
}

test("layers add up to the fleet: for every count of machines the same cost, second by second", () => {
  const load = recorded(50, 40, 1);
  const layers = Array.from({ length: 10 }, (_, k) =>
    layerDemandRps(load, k * machine.capacityRps, machine.capacityRps),
  );
  const random = new SeededRandom(2);
  for (let slot = 0; slot < load.slots; slot++) {
    const running = Math.floor(11 * random.next());
    let overflow = 0;
    for (const count of load.counts.subarray(slot * SLOT_S, (slot + 1) * SLOT_S))
      overflow += Math.max(0, count - running * machine.capacityRps);
    const fleetUsd = running * machine.usdPerS * SLOT_S + overflow * machine.callUsd;
    const layersUsd = layers.reduce((sum, demand, k) => {
      const calls = (demand[slot] ?? 0) * SLOT_S * machine.callUsd;
      return sum + (k < running ? machine.usdPerS * SLOT_S : calls);
    }, 0);
    expect(layersUsd).toBeCloseTo(fleetUsd, 12);
  }
});

test("what a layer saves is the calls it spares, in seconds of its price", () => {
  const load = { slots: 1, counts: new Float32Array(SLOT_S).fill(6) };
  const [bottom, above] = machineLayers(load, 6, machine);
  // 4 of 6 requests a second fall into the bottom layer, 2 into the next: 10 s · 4 · 1e-5 / 2e-5 = 20 s and 10 s.
  expect(bottom?.gains[0]).toBeCloseTo(20, 10);
  expect(above).toMatchObject({ levelRps: 4 });
  expect(above?.gains[0]).toBeCloseTo(10, 10);
});

test("levels are multiples of the capacity from 0 to the first layer above the peak, at most 28", () => {
  const levels = layerLevels(1000, 4);
  expect(levels).toHaveLength(28);
  expect(levels[0]).toBe(0);
  expect(levels.at(-1)).toBe(1000);
  expect(levels.every((level) => level % 4 === 0)).toBe(true);
  expect(layerLevels(10, 4)).toEqual([0, 4, 8, 12]);
});
