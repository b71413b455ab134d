// One machine of the test world carries 1000/210 = 4.762 requests/s; ten of them 47.6.

import type { Solution } from "../../src/core/index.ts";
import { createOptimizer } from "../../src/optimizers/index.ts";
import { covered, fleet, host, type Moment, machines, problem, type World } from "./problems.ts";

const CPU = "instances.c5.large.onDemand";

function solve(text: string, moment: Moment, world: World = machines): Solution {
  return createOptimizer(text).solve(problem(world, moment));
}

function count(text: string, moment: Moment, world: World = machines): unknown {
  return solve(text, moment, world).configuration[CPU];
}

/** Windows of a minute at one rate, before the latest. */
function minutes(n: number, arrivalRateRps: number, fields = {}) {
  return Array.from({ length: n }, () => ({ arrivalRateRps, ...fields }));
}

describe("reactive", () => {
  // Target 0.7 · 4.762 = 3.333 a machine: 40 requests/s on 10 machines are 4 each, so ceil(40/3.333) = 12.
  test("scales out after three minutes above the target, not after two", () => {
    expect(count("reactive", { rateRps: 40, past: minutes(2, 40) })).toBe(12);
    expect(count("reactive", { rateRps: 40, past: [...minutes(1, 20), ...minutes(1, 40)] })).toBe(10);
  });

  // 20 requests/s on 10 machines are 2 each, under 0.9 · 3.333 = 3; ceil(20/3.333) = 6.
  test("scales in after fifteen minutes under nine tenths of the target", () => {
    expect(count("reactive", { rateRps: 20, past: minutes(14, 20) })).toBe(6);
    expect(count("reactive", { rateRps: 20, past: minutes(10, 20) })).toBe(10);
    expect(count("reactive", { rateRps: 31, past: minutes(14, 31) })).toBe(10);
  });

  test("scales in again only 300 s after the last time", () => {
    const shrunk = (minutesAgo: number) => ({
      rateRps: 20,
      past: [...minutes(14 - minutesAgo, 20, { configuration: { [CPU]: 12 } }), ...minutes(minutesAgo, 20)],
    });
    expect(count("reactive", shrunk(3))).toBe(10);
    expect(count("reactive", shrunk(5))).toBe(6);
  });

  test("while machines are on their way it asks for no more than the load needs", () => {
    const under = { rateRps: 40, past: minutes(5, 40), inFlight: { [CPU]: 12 } };
    expect(count("reactive", under)).toBe(12);
  });
});

describe("hpa", () => {
  test("is ceil(n · metric / target)", () => {
    // ceil(10 · 0.9/0.6) = 15
    expect(count("hpa", { rateRps: 30, utilization: 0.9 })).toBe(15);
    // within a tolerance of 0.1 of the target nothing moves: 0.65/0.6 = 1.083
    expect(count("hpa", { rateRps: 30, utilization: 0.65 })).toBe(10);
  });

  test("goes down only to the largest it wanted in the last 300 s", () => {
    // now ceil(10 · 0.3/0.6) = 5; four minutes ago ceil(10 · 0.45/0.6) = 8; six minutes ago 10.
    const past = [
      { arrivalRateRps: 30, utilization: 0.6 },
      { arrivalRateRps: 20, utilization: 0.45 },
      ...minutes(3, 15, { utilization: 0.3 }),
    ];
    expect(count("hpa", { rateRps: 15, utilization: 0.3, past })).toBe(8);
  });

  test("goes up by no more than doubling per 15 s", () => {
    // One 10-s window is one sync: at most max(2 · 2, 2 + 4) = 6 of the ceil(2 · 1/0.1) = 20 wanted.
    const few = { windowS: 10, rateRps: 9, utilization: 1, configuration: { [CPU]: 2 } };
    expect(count("hpa:targetUtilization=0.1", few)).toBe(6);
  });
});

describe("kpa", () => {
  // Requests in service: 40 · 0.21 = 8.4 by Little's law; target 1 · 0.7 each: ceil(8.4/0.7) = 12.
  test("divides the requests in the system by the target", () => {
    expect(count("kpa", { windowS: 10, rateRps: 40, past: minutes(6, 40) })).toBe(12);
  });

  test("panics when the latest window needs twice what runs, and does not shrink for a minute", () => {
    // 5 requests/s leave 1.05 in service; 20 queued need ceil(21.05/0.7) = 31 >= 2 · 10.
    const burst = { windowS: 10, rateRps: 5, queueLength: 20, past: minutes(6, 5) };
    expect(count("kpa", burst)).toBe(31);
    const after = { windowS: 10, rateRps: 5, past: [{ arrivalRateRps: 5, queueLength: 20 }, ...minutes(2, 5)] };
    expect(count("kpa", after)).toBe(10);
  });

  test("halves at most", () => {
    expect(count("kpa", { windowS: 10, rateRps: 1, past: minutes(10, 1) })).toBe(5);
  });
});

