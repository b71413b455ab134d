import { SeededRandom } from "../../src/math/index.ts";
import {
  type FleetKind,
  ITERATION,
  learnKind,
  machinesWanted,
  momentsOf,
  type RecordedLoad,
  replayFluid,
  SLOT_S,
  type SwitchingRules,
  unbrokenLoad,
} from "../../src/switching/index.ts";

/** Inception-v3 on c5.large against a function at $18.8 per million, launches of 140 s billed in full. */
const machine: FleetKind = {
  name: "c5.large",
  most: 100,
  capacityRps: 284 / 60,
  usdPerS: 0.085 / 3600,
  callUsd: 18.8e-6,
  launchS: 140,
  launchBilled: true,
  lossesPerS: 0,
  lossShare: 0,
  waitS: 0,
  onDemandUsdPerS: 0.085 / 3600,
};
const calls = { serviceS: 0.38, keepAliveS: 600, concurrencyLimit: 1000, lateShare: 0.01 };
const settings = { ...ITERATION, rows: 30_000, trees: { ...ITERATION.trees, trees: 30 } };
const options = { calls, decideEvery: 1, settings };

/** Where a layer begins to pay: price over the calls it spares at full use. */
const CRITICAL_USE = machine.usdPerS / (machine.callUsd * machine.capacityRps);

/** Two phases at these rates, the sojourns exponential, the rate exact within a second. */
function twoPhases(
  slots: number,
  ratesRps: readonly [number, number],
  sojournS: readonly [number, number],
  seed: number,
): RecordedLoad {
  const random = new SeededRandom(seed);
  const counts = new Float32Array(slots * SLOT_S);
  let phase = 0;
  let leftS = 0;
  for (let at = 0; at < counts.length; at++) {
    if (leftS <= 0) {
      phase = at === 0 ? 0 : 1 - phase;
      leftS = -(sojournS[phase] ?? 1) * Math.log(1 - random.next());
    }
    leftS -= 1;
    counts[at] = ratesRps[phase] ?? 0;
  }
  return unbrokenLoad(counts);
}

function constant(slots: number, rateRps: number): RecordedLoad {
  return unbrokenLoad(new Float32Array(slots * SLOT_S).fill(rateRps));
}

/** Replays rules. @param margin seconds of price a launch must promise @returns launches and the machines at the end */
function act(
  load: RecordedLoad,
  rules: SwitchingRules,
  margin: number,
  from: number,
  first: number,
): { launches: number; last: number } {
  const moments = momentsOf(load);
  const row = new Float64Array(moments.width);
  let launches = 0;
  let last = first;
  const kind = { capacityRps: machine.capacityRps, rules, most: machine.most };
  const rule = (slot: number, ready: number, booting: number): number => {
    row.set(moments.rows.subarray(slot * moments.width, (slot + 1) * moments.width));
    const wanted = machinesWanted(kind, { ready, booting }, row, moments.referenceRps[slot] ?? 1, margin);
    launches += Math.max(0, wanted - last);
    last = wanted;
    return wanted;
  };
  replayFluid(load, machine, calls, rule, { from, first });
  return { launches, last };
}

/** Steps from 50 to 200 requests a second, and the layers between, over a whole load. */
function burstLayers({ counts }: RecordedLoad): number {
  const bursts = counts.reduce((sum, count, at) => sum + (count === 200 && counts[at - 1] === 50 ? 1 : 0), 0);
  return bursts * (Math.floor(200 / machine.capacityRps) - Math.ceil(50 / machine.capacityRps));
}

describe("at a constant rate", () => {
  // 10.5 layers' worth: the eleventh is used by half; 10.15: by .15. Critical use is .0236 m$ / (18.8 · 4.73) = .265.
  test.each([
    { layers: 10.5, on: 11 },
    { layers: 10.15, on: 10 },
    { layers: 10.35, on: 11 },
  ])("$layers layers' worth of load keep $on machines on, whatever ran before", ({ layers, on }) => {
    expect(CRITICAL_USE).toBeCloseTo(0.265, 3);
    const load = constant(2880, layers * machine.capacityRps);
    const { rules } = learnKind(load, machine, null, new SeededRandom(1), {
      ...options,
      settings: { ...ITERATION, rows: 30_000 },
    });
    for (const first of [0, 5, 14]) expect(act(load, rules, 0, 360, first).last).toBe(on);
  });
});

describe("bursts of 200 over 50 requests a second", () => {
  // A layer launched at the start of a burst of mean s serves e^(-140/s) · s of it and saves (c μ/p - 1) of its price.
  // Some 400 bursts leave the estimate with a noise of about ±20 s; the night's smaller margin is there for that.
  const SMALLER_MARGIN = 20;
  const gainS = (sojournS: number): number => Math.exp(-140 / sojournS) * sojournS * (1 / CRITICAL_USE - 1);

  function launches(sojournS: readonly [number, number]): { made: number; layers: number } {
    const past = twoPhases(3 * 8640, [50, 200], sojournS, 1);
    const { rules } = learnKind(past, machine, null, new SeededRandom(1), options);
    const fresh = twoPhases(8640, [50, 200], sojournS, 2);
    return { made: act(fresh, rules, SMALLER_MARGIN, 360, 11).launches, layers: burstLayers(fresh) };
  }

  test("are not launched for where they end before a boot of 140 s is paid back", () => {
    expect(gainS(60)).toBeLessThan(20);
    const { made, layers } = launches([600, 60]);
    expect(layers).toBeGreaterThan(80 * 31);
    expect(made).toBeLessThan(0.05 * layers);
  });

  test("are launched for where they last", () => {
    expect(gainS(1200)).toBeGreaterThan(2900);
    const { made, layers } = launches([3600, 1200]);
    expect(made).toBeGreaterThan(0.8 * layers);
  });
});

test("the same past and the same seed learn the same bytes", () => {
  const load = twoPhases(2160, [50, 200], [600, 120], 6);
  const learn = (seed: number): string =>
    JSON.stringify(
      learnKind(load, machine, null, new SeededRandom(seed), { ...options, settings: { ...settings, rows: 5000 } }),
    );
  expect(learn(1)).toBe(learn(1));
  expect(learn(1)).not.toBe(learn(2));
});
