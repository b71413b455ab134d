// Measuring a prior on a running cluster: the ends of the knobs, in bounded time, and what ran is put back.

import { SimulatedCluster } from "../../src/clusters/simulated.ts";
import { measurePoints, type ProfileStep } from "../../src/control/index.ts";
import { ActuationError, type Configuration } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { knobLattice } from "../../src/spaces/index.ts";
import { knob, onePool, poisson, pool } from "../simulator/plans.ts";

const knobs = [
  knob("instances.m.onDemand", [1, 2]),
  knob("intraOpThreads", [1, 2, 4]),
  knob("maxBatchSize", [1, 2, 8]),
];
const initial: Configuration = { "instances.m.onDemand": 2, intraOpThreads: 2, maxBatchSize: 2 };

/** Half of a request's time is shared by the threads: (6 + 4·batch)·(1/threads + 1)/2 ms. */
const serviceMs = ({
  batch,
  intraOpThreads = 1,
}: {
  readonly batch: number;
  readonly intraOpThreads?: number;
}): number => (6 + 4 * batch) * (0.5 + 0.5 / intraOpThreads);

function cluster(): SimulatedCluster {
  const pools = [{ ...pool("m", () => 1), profile: { name: "m", serviceMs } }];
  const plan = onePool(poisson(150, Number.POSITIVE_INFINITY), 2, () => 1, { knobs, initial, pools });
  return new SimulatedCluster({ plan, random: new SeededRandom(3) });
}

async function measured(adapter: SimulatedCluster, change: { withinS?: number; affordable?: () => boolean } = {}) {
  const steps: ProfileStep[] = [];
  const points = await measurePoints(adapter, {
    windowS: 30,
    withinS: 900,
    lattice: knobLattice(knobs),
    affordable: () => true,
    onStep: (step) => steps.push(step),
    ...change,
  });
  return { points, steps };
}

test("the ends of threads and batch are measured, each point near what the machine takes", async () => {
  const adapter = cluster();
  const { points, steps } = await measured(adapter);
  expect(steps.map(({ fault }) => fault)).toEqual([null, null, null, null]);
  expect(new Set(points.map(({ intraOpThreads }) => intraOpThreads))).toEqual(new Set([1, 4]));
  expect(points.some(({ batch }) => batch === 1)).toBe(true);
  expect(Math.max(...points.map(({ batch }) => batch))).toBeGreaterThan(1);
  for (const point of points) expect(point.serviceMs / serviceMs(point)).toBeCloseTo(1, 1);
  await adapter.advance(30);
  expect((await adapter.observe()).configuration).toEqual(initial);
  await adapter.close();
});

test("when the time is up it stops, tells what is left out, and puts back what ran", async () => {
  const adapter = cluster();
  const { steps } = await measured(adapter, { withinS: 100 });
  expect(steps[0]?.fault).toBeNull();
  expect(steps.at(-1)?.fault).toBe("no time left");
  await adapter.advance(30);
  expect((await adapter.observe()).configuration).toEqual(initial);
  await adapter.close();
});

test("what is too dear or refused is passed over", async () => {
  const adapter = cluster();
  expect((await measured(adapter, { affordable: () => false })).steps.map(({ fault }) => fault)).toEqual(
    Array(4).fill("over the budget"),
  );
  const apply = adapter.apply.bind(adapter);
  jest.spyOn(adapter, "apply").mockImplementation(async (configuration) => {
    if (configuration["intraOpThreads"] === 4) throw new ActuationError("quota");
    return apply(configuration);
  });
  const { steps, points } = await measured(adapter);
  expect(steps.map(({ fault }) => fault)).toEqual([null, null, "quota", "quota"]);
  expect(points.every(({ intraOpThreads }) => intraOpThreads === 1)).toBe(true);
  jest.restoreAllMocks();
  await adapter.close();
});
