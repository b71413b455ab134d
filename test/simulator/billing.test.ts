// What a simulation costs, by arithmetic.

import { SeededRandom } from "../../src/math/index.ts";
import { callUsd, roundingS } from "../../src/simulator/billing.ts";
import { type SimulationPlan, Simulator } from "../../src/simulator/index.ts";
import { arrivalsAt, functionPlan, functionsOnly, knob, onePool, pool } from "./plans.ts";

const idle = arrivalsAt([]);
const counts = knob("instances.m.onDemand", [0, 1, 2, 3]);

function run(plan: SimulationPlan, steps: readonly (readonly [number, Record<string, number>])[], untilS: number) {
  const simulator = new Simulator(plan, new SeededRandom(1));
  for (const [timeS, configuration] of steps) {
    simulator.run(timeS);
    simulator.configure(configuration);
  }
  simulator.run(untilS);
  return simulator.totals();
}

test("time is rounded up to the increment, and to the minimum", () => {
  const rule = { incrementS: 10, minimumS: 60, launchBilled: false };
  expect(roundingS(rule, 5)).toBe(55);
  expect(roundingS(rule, 60)).toBe(0);
  expect(roundingS(rule, 61)).toBe(9);
  expect(roundingS({ ...rule, incrementS: 0 }, 61)).toBe(0);
});

test("a call costs its milliseconds, rounded up, times its memory, and a fee", () => {
  const type = functionPlan(() => 1, { usdPerGbS: 0.00001, usdPerRequest: 0.0000002, billingIncrementMs: 100 }).type;
  // 230 ms are billed as 300 ms of 2 GB: 0.3 · 2 · 0.00001 + 0.0000002.
  expect(callUsd(type, 2048, 0.23)).toBeCloseTo(0.0000062, 15);
  expect(callUsd({ ...type, billingIncrementMs: 1 }, 2048, 0.23)).toBeCloseTo(0.0000048, 15);
});

test("Inception-v3 on an 3008-MB function at 380 ms costs about 19 dollars a million, billed by the millisecond", () => {
  const type = functionPlan(() => 1, { usdPerGbS: 0.0000166667, usdPerRequest: 0.0000002 }).type;
  // MArk (ATC'19), table 2: $19.0.
  expect(Math.abs((callUsd(type, 3008, 0.38) * 1e6) / 19 - 1)).toBeLessThan(0.03);
});

test("a machine is billed from ready to end, rounded up when it ends", () => {
  const billing = { incrementS: 60, minimumS: 0, launchBilled: false };
  const plan = onePool(idle, 0, () => 1, {
    pools: [pool("m", () => 1, { billing, launchS: { constant: 100 }, usdPerHour: 3.6 })],
    knobs: [counts],
    initial: { "instances.m.onDemand": 0 },
  });
  const steps = [
    [10, { "instances.m.onDemand": 1 }],
    [200, { "instances.m.onDemand": 0 }],
  ] as const;
  // Asked for at 10, ready at 110, ended at 200: 90 s, billed as 120 s at 0.001 USD/s.
  const totals = run(plan, steps, 1000);
  expect(totals.usdBySource.onDemand).toBeCloseTo(0.12, 12);
  expect(totals.instanceHours["m"]).toBeCloseTo(90 / 3600, 12);
  // With the launch billed: 190 s, as 240 s.
  const launchBilled = {
    ...plan,
    pools: [
      pool("m", () => 1, { billing: { ...billing, launchBilled: true }, launchS: { constant: 100 }, usdPerHour: 3.6 }),
    ],
  };
  expect(run(launchBilled, steps, 1000).usdBySource.onDemand).toBeCloseTo(0.24, 12);
});

test("spot machines cost their share of the list price", () => {
  const plan = onePool(idle, 0, () => 1, {
    pools: [pool("m", () => 1, { usdPerHour: 3.6, spotPriceRatio: 0.25 })],
    initial: { "instances.m.onDemand": 1, "instances.m.spot": 2 },
  });
  const { usdBySource } = run(plan, [], 1000);
  expect(usdBySource.onDemand).toBeCloseTo(1, 12);
  expect(usdBySource.spot).toBeCloseTo(0.5, 12);
});

test("a single host costs its cores in use and a little per model instance", () => {
  const plan: SimulationPlan = {
    ...onePool(idle, 0, () => 1),
    pools: [],
    host: { cores: 16, usdPerCoreHour: 1, usdPerModelInstanceHour: 0.25, profile: { name: "h", serviceMs: () => 10 } },
    knobs: [knob("concurrency", [2, 4]), knob("intraOpThreads", [3])],
    initial: { concurrency: 4, intraOpThreads: 3 },
  };
  // An hour of 12 cores and 4 instances, then an hour of 6 and 2.
  const totals = run(plan, [[3600, { concurrency: 2 }]], 7200);
  expect(totals.usd).toBeCloseTo(13 + 6.5, 9);
});

test("cost counts from the start of scoring and outside missing data, like requests", () => {
  const workload = { ...arrivalsAt([5, 15, 25, 35]), excluded: [{ fromS: 20, toS: 30 }] };
  const plan = onePool(workload, 1, () => 10, {
    pools: [pool("m", () => 10, { usdPerHour: 3600 })],
    scoreFromS: 10,
  });
  // Scored: 10..20 and 30..40, at a dollar a second; the requests at 15 and 35.
  const totals = run(plan, [], 40);
  expect(totals.usd).toBeCloseTo(20, 9);
  expect(totals.requests).toBe(2);
  expect(totals.instanceHours["m"]).toBeCloseTo(20 / 3600, 12);
  expect(totals.flow).toEqual({ arrived: 4, served: 4, dropped: 0, inSystem: 0 });
});

test("calls of functions are billed one by one, cold starts where the plan says so", () => {
  const plan = functionsOnly(arrivalsAt([1, 2, 100]), () => 250, 1, 0, {
    function: functionPlan(() => 250, { coldStartS: { constant: 0.5 }, keepAliveS: 10 }),
  });
  // Three calls of 250 ms at 1 GB: 3 · (0.25 · 0.00001 + 0.0000002).
  expect(run(plan, [], 200).usdBySource.functions).toBeCloseTo(0.0000081, 15);
  // Two of them start cold, which adds 2 · 0.5 · 0.00001.
  const billed = {
    ...plan,
    function: functionPlan(() => 250, { coldStartS: { constant: 0.5 }, keepAliveS: 10 }, { coldStartBilled: true }),
  };
  expect(run(billed, [], 200).usdBySource.functions).toBeCloseTo(0.0000181, 15);
});