describe("ray-serve", () => {
  // 45 requests/s: 9.45 in service, target 0.5 each: ceil(18.9) = 19.
  test("goes up after wanting more for 30 s", () => {
    const at = (n: number) => ({ windowS: 10, rateRps: 45, past: [...minutes(20, 5), ...minutes(n, 45)] });
    expect(count("ray-serve:targetOngoing=0.5", at(5))).toBe(19);
    expect(count("ray-serve:targetOngoing=0.5", at(1))).toBe(10);
  });

  // 5 requests/s: 1.05 in service: ceil(2.1) = 3.
  test("goes down after wanting less for 600 s", () => {
    const at = (n: number) => ({ windowS: 10, rateRps: 5, past: minutes(n, 5) });
    expect(count("ray-serve:targetOngoing=0.5", at(60))).toBe(3);
    expect(count("ray-serve:targetOngoing=0.5", at(50))).toBe(10);
  });
});

describe("util-aware", () => {
  test("holds the utilisation at its target, and the largest of the last minutes when shrinking", () => {
    // ceil(10 · 0.95/0.8) = 12
    expect(count("util-aware", { rateRps: 45, utilization: 0.95 })).toBe(12);
    // now ceil(10 · 0.4/0.8) = 5; two minutes ago ceil(10 · 0.56/0.8) = 7
    const past = [{ arrivalRateRps: 26, utilization: 0.56 }, ...minutes(1, 19, { utilization: 0.4 })];
    expect(count("util-aware", { rateRps: 19, utilization: 0.4, past })).toBe(7);
  });

  test("a queue counts, since a full machine shows no more than full", () => {
    // 571 waiting, drained in 60 s: 571/60/4.762 = 2.0 machines more: ceil((10 + 2)/0.8) = 15.
    expect(count("util-aware", { rateRps: 45, utilization: 1, queueLength: 571 })).toBe(15);
  });
});

describe("exascale", () => {
  test("provisions the line through the past, read when new machines would be ready, plus headroom", () => {
    // 20, 22, … 40 a minute: 2 requests/s more a minute. 200 s after the last window's end, which lies half a minute
    // after its middle: 40 + 2 · (230/60) = 47.67; 1.3 · 47.67/4.762 = 13.01.
    const past = Array.from({ length: 10 }, (_, i) => ({ arrivalRateRps: 20 + 2 * i }));
    expect(count("exascale:windowS=660", { rateRps: 40, past })).toBe(14);
  });

  test("takes the highest of a forecast until then", () => {
    // Launch 140 s and an interval of 60: four steps of 60 s. 1.3 · 60/4.762 = 16.4.
    const forecast = { method: "given", stepS: 60, ratesRps: [30, 60, 40, 35, 99], error: null };
    expect(count("exascale", { rateRps: 20, forecast })).toBe(17);
    // Without it the line through one window is flat: 1.3 · 20/4.762 = 5.46.
    expect(count("exascale:forecast=none", { rateRps: 20, forecast })).toBe(6);
  });
});

