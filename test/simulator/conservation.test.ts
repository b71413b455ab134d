// Laws that hold whatever the plan: no request is lost or served twice, time in the system follows Little, bills add up.

import fc from "fast-check";
import { SeededRandom } from "../../src/math/index.ts";
import { type SimulationTotals, Simulator } from "../../src/simulator/index.ts";
import { poisson } from "../../src/workload/index.ts";
import { type RandomCase, randomCases } from "./arbitrary-plan.ts";
import { arrivalsAt, functionPlan, IDEAL, knob, onePool, pool } from "./plans.ts";

/** Runs a case, asking for its configurations at even intervals; calls `look` between. */
function play({ plan, seed, steps }: RandomCase, look: (simulator: Simulator) => void): SimulationTotals {
  const simulator = new Simulator(plan, new SeededRandom(seed));
  const strideS = plan.workload.durationS / (steps.length + 1);
  for (const { configuration, trial } of steps) {
    simulator.run(simulator.timeS + strideS);
    look(simulator);
    simulator.configure(configuration, trial);
  }
  simulator.run(simulator.timeS + strideS);
  look(simulator);
  simulator.run(simulator.timeS + 20);
  look(simulator);
  return simulator.totals();
}

function numbersIn(value: unknown): number[] {
  if (typeof value === "number") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(numbersIn);
}

/** What is wrong with a run's totals, which must hold whatever happened. */
function wrongWith(totals: SimulationTotals): string[] {
  const { flow, usdBySource, perHour, requests, served, dropped, events, latency } = totals;
  const finite = (ms: number): boolean => ms >= 0 && ms < Number.POSITIVE_INFINITY;
  const laws: readonly (readonly [string, boolean])[] = [
    ["arrived = served + dropped + in system", flow.arrived === flow.served + flow.dropped + flow.inSystem],
    ["no count below 0", numbersIn([flow, events]).every((count) => Number.isInteger(count) && count >= 0)],
    ["no negative cost", Object.values(usdBySource).every((usd) => usd >= 0)],
    ["within ≤ requests", perHour.every((hour) => hour.within.every((n) => n >= 0 && n <= hour.requests))],
    ["served + dropped ≤ requests ≤ arrived", served + dropped <= requests && requests <= flow.arrived],
    ["latencies are numbers", served === 0 || numbersIn(latency).every(finite)],
  ];
  return laws.filter(([, holds]) => !holds).map(([law]) => law);
}

test("5,000 random plans neither hang, nor yield NaN or negative cost, nor lose a request or serve one twice", () => {
  fc.assert(
    fc.property(randomCases(250), (random) => {
      const wrong: string[] = [];
      let usd = 0;
      let arrived = 0;
      const totals = play(random, (simulator) => {
        const { metrics, fleet, canary } = simulator.observe();
        const told = numbersIn([metrics, fleet, canary?.metrics ?? {}]);
        if (!told.every((n) => n >= 0 && n < Number.POSITIVE_INFINITY))
          wrong.push("every number told is finite and ≥ 0");
        if (metrics.utilization > 1) wrong.push("utilization ≤ 1");
        usd += metrics.costUsd;
        arrived += metrics.requests;
      });
      if (arrived !== totals.flow.arrived) wrong.push("windows hold every arrival");
      if (Math.abs(usd - totals.usd) > 1e-9 * (1 + usd)) wrong.push("windows hold every cost");
      expect([...wrong, ...wrongWith(totals)]).toEqual([]);
    }),
    { numRuns: 5000, seed: 20260731 },
  );
});

