// Under common random numbers, runs of the same arrivals differ by what was decided alone.

import { SeededRandom } from "../../src/math/index.ts";
import { mmc } from "../../src/queueing/index.ts";
import { Simulator } from "../../src/simulator/index.ts";
import type { SimulationPlan } from "../../src/simulator/plan.ts";
import { poisson } from "../../src/workload/index.ts";
import { estimate, expectWithin } from "./confidence.ts";
import { functionPlan, IDEAL, knob, onePool } from "./plans.ts";

const MACHINES = "instances.m.onDemand";

function planOf(commonRandomNumbers: boolean): SimulationPlan {
  return onePool(poisson(40, 400), 4, () => 100, {
    reality: { ...IDEAL, serviceCv: 0.3, stragglers: { share: 0.02, factor: 4 }, commonRandomNumbers },
    function: functionPlan(
      () => 150,
      { coldStartS: { uniform: [0.5, 3] }, keepAliveS: 20 },
      { late: { share: 0.1, extraMs: 1000 } },
    ),
    knobs: [knob(MACHINES, [2, 4]), knob("offloadThresholdMs", [50])],
    initial: { [MACHINES]: 4, offloadThresholdMs: 50 },
  });
}

/** Observations every 10 s of a run that begins with so many machines, and has four from second 60 on. */
function windowsFrom(plan: SimulationPlan, machines: number): string[] {
  const simulator = new Simulator({ ...plan, initial: { ...plan.initial, [MACHINES]: machines } }, new SeededRandom(9));
  return Array.from({ length: 40 }, (_, i) => {
    simulator.run((i + 1) * 10);
    if (i === 5) simulator.configure({ ...plan.initial, [MACHINES]: 4 });
    const { latency, offloadedShare, queueLength, service } = simulator.observe().metrics;
    return JSON.stringify([latency, offloadedShare, queueLength, service]);
  });
}

test("runs that decide alike from a moment on become alike, whatever came before", () => {
  const plan = planOf(true);
  const [many, few] = [windowsFrom(plan, 4), windowsFrom(plan, 2)];
  expect(few.slice(0, 6)).not.toEqual(many.slice(0, 6));
  expect(few.slice(15)).toEqual(many.slice(15));
  const inTurn = planOf(false);
  expect(windowsFrom(inTurn, 2).slice(15)).not.toEqual(windowsFrom(inTurn, 4).slice(15));
});

test("M/M/10 answers as theory says", () => {
  const plan = onePool(poisson(800, Number.POSITIVE_INFINITY), 10, () => 10, {
    reality: { ...IDEAL, serviceDistribution: "exponential", commonRandomNumbers: true },
  });
  const truth = mmc(800, 0.01, 10);
  const run = estimate(plan, 300_000);
  expectWithin(
    run((totals) => totals.latency.meanMs),
    truth.meanResponseS * 1000,
    0.01,
  );
  expectWithin(
    run((totals) => totals.latency.p99Ms),
    truth.responseQuantileS(0.99) * 1000,
    0.02,
  );
});