describe("mixed", () => {
  test("has machines for the load and functions for what would wait too long", () => {
    // ceil(50/4.762) = 11; a request meets 0.96 · 500 ms if it waits at most 480 - 210 = 270: the value below is 250.
    const { configuration, explanation } = solve("mixed", { rateRps: 50, past: minutes(5, 50) }, covered);
    expect(configuration).toEqual({ [CPU]: 11, offloadThresholdMs: 250 });
    expect(explanation).toContain("wait longer than 250 ms");
  });

  test("drops a machine once nothing in the hold time needed it", () => {
    // 20/4.762 = 4.2; 30/4.762 = 6.3 two minutes ago.
    const at = (n: number) => ({ rateRps: 20, past: [...minutes(3, 30), ...minutes(n, 20)] });
    expect(count("mixed:holdS=180", at(1), covered)).toBe(7);
    expect(count("mixed:holdS=180", at(2), covered)).toBe(5);
  });

  test("calls no function that would miss the SLO as well", () => {
    // The function takes 380 ms.
    const { configuration } = solve("mixed", { rateRps: 50, slo: [{ percentile: 0.98, latencyMs: 300 }] }, covered);
    expect(configuration["offloadThresholdMs"]).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("paragon", () => {
  test("is mixed where the load peaks, and machines with headroom where it is even", () => {
    const uneven = { rateRps: 20, past: [...minutes(1, 60), ...minutes(10, 20)] };
    // peak/median = 3 > 1.5: as mixed, 20/4.762 -> 5
    expect(solve("paragon", uneven, covered).configuration).toEqual({ [CPU]: 5, offloadThresholdMs: 250 });
    // 1.3 · 20/4.762 = 5.46
    const even = { rateRps: 20, past: minutes(10, 20) };
    expect(solve("paragon", even, covered).configuration).toEqual({ [CPU]: 6, offloadThresholdMs: 250 });
  });
});

describe("inferline", () => {
  // Planned: 10 · 4.762 · 0.7 = 33.3 requests/s; the envelope of 30 s is 33.3 + 3 sqrt(33.3/30) = 36.5.
  test("a sub-interval above the envelope brings machines for its rate", () => {
    // ceil(50/3.333) = 15 for 50; 36 is within.
    expect(count("inferline", { rateRps: 30, peakRps: 50 })).toBe(15);
    expect(count("inferline", { rateRps: 30, peakRps: 36 })).toBe(10);
  });

  test("goes down to the highest rate of late, when nothing changed", () => {
    // ceil(12/3.333) = 4
    expect(count("inferline", { rateRps: 10, peakRps: 12 })).toBe(4);
    const changed = { windowS: 10, rateRps: 10, past: [{ arrivalRateRps: 10, configuration: { [CPU]: 9 } }] };
    expect(count("inferline", changed)).toBe(10);
  });
});

test("rules that know no functions leave everything on machines, unless told to", () => {
  const offloading = { rateRps: 40, past: minutes(5, 40), configuration: { offloadThresholdMs: 100 } };
  for (const rule of ["reactive", "hpa", "kpa", "ray-serve", "util-aware", "exascale", "inferline"]) {
    expect(solve(rule, offloading, covered).configuration["offloadThresholdMs"]).toBe(Number.POSITIVE_INFINITY);
    expect(solve(`${rule}:functions=true`, offloading, covered).configuration["offloadThresholdMs"]).toBe(100);
  }
});

describe("fixed fleets", () => {
  test("static is the scenario's initial configuration, static-functions with functions", () => {
    const moment = { rateRps: 30, configuration: { [CPU]: 17 } };
    expect(solve("static", moment, covered).configuration).toEqual(covered.initial);
    expect(solve("static-functions", moment, covered).configuration).toEqual({ [CPU]: 10, offloadThresholdMs: 250 });
  });

  test("static-best is a number of the cheapest servers per request", () => {
    expect(count("static-best:servers=23", { rateRps: 30 })).toBe(23);
    // With functions alone every request waits for ever, so every request goes.
    expect(solve("static-best:servers=0,functions=true", { rateRps: 30 }, covered).configuration[CPU]).toBe(0);
  });
});

test("a named type takes over, and the others go once it is ready", () => {
  const gpu = "instances.g4dn.xlarge.onDemand";
  const first = solve("mixed:type=g4dn.xlarge", { rateRps: 40, past: minutes(5, 40) }, fleet).configuration;
  expect([first[CPU], first[gpu]]).toEqual([10, 1]);
  const running = { rateRps: 40, past: minutes(5, 40), configuration: { [gpu]: 1 } };
  const second = solve("mixed:type=g4dn.xlarge", running, fleet).configuration;
  expect([second[CPU], second[gpu]]).toEqual([0, 1]);
});

test("on one machine the rules scale model instances, to a value the knob has", () => {
  // ceil(2 · 0.9/0.6) = 3, and the knob has 1, 2, 4, 8, 16.
  const { configuration } = solve("hpa", { rateRps: 20, utilization: 0.9 }, host);
  expect(configuration).toEqual({ ...host.initial, concurrency: 4 });
});

test("where nothing can be scaled they hold and say so", () => {
  const nothing = solve("mixed", { rateRps: 5 }, { ...covered, knobs: covered.knobs.slice(0, 1) });
  expect(nothing.status).toBe("feasible");
  expect(nothing.explanation).toContain("nothing to scale");
});
