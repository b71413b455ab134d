import fc from "fast-check";
import { cheapestFleet, type FleetProblem } from "../../src/training/bounds/fleet-plan.ts";
import type { Rentable } from "../../src/training/bounds/rentable.ts";

function type(name: string, usdPerS: number, capacityRps: number, launchUsd: number, maxCount: number): Rentable {
  return {
    name,
    typeName: name,
    knob: `instances.${name}.onDemand`,
    usdPerS,
    capacityRps,
    launchUsd,
    launchS: 0,
    maxCount,
  };
}

function problem(types: readonly Rentable[], counts: readonly number[], overflowUsd: number, slotS = 1): FleetProblem {
  return {
    types,
    demand: {
      slotS,
      counts: Float64Array.from(counts),
      startS: Float64Array.from(counts, (_, slot) => slot * slotS),
    },
    overflowUsd,
    serveS: slotS,
    launchUsd: types.map((rented) => rented.launchUsd),
  };
}

function fleets(types: readonly Rentable[]): number[][] {
  return types.reduce<number[][]>(
    (found, rented) => found.flatMap((fleet) => Array.from({ length: rented.maxCount + 1 }, (_, n) => [...fleet, n])),
    [[]],
  );
}

/** Every sequence of fleets, priced one by one. */
function bruteForce({ types, demand, overflowUsd, serveS }: FleetProblem): number {
  const all = fleets(types);
  const price = (slot: number, fleet: readonly number[], previous: readonly number[] | null): number => {
    let usd = 0;
    let capacity = 0;
    types.forEach((rented, i) => {
      const n = fleet[i] ?? 0;
      usd += n * rented.usdPerS * demand.slotS;
      if (previous !== null) usd += Math.max(0, n - (previous[i] ?? 0)) * rented.launchUsd;
      capacity += n * rented.capacityRps * serveS;
    });
    const overflow = (demand.counts[slot] ?? 0) - capacity;
    return usd + (overflow > 1e-9 ? overflow * overflowUsd : 0);
  };
  const from = (slot: number, previous: readonly number[] | null): number =>
    slot === demand.counts.length
      ? 0
      : Math.min(...all.map((fleet) => price(slot, fleet, previous) + from(slot + 1, fleet)));
  return from(0, null);
}

test("the programme finds what trying every sequence of fleets finds", () => {
  const money = fc.double({ min: 0.01, max: 2, noNaN: true });
  const rented = fc.record({
    usdPerS: money,
    capacityRps: fc.double({ min: 0.5, max: 4, noNaN: true }),
    launchUsd: money,
  });
  fc.assert(
    fc.property(
      fc.array(rented, { minLength: 1, maxLength: 2 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 }),
      money,
      (specs, counts, overflowUsd) => {
        const types = specs.map((spec, i) => {
          const peak = Math.max(...counts);
          return type(
            `t${i}`,
            spec.usdPerS,
            spec.capacityRps,
            spec.launchUsd,
            Math.min(2, Math.ceil(peak / spec.capacityRps)),
          );
        });
        const posed = problem(types, counts, overflowUsd);
        expect(cheapestFleet(posed, false).usd).toBeCloseTo(bruteForce(posed), 9);
      },
    ),
    { numRuns: 150 },
  );
});

test("the plan it keeps costs what it says", () => {
  const types = [type("small", 1, 1, 2, 6), type("large", 2.5, 3, 4, 3)];
  const counts = [0, 3, 5, 5, 1, 0, 0, 4];
  const posed = problem(types, counts, 1.7);
  const { usd, counts: plan } = cheapestFleet(posed, true);
  let priced = 0;
  counts.forEach((count, slot) => {
    let capacity = 0;
    types.forEach((rented, i) => {
      const n = plan[i]?.[slot] ?? 0;
      const before = slot === 0 ? n : (plan[i]?.[slot - 1] ?? 0);
      priced += n * rented.usdPerS + Math.max(0, n - before) * rented.launchUsd;
      capacity += n * rented.capacityRps;
    });
    priced += Math.max(0, count - capacity) * 1.7;
  });
  expect(priced).toBeCloseTo(usd, 9);
});

test("at a constant rate exactly the machines used above price over (function cost x capacity) stay on", () => {
  // A machine serves 4 requests/s for $1/s, a function call costs $0.5: worth it from 2 requests/s of use.
  const machine = type("m", 1, 4, 3, 10);
  const on = (rate: number): number =>
    cheapestFleet(problem([machine], new Array(50).fill(rate), 0.5), true).counts[0]?.[25] ?? -1;
  expect(on(1.9)).toBe(0);
  expect(on(2.1)).toBe(1);
  expect(on(4 + 1.9)).toBe(1);
  expect(on(4 + 2.1)).toBe(2);
});

test("a burst too short to earn its launch is left to functions", () => {
  // 4 requests/s for 3 s: functions cost 4·3·0.5 = $6, a machine 3·$1 + launch.
  const counts = [...new Array<number>(10).fill(0), 4, 4, 4, 0, 0];
  const peak = (launchUsd: number): number =>
    Math.max(...(cheapestFleet(problem([type("m", 1, 4, launchUsd, 5)], counts, 0.5), true).counts[0] ?? []));
  expect(peak(2.9)).toBe(1);
  expect(peak(3.1)).toBe(0);
});
