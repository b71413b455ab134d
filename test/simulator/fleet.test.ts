// Machines come, fail and go.

import type { Configuration } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { type FailurePlan, type SimulationPlan, Simulator } from "../../src/simulator/index.ts";
import { poisson } from "../../src/workload/index.ts";
import { arrivalsAt, knob, onePool, pool } from "./plans.ts";

const SAFE: FailurePlan = {
  launchFailureShare: 0,
  crashesPerHour: 0,
  launchRetryS: 30,
  spotNoticeS: 120,
  lostRequests: "retry",
  zones: { count: 1, outagesPerHour: 0, outageS: { constant: 0 } },
};

const knobs = [knob("instances.m.onDemand", [0, 1, 2, 3, 4]), knob("instances.m.spot", [0, 1, 2, 3, 4])];

function fleetPlan(rest: Partial<SimulationPlan> = {}, initial: Configuration = {}): SimulationPlan {
  return onePool(arrivalsAt([]), 0, () => 10, {
    pools: [pool("m", () => 10, { launchS: { constant: 100 } })],
    knobs,
    initial: { "instances.m.onDemand": 0, "instances.m.spot": 0, ...initial },
    failures: SAFE,
    ...rest,
  });
}

function simulatorOf(plan: SimulationPlan): Simulator {
  return new Simulator(plan, new SeededRandom(3));
}

function fleetAt(simulator: Simulator, timeS: number) {
  simulator.run(timeS);
  return simulator.observe().fleet["m"];
}

test("machines asked for launch, and are ready after the launch delay", () => {
  const simulator = simulatorOf(fleetPlan());
  simulator.configure({ "instances.m.onDemand": 2 });
  expect(fleetAt(simulator, 99)).toMatchObject({ ready: 0, launching: 2 });
  expect(fleetAt(simulator, 101)).toMatchObject({ ready: 2, launching: 0 });
});

test("a machine given up finishes what it serves", () => {
  const plan = fleetPlan({ workload: arrivalsAt([10]), pools: [pool("m", () => 5000)] }, { "instances.m.onDemand": 1 });
  const simulator = simulatorOf(plan);
  simulator.run(12);
  simulator.configure({ "instances.m.onDemand": 0 });
  expect(fleetAt(simulator, 14)).toMatchObject({ ready: 0, draining: 1 });
  expect(fleetAt(simulator, 16)).toMatchObject({ ready: 0, draining: 0 });
  expect(simulator.totals().flow.served).toBe(1);
});

test("launches that fail are tried again until the machines wanted are there", () => {
  const simulator = simulatorOf(fleetPlan({ failures: { ...SAFE, launchFailureShare: 0.5 } }));
  simulator.configure({ "instances.m.onDemand": 4 });
  simulator.run(3000);
  const { launches, failedLaunches } = simulator.totals().events;
  expect(simulator.observe().fleet["m"]).toMatchObject({ ready: 4 });
  expect(failedLaunches).toBeGreaterThan(0);
  expect(launches).toBe(4 + failedLaunches);
});

test("a quota, a market without capacity and a limit on vCPUs each refuse launches", () => {
  const limits: Partial<SimulationPlan>[] = [
    { pools: [{ ...pool("m", () => 10), quota: 3 }] },
    { pools: [{ ...pool("m", () => 10), onDemandCapacity: [{ fromS: 0, machines: 3 }] }] },
    { quotas: { vcpus: 3 } },
  ];
  for (const limit of limits) {
    const simulator = simulatorOf(fleetPlan(limit));
    simulator.configure({ "instances.m.onDemand": 4 });
    expect(fleetAt(simulator, 500)).toMatchObject({ ready: 3, launching: 0 });
    expect(simulator.totals().events.refusedLaunches).toBeGreaterThan(0);
  }
});

test("a refused launch succeeds once the market has capacity again", () => {
  const scarce = {
    ...pool("m", () => 10),
    onDemandCapacity: [
      { fromS: 0, machines: 1 },
      { fromS: 200, machines: 9 },
    ],
  };
  const simulator = simulatorOf(fleetPlan({ pools: [scarce] }));
  simulator.configure({ "instances.m.onDemand": 2 });
  expect(fleetAt(simulator, 199)).toMatchObject({ ready: 1 });
  expect(fleetAt(simulator, 240)).toMatchObject({ ready: 2 });
});

