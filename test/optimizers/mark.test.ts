// One c5.large carries 1000/210 = 4.762 requests/s; a T4 1000 b/(10 + 2.5 b): 80 at b = 1, 320 at b = 8.

import type { Solution } from "../../src/core/index.ts";
import { allowedWaitMs, batchingFor } from "../../src/optimizers/batching-rule.ts";
import { createOptimizer } from "../../src/optimizers/index.ts";
import { covered, fleet, type Moment, machines, problem, type World } from "./problems.ts";

const CPU = "instances.c5.large.onDemand";
const SPOT = "instances.c5.large.spot";
const GPU = "instances.g4dn.xlarge.onDemand";

function solve(text: string, moment: Moment, world: World): Solution {
  return createOptimizer(text).solve(problem(world, moment));
}

test("machines for the peak of the last minute times the overprovisioning", () => {
  // ceil(1.2 · 50/4.762) = 13, at the peak rate, not the mean of 40.
  expect(solve("mark", { rateRps: 40, peakRps: 50 }, machines).configuration[CPU]).toBe(13);
  expect(solve("mark:overprovision=1", { rateRps: 40, peakRps: 50 }, machines).configuration[CPU]).toBe(11);
});

test("a forecast takes the place of the flat line, scaled to its peaks", () => {
  // Peak over mean is 50/40 = 1.25: 1.2 · 1.25 · 60 = 90 in two minutes: ceil(90/4.762) = 19.
  const forecast = { method: "given", stepS: 60, ratesRps: [40, 60, 40], error: 0.1 };
  expect(solve("mark", { rateRps: 40, peakRps: 50, forecast }, machines).configuration[CPU]).toBe(19);
  expect(solve("mark:forecast=none", { rateRps: 40, peakRps: 50, forecast }, machines).configuration[CPU]).toBe(13);
});

test("a machine is dropped when none of the last six plans wants it", () => {
  // 1.2 · 40/4.762 = 10.08 -> 11 were wanted; 1.2 · 20/4.762 = 5.04 -> 6 are wanted now.
  const at = (n: number) => ({
    rateRps: 20,
    configuration: { [CPU]: 11 },
    past: [{ arrivalRateRps: 40 }, ...Array.from({ length: n }, () => ({ arrivalRateRps: 20 }))],
  });
  expect(solve("mark", at(4), machines).configuration[CPU]).toBe(11);
  expect(solve("mark", at(5), machines).configuration[CPU]).toBe(6);
});

test("it decides once a minute in a loop of ten seconds", () => {
  const at = (timeS: number) => solve("mark", { windowS: 10, timeS, rateRps: 45 }, machines);
  expect(at(3600).configuration[CPU]).toBe(12);
  expect(at(3610).explanation).toContain("decides every 60 s");
  expect(at(3610).configuration[CPU]).toBe(10);
});

describe("the batching rule", () => {
  const posed = problem(fleet, {});
  const base = posed.observation.configuration;

  test("waits as long as deadline and throughput allow", () => {
    // T4: T_1 = 12.5, T_8 = 30. Deadline 480: min(480 - 30, 8 · 12.5 - 30) = 70. Deadline 60: min(30, 70) = 30.
    expect(allowedWaitMs(posed, "g4dn.xlarge", base, 8, 480)).toBeCloseTo(70, 9);
    expect(allowedWaitMs(posed, "g4dn.xlarge", base, 8, 60)).toBeCloseTo(30, 9);
    // CPU: T_2 = 420 gains nothing, so it may not wait; T_4 = 840 misses the deadline.
    expect(allowedWaitMs(posed, "c5.large", base, 2, 480)).toBeCloseTo(0, 9);
    expect(allowedWaitMs(posed, "c5.large", base, 4, 480)).toBeLessThan(0);
  });

  test("types that share the knobs get the largest batch and delay that fit all of them", () => {
    expect(batchingFor(posed, ["g4dn.xlarge"], base, 8, 480).set).toEqual({ maxBatchSize: 8, maxBatchDelayMs: 50 });
    expect(batchingFor(posed, ["g4dn.xlarge", "c5.large"], base, 8, 480).set).toEqual({
      maxBatchSize: 2,
      maxBatchDelayMs: 0,
    });
    expect(batchingFor(problem(machines), ["c5.large"], {}, 8, 480).set).toEqual({});
  });
});

test("a heavy load moves to GPUs with batches, and the small machines stay until the GPUs are ready", () => {
  // 1.2 · 200 = 240: one T4 at b = 8 for 0.526, against 51 small machines for 4.3.
  const heavy = { rateRps: 200, past: Array.from({ length: 6 }, () => ({ arrivalRateRps: 200 })) };
  const first = solve("mark", heavy, fleet);
  expect([first.configuration[CPU], first.configuration[GPU]]).toEqual([10, 1]);
  expect(first.explanation).toContain("nothing is dropped until");
  const ready = { ...heavy, configuration: { [GPU]: 1, maxBatchSize: 8 } };
  const second = solve("mark", ready, fleet).configuration;
  expect([second[CPU], second[GPU], second["maxBatchSize"], second["maxBatchDelayMs"]]).toEqual([0, 1, 8, 50]);
});

test("spot machines are options of mark-spot alone", () => {
  const moment = { rateRps: 20, past: Array.from({ length: 6 }, () => ({ arrivalRateRps: 20 })) };
  const noGpu = { ...fleet, knobs: fleet.knobs.filter((knob) => knob.name !== GPU) };
  const onDemand = solve("mark", moment, noGpu).configuration;
  expect([onDemand[CPU], onDemand[SPOT]]).toEqual([6, 0]);
  // Spot costs 0.4 of the price, so 6 of them replace the ten, which stay until those are ready.
  expect(solve("mark-spot", moment, noGpu).configuration[SPOT]).toBe(6);
});

test("one kind is changed for another only where what is held meanwhile is worth it", () => {
  // Spot: 0.034 a machine. At 55: ceil(1.2·55/4.762) = 14 cost 0.476, less than a T4's 0.526; but they cost 14·0.034 for
  // 140 + 360 s more until the T4 is gone, over 50 minutes 0.079 an hour: 0.555.
  const at = (rateRps: number, past: number) =>
    solve(
      "mark-spot",
      {
        rateRps,
        past: Array.from({ length: 6 }, () => ({ arrivalRateRps: past })),
        configuration: { [CPU]: 0, [GPU]: 1, maxBatchSize: 8 },
      },
      fleet,
    ).configuration;
  expect([at(55, 55)[SPOT], at(55, 55)[GPU]]).toEqual([0, 1]);
  // At 40: ceil(48/4.762) = 11 for 0.374 + 0.062. The T4 stays until they are ready.
  expect([at(40, 40)[SPOT], at(40, 40)[GPU]]).toEqual([11, 1]);
});

test("the cover is set for what would be late", () => {
  // 0.96 · 500 - 210 = 270 ms of wait: the value below is 250.
  expect(solve("mark", { rateRps: 40 }, covered).configuration["offloadThresholdMs"]).toBe(250);
});
