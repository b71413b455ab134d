import { SeededRandom } from "../../src/math/index.ts";
import {
  type BinnedCounts,
  binnedCounts,
  countArrivals,
  dispersionAt,
  markovModulated,
  poisson,
  reportTrace,
  timesTrace,
} from "../../src/workload/index.ts";

function bins(counts: number[], missing: number[] = [], binS = 1): BinnedCounts {
  const gone = new Uint8Array(counts.length);
  for (const bin of missing) gone[bin] = 1;
  return { binS, counts: Float64Array.from(counts), missing: gone, counted: true };
}

test("rates leave missing data out", () => {
  const report = reportTrace(bins([10, 20, 0, 30], [2], 60));
  expect(report.requests).toBe(60);
  expect(report.durationS).toBe(240);
  expect(report.missingS).toBe(60);
  expect(report.meanRateRps).toBeCloseTo(60 / 180, 12);
  expect(report.medianRateRps).toBeCloseTo(20 / 60, 12);
  expect(report.peakRateRps).toBeCloseTo(0.5, 12);
  expect(report.peakToMedian).toBeCloseTo(1.5, 12);
});

test("the index of dispersion is variance over mean of sums, and null where too few", () => {
  // Twenty bins of 1 and 3 in turn: mean 2, variance 20/19; pairs are all 4.
  const trace = bins(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 1 : 3)));
  expect(dispersionAt(trace, 1)).toBeCloseTo(20 / 19 / 2, 12);
  expect(dispersionAt(trace, 2)).toBeCloseTo(0, 12);
  expect(dispersionAt(trace, 3)).toBeNull();
  expect(dispersionAt({ ...trace, counted: false }, 1)).toBeNull();
});

test("sums with a missing bin do not count", () => {
  const counts = Array.from({ length: 40 }, (_, i) => (i === 7 ? 1000 : 2));
  expect(dispersionAt(bins(counts, [7]), 2)).toBeCloseTo(0, 12);
});

test("of Poisson arrivals it is 1, of a burst it grows with the window", () => {
  const steady = countArrivals(poisson(30, 20_000), new SeededRandom(1));
  for (const windowS of [1, 10]) {
    expect(Math.abs((dispersionAt(steady, windowS) ?? 0) - 1)).toBeLessThan(4 * Math.sqrt((2 * windowS) / 20_000));
  }
  const bursty = countArrivals(markovModulated([10, 100], [60, 20], 20_000), new SeededRandom(1));
  expect(dispersionAt(bursty, 10) ?? 0).toBeGreaterThan(5 * (dispersionAt(bursty, 1) ?? 0));
});

test("autocorrelation finds a period", () => {
  const day = bins(Array.from({ length: 7200 }, (_, i) => 100 + 50 * Math.sin((2 * Math.PI * i) / 1200)));
  const at = (lagS: number): number | null | undefined =>
    reportTrace(day).autocorrelation.find((one) => one.lagS === lagS)?.value;
  expect(at(1)).toBeCloseTo(1, 2);
  expect(at(600) ?? 0).toBeLessThan(-0.95);
  expect(at(86_400)).toBeNull();
});

test("the picture rises with the rate and is blank where data is missing", () => {
  const report = reportTrace(bins([1, 1, 8, 8, 0, 0, 4, 4], [4, 5]));
  expect(report.sparkline).toBe("▂▂██  ▅▅");
});

test("arrival times are counted in whole bins, a last part of one left out", () => {
  const trace = binnedCounts(timesTrace(Float64Array.of(0, 0.2, 1.5, 2.5, 2.6)));
  expect([...trace.counts]).toEqual([2, 1, 2]);
  expect(trace.counted).toBe(true);
});

test("a cut and its exclusions are in the trace's time", () => {
  const data = { kind: "counts" as const, binS: 1, counts: Uint32Array.of(1, 2, 3, 4, 5, 6), missing: [] };
  const trace = binnedCounts(data, { startS: 2, durationS: 3, exclude: [{ fromS: 3, toS: 4 }] });
  expect([...trace.counts]).toEqual([3, 0, 5]);
  expect([...trace.missing]).toEqual([0, 1, 0]);
});