test("every request ends exactly once, though machines crash, restart, drain and change lanes under it", () => {
  // One request an hour, so that the score by hour names each; services and failures take hours, too.
  const hours = 100;
  const workload = arrivalsAt(Array.from({ length: hours }, (_, hour) => hour * 3600 + 1800));
  const hourMs = 3_600_000;
  fc.assert(
    fc.property(
      fc.record({
        routing: fc.constantFrom("central" as const, "least-expected-wait" as const, "weighted-round-robin" as const),
        machines: fc.integer({ min: 2, max: 5 }),
        maxBatchSize: fc.constantFrom(1, 3),
        offloadThresholdMs: fc.constantFrom(0, hourMs, Number.POSITIVE_INFINITY),
        lostRequests: fc.constantFrom("retry" as const, "drop" as const),
        queueTimeoutS: fc.constantFrom(4 * 3600, Number.POSITIVE_INFINITY),
        seed: fc.integer({ min: 0, max: 1_000_000 }),
        share: fc.constantFrom(0.3, 1),
      }),
      ({ routing, machines, maxBatchSize, offloadThresholdMs, lostRequests, queueTimeoutS, seed, share }) => {
        const initial = {
          "instances.m.onDemand": machines,
          "instances.m.spot": 1,
          maxBatchSize,
          maxBatchDelayMs: hourMs,
          offloadThresholdMs,
          concurrency: 1,
        };
        const simulator = new Simulator(
          onePool(workload, 0, () => 1, {
            pools: [pool("m", () => 2 * hourMs, { spotInterruptionsPerHour: 0.1, launchS: { constant: 3600 } })],
            function: functionPlan(() => hourMs, { coldStartS: { constant: 600 }, concurrencyLimit: 1 }),
            knobs: [knob("concurrency", [1, 2], { actuation: "restart", actuationDelayS: 1800 })],
            initial,
            routing,
            queueTimeoutS,
            failures: {
              launchFailureShare: 0.2,
              crashesPerHour: 0.1,
              launchRetryS: 600,
              spotNoticeS: 3000,
              lostRequests,
              zones: { count: 2, outagesPerHour: 0.02, outageS: { constant: 7200 } },
            },
          }),
          new SeededRandom(seed),
        );
        simulator.run(30 * 3600);
        simulator.configure({ concurrency: 2 }, { share, stages: [] });
        simulator.run(50 * 3600);
        simulator.configure({ concurrency: 1 });
        simulator.run(70 * 3600);
        simulator.configure({ "instances.m.onDemand": 1, concurrency: 2 });
        simulator.run(400 * 3600);
        const { perHour, flow } = simulator.totals();
        expect(flow.inSystem).toBe(0);
        expect(perHour.map(({ hour, requests }) => [hour, requests])).toEqual(
          Array.from({ length: hours }, (_, hour) => [hour, 1]),
        );
      },
    ),
    { numRuns: 80, seed: 3 },
  );
});

test("machines cost their hours at list price where nothing is rounded, on 200 random plans", () => {
  const byTheSecond = { incrementS: 0, minimumS: 0, launchBilled: true };
  fc.assert(
    fc.property(randomCases(400), (random) => {
      const pools = random.plan.pools.map((one) => ({
        ...one,
        type: { ...one.type, spotPriceRatio: 1, billing: byTheSecond },
      }));
      const { usdBySource, instanceHours } = play({ ...random, plan: { ...random.plan, pools } }, () => {});
      const listUsd = pools.reduce((sum, { type }) => sum + type.usdPerHour * (instanceHours[type.name] ?? 0), 0);
      if (random.plan.host === null) expect(usdBySource.onDemand + usdBySource.spot).toBeCloseTo(listUsd, 9);
      if (random.plan.function === null) expect(usdBySource.functions).toBe(0);
    }),
    { numRuns: 200, seed: 7 },
  );
});

test("Little's law on 200 random plans: mean number in the system is arrival rate times mean time in it", () => {
  fc.assert(
    fc.property(
      fc.record({
        machines: fc.integer({ min: 1, max: 6 }),
        load: fc.double({ min: 0.2, max: 0.85, noNaN: true }),
        maxBatchSize: fc.constantFrom(1, 4, 16),
        maxBatchDelayMs: fc.constantFrom(0, 5, 30),
        routing: fc.constantFrom("central" as const, "least-expected-wait" as const, "weighted-round-robin" as const),
        seed: fc.integer({ min: 0, max: 1_000_000 }),
        serviceCv: fc.constantFrom(0, 0.3, 1),
      }),
      ({ machines, load, maxBatchSize, maxBatchDelayMs, routing, seed, serviceCv }) => {
        const serviceMs = (batch: number) => 5 + 2 * batch;
        const rateRps = (load * machines * 1000) / serviceMs(1);
        const plan = onePool(poisson(rateRps, Number.POSITIVE_INFINITY), machines, serviceMs, {
          pools: [pool("m", serviceMs)],
          initial: { "instances.m.onDemand": machines, maxBatchSize, maxBatchDelayMs },
          routing,
          reality: { ...IDEAL, serviceCv },
        });
        const simulator = new Simulator(plan, new SeededRandom(seed));
        // Sampling the number in the system every 2 ms for 4,000 requests or so.
        const untilS = 4000 / rateRps;
        let area = 0;
        let steps = 0;
        for (let timeS = 0; timeS < untilS; timeS += 0.002) {
          simulator.run(timeS);
          area += simulator.inSystem;
          steps += 1;
        }
        simulator.run(untilS);
        const { flow, latency, served } = simulator.totals();
        const sojourns = (served * latency.meanMs) / 1000;
        // Those still in the system have spent at most the longest latency there: the tail of the sum.
        const timeAverage = area / steps;
        expect(flow.arrived).toBeGreaterThan(3000);
        expect(Math.abs(timeAverage - sojourns / untilS)).toBeLessThan(0.03 * timeAverage + 0.05);
      },
    ),
    { numRuns: 200, seed: 11 },
  );
});
