// Laws that hold whatever the plan: no request is lost or served twice, time in the system follows Little, bills add up.

import fc from "fast-check";
import { SeededRandom } from "../../src/math/index.ts";
import { type SimulationTotals, Simulator } from "../../src/simulator/index.ts";
import { poisson } from "../../src/workload/index.ts";
import { type RandomCase, randomCases } from "./arbitrary-plan.ts";
import { IDEAL, onePool, pool } from "./plans.ts";

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

/** What must hold of any run at any time. */
function checkFlow({ flow, usdBySource, perHour, requests, served, dropped, events }: SimulationTotals): void {
  expect(flow.arrived).toBe(flow.served + flow.dropped + flow.inSystem);
  expect(Math.min(flow.arrived, flow.served, flow.dropped, flow.inSystem)).toBeGreaterThanOrEqual(0);
  for (const usd of Object.values(usdBySource)) expect(usd).toBeGreaterThanOrEqual(0);
  for (const hour of perHour) {
    for (const within of hour.within) {
      expect(within).toBeGreaterThanOrEqual(0);
      expect(within).toBeLessThanOrEqual(hour.requests);
    }
  }
  expect(served + dropped).toBeLessThanOrEqual(requests);
  expect(requests).toBeLessThanOrEqual(flow.arrived);
  expect(numbersIn(events).every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
}

test("5,000 random plans neither hang, nor yield NaN or negative cost, nor lose a request or serve one twice", () => {
  fc.assert(
    fc.property(randomCases(250), (random) => {
      let usd = 0;
      let arrived = 0;
      const totals = play(random, (simulator) => {
        const { metrics, fleet, canary } = simulator.observe();
        const told = [metrics, fleet, canary?.metrics ?? {}].flatMap(numbersIn);
        expect(told.filter((number) => !(number >= 0 && number < Number.POSITIVE_INFINITY))).toEqual([]);
        expect(metrics.utilization).toBeLessThanOrEqual(1);
        usd += metrics.costUsd;
        arrived += metrics.requests;
      });
      checkFlow(totals);
      expect(arrived).toBe(totals.flow.arrived);
      expect(Math.abs(usd - totals.usd)).toBeLessThanOrEqual(1e-9 * (1 + usd));
      const { latency, served } = totals;
      if (served > 0) expect(numbersIn(latency).every((ms) => ms >= 0 && ms < Number.POSITIVE_INFINITY)).toBe(true);
    }),
    { numRuns: 5000, seed: 20260731 },
  );
});

test("the bill is what machines and calls cost, one by one, on 200 random plans", () => {
  fc.assert(
    fc.property(randomCases(400), (random) => {
      const { plan } = random;
      const { usdBySource, instanceHours } = play(random, () => {});
      if (plan.host !== null) return;
      const listUsd = plan.pools.reduce((sum, { type }) => sum + type.usdPerHour * (instanceHours[type.name] ?? 0), 0);
      const machinesUsd = usdBySource.onDemand + usdBySource.spot;
      // Machine-hours at list price bound the bill: spot is cheaper, rounding and minima come on top.
      expect(machinesUsd).toBeGreaterThanOrEqual(listUsd * 0.3 * (1 - 1e-9));
      if (plan.function === null) expect(usdBySource.functions).toBe(0);
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
