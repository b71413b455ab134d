import { mapDispersion, mmpp } from "../../src/math/index.ts";
import { batchFormation, countProbabilities, FILL_STEPS } from "../../src/performance/batch-formation.ts";
import { countsAt, loadMap, openingPhases } from "../../src/performance/load-map.ts";

const bursty = mmpp([150, 30], [2, 6]);

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}

test("mean and dispersion of the counts are the process's own", () => {
  // 120 counts hold all but the far tail of 0.5 s at 60/s; phases weighted as they are found: 2 s and 6 s of 8.
  const counts = countsAt(bursty, 400, 0.5);
  const mixed = (counts[0] ?? new Float64Array()).map((p, n) => 0.25 * p + 0.75 * (counts[1]?.[n] ?? 0));
  const mean = sum(mixed.map((p, n) => p * n));
  const variance = sum(mixed.map((p, n) => p * (n - mean) ** 2));
  expect(mean).toBeCloseTo(30, 6);
  expect(variance / mean).toBeCloseTo(mapDispersion(bursty, 0.5), 6);
});

test("counts with a dispersion have that mean and dispersion", () => {
  const counts = countProbabilities(12, 3, 400);
  const mean = sum(counts.map((p, n) => p * n));
  const variance = sum(counts.map((p, n) => p * (n - mean) ** 2));
  expect([sum(counts), mean, variance / mean]).toEqual([
    expect.closeTo(1, 9),
    expect.closeTo(12, 6),
    expect.closeTo(3, 6),
  ]);
});

test("batches: one request and what follows within the delay, at most B", () => {
  // B = 3, T = 0.1 s, 10/s: N ~ Poisson(1): P(1) = e^-1, P(2) = e^-1, P(3) = 1 - 2/e; mean = 3 - 3/e.
  const { sizes, meanSize, fullBy } = batchFormation({ rateRps: 10 }, 3, 0.1);
  expect([...sizes]).toEqual([
    0,
    expect.closeTo(1 / Math.E),
    expect.closeTo(1 / Math.E),
    expect.closeTo(1 - 2 / Math.E),
  ]);
  expect(meanSize).toBeCloseTo(3 - 3 / Math.E, 9);
  expect(fullBy()[FILL_STEPS]).toBeCloseTo(1 - 2 / Math.E, 9);
  expect(fullBy()[0]).toBe(0);
  const alone = batchFormation({ rateRps: 10 }, 1, 0);
  expect([alone.meanSize, alone.fullBy()[0]]).toEqual([1, 1]);
});

test("a phase of many arrivals opens few batches", () => {
  // Phases after an arrival: 0.25 · 150 against 0.75 · 30 = 37.5 : 22.5. Batches of 8 within 0.1 s: min(8, 16) = 8 and
  // min(8, 4) = 4 requests each: 4.69 : 5.63.
  const [high = 0, low = 0] = openingPhases(bursty, 8, 0.1);
  expect(high / low).toBeCloseTo(37.5 / 8 / (22.5 / 4), 9);
});

test("a load's process is scaled to the load's rate, its phases kept", () => {
  const map = loadMap({ rateRps: 120, map: bursty });
  expect(map?.d1.map((row, i) => row[i])).toEqual([300, 60]);
  expect(map?.d0[0]?.[1]).toBe(bursty.d0[0]?.[1]);
  expect(sum([...(map?.d0[0] ?? []), ...(map?.d1[0] ?? [])])).toBeCloseTo(0, 9);
});