test("spot machines are lost at their rate, after notice, and replaced", () => {
  const interruptible = pool("m", () => 10, { spotInterruptionsPerHour: 2, launchS: { constant: 10 } });
  const simulator = simulatorOf(fleetPlan({ pools: [interruptible] }, { "instances.m.spot": 4 }));
  const hours = 200;
  simulator.run(hours * 3600);
  // A Poisson count of 4 machines · 200 h · 2 per hour, give or take four standard deviations.
  const { spotNotices } = simulator.totals().events;
  expect(Math.abs(spotNotices - 1600)).toBeLessThan(4 * 40);
  expect(simulator.observe().fleet["m"]?.ready).toBeGreaterThanOrEqual(3);
});

test("from the notice a spot machine takes no new work, and leaves when it is idle", () => {
  const market = {
    ...pool("m", () => 1000),
    spotCapacity: [
      { fromS: 0, machines: 1 },
      { fromS: 10, machines: 0 },
    ],
  };
  const plan = fleetPlan({ workload: arrivalsAt([9.5, 10.2]), pools: [market] }, { "instances.m.spot": 1 });
  const simulator = simulatorOf(plan);
  expect(fleetAt(simulator, 10.3)).toMatchObject({ ready: 0, draining: 1 });
  expect(fleetAt(simulator, 11)).toMatchObject({ ready: 0, draining: 0, launching: 0 });
  expect(simulator.totals()).toMatchObject({ flow: { served: 1, inSystem: 1 }, events: { spotNotices: 1 } });
});

test("requests on a crashed machine are tried again, or lost, as the plan says", () => {
  const crashing = (lostRequests: "retry" | "drop") =>
    fleetPlan(
      {
        workload: poisson(5, 3600),
        pools: [pool("m", () => 400, { launchS: { constant: 5 } })],
        failures: { ...SAFE, crashesPerHour: 30, lostRequests },
      },
      { "instances.m.onDemand": 4 },
    );
  const retrying = simulatorOf(crashing("retry"));
  retrying.run(4000);
  const { flow, events } = retrying.totals();
  expect(events.crashes).toBeGreaterThan(50);
  expect(events.retried).toBeGreaterThan(10);
  expect(flow).toMatchObject({ dropped: 0, inSystem: 0 });
  const dropping = simulatorOf(crashing("drop"));
  dropping.run(4000);
  expect(dropping.totals().flow.dropped).toBeGreaterThan(10);
});

test("a zone fails as a whole, and its machines come back elsewhere", () => {
  const failures: FailurePlan = { ...SAFE, zones: { count: 2, outagesPerHour: 1, outageS: { constant: 1800 } } };
  const simulator = simulatorOf(
    fleetPlan({ failures, pools: [pool("m", () => 10, { launchS: { constant: 10 } })] }, { "instances.m.onDemand": 4 }),
  );
  let least = 4;
  for (let timeS = 1; timeS < 20_000; timeS += 1) least = Math.min(least, fleetAt(simulator, timeS)?.ready ?? 0);
  const { zoneOutages, losses } = simulator.totals().events;
  expect(zoneOutages).toBeGreaterThan(1);
  // Two machines a zone: every outage of a zone in use takes at least two.
  expect(losses).toBeGreaterThanOrEqual(2);
  expect(least).toBeLessThanOrEqual(2);
});

test("another instance type takes over before the old one goes", () => {
  const pools = [
    pool("small", () => 10, { launchS: { constant: 50 } }),
    pool("large", () => 5, { launchS: { constant: 50 } }),
  ];
  const simulator = simulatorOf(
    onePool(poisson(20, 200), 0, () => 10, {
      pools,
      knobs: [knob("instanceType", ["small", "large"]), knob("replicas", [1, 2])],
      initial: { instanceType: "small", replicas: 2 },
    }),
  );
  simulator.run(10);
  simulator.configure({ instanceType: "large", replicas: 1 });
  simulator.run(40);
  expect(simulator.observe().fleet).toMatchObject({ small: { ready: 2 }, large: { launching: 1 } });
  simulator.run(70);
  expect(simulator.observe().fleet).toMatchObject({ small: { ready: 0 }, large: { ready: 1 } });
});

test("each tensor-parallel replica rents as many machines as it has parts", () => {
  const gpu = pool("gpu", () => 10, { gpus: 1, usdPerHour: 3.6 });
  const simulator = simulatorOf(
    onePool(arrivalsAt([]), 0, () => 10, {
      pools: [gpu],
      knobs: [knob("replicas", [3]), knob("tensorParallel", [1, 4])],
      initial: { replicas: 3, tensorParallel: 4 },
    }),
  );
  simulator.run(1000);
  expect(simulator.observe().fleet["gpu"]).toMatchObject({ ready: 12 });
  expect(simulator.totals().usd).toBeCloseTo(12, 9);
});
