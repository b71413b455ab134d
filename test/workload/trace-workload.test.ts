import { SeededRandom } from "../../src/math/index.ts";
import { type TraceCut, type TraceData, timesTrace, traceWorkload, type Workload } from "../../src/workload/index.ts";

function arrivals(workload: Workload, seed = 1): number[] {
  const source = workload.open(new SeededRandom(seed));
  const block = new Float64Array(13);
  const all: number[] = [];
  for (let n = source.fill(block); n > 0; n = source.fill(block)) all.push(...block.subarray(0, n));
  return all;
}

function perBin(times: readonly number[], binS: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const timeS of times) counts[Math.floor(timeS / binS)] = (counts[Math.floor(timeS / binS)] ?? 0) + 1;
  return counts;
}

const whole: TraceCut = { name: "t", startS: 0, scale: 1, exclude: [] };
const counts = (list: number[], binS = 1): TraceData => ({
  kind: "counts",
  binS,
  counts: Uint32Array.from(list),
  missing: [],
});

describe("counts", () => {
  const trace = counts([3, 0, 7, 2, 40, 1]);

  test("are played exactly, whatever the seed, within their bins and in order", () => {
    const model = traceWorkload(trace, whole);
    for (const seed of [1, 2, 3]) {
      const times = arrivals(model, seed);
      expect(perBin(times, 1, 6)).toEqual([3, 0, 7, 2, 40, 1]);
      expect([...times].sort((a, b) => a - b)).toEqual(times);
    }
    expect(arrivals(model, 1)).not.toEqual(arrivals(model, 2));
    expect(model.meanRateRps).toBeCloseTo(53 / 6, 12);
    expect(model.rateRps(4.5)).toBe(40);
    expect(model.durationS).toBe(6);
  });

  test("fall uniformly within a bin", () => {
    // 20,000 positions: chi-square over 10 cells has mean 9 and standard deviation √18.
    const times = arrivals(traceWorkload(counts(new Array(2000).fill(10)), whole));
    const cells = new Array<number>(10).fill(0);
    for (const timeS of times) cells[Math.floor(10 * (timeS % 1))] = (cells[Math.floor(10 * (timeS % 1))] ?? 0) + 1;
    const chiSquare = cells.reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0);
    expect(Math.abs(chiSquare - 9)).toBeLessThan(4 * Math.sqrt(18));
  });

  test("a cut starts its own clock", () => {
    const model = traceWorkload(trace, { ...whole, startS: 2, durationS: 3 });
    expect(perBin(arrivals(model), 1, 3)).toEqual([7, 2, 40]);
    expect(model.durationS).toBe(3);
    expect(model.meanRateRps).toBeCloseTo(49 / 3, 12);
  });

  test("a scale keeps the mean: a count's fraction is one more now and then", () => {
    const model = traceWorkload(counts(new Array(10_000).fill(3)), { ...whole, scale: 0.5 });
    const times = arrivals(model);
    const seen = new Set(perBin(times, 1, 10_000));
    expect([...seen].sort()).toEqual([1, 2]);
    // 10,000 fair coins on top of 10,000: standard deviation 50.
    expect(Math.abs(times.length - 15_000)).toBeLessThan(4 * 50);
    expect(model.meanRateRps).toBeCloseTo(1.5, 12);
  });

  test("missing data: the clock goes on, nothing counts", () => {
    const recurring = { fromS: 4, toS: 5, everyS: 5 };
    const model = traceWorkload(counts([9, 9, 9, 9, 50, 9, 9, 9, 9, 50, 9]), { ...whole, exclude: [recurring] });
    expect(model.excluded).toEqual([
      { fromS: 4, toS: 5 },
      { fromS: 9, toS: 10 },
    ]);
    expect(model.meanRateRps).toBeCloseTo(9, 12);
    expect(perBin(arrivals(model), 1, 11)).toEqual([9, 9, 9, 9, 0, 9, 9, 9, 9, 0, 9]);
    expect(model.rateRps(4.5)).toBe(0);
  });

  test("exclusions are in the trace's time, what a workload tells is in its own", () => {
    const exclude = [{ fromS: 3, toS: 5 }];
    expect(traceWorkload(trace, { ...whole, startS: 2, exclude }).excluded).toEqual([{ fromS: 1, toS: 3 }]);
    expect(traceWorkload(trace, { ...whole, startS: 4, exclude }).excluded).toEqual([{ fromS: 0, toS: 1 }]);
  });

  test("long silence is missing data where the cut says so, short silence is not", () => {
    const silent = counts([5, 0, 0, 5, 0, 0, 0, 5]);
    expect(traceWorkload(silent, whole).excluded).toEqual([]);
    const model = traceWorkload(silent, { ...whole, missingAfterS: 3 });
    expect(model.excluded).toEqual([{ fromS: 4, toS: 7 }]);
    expect(model.meanRateRps).toBeCloseTo(15 / 5, 12);
  });
});

describe("arrival times", () => {
  const trace = timesTrace(Float64Array.of(0, 0.5, 0.5, 2, 3.5));

  test("are played as they were", () => {
    expect(arrivals(traceWorkload(trace, whole))).toEqual([0, 0.5, 0.5, 2, 3.5]);
    expect(arrivals(traceWorkload(trace, { ...whole, startS: 0.5, durationS: 2 }))).toEqual([0, 0, 1.5]);
    expect(traceWorkload(trace, whole).rateRps(0.2)).toBe(3);
  });

  test("a scale copies or leaves out, and keeps the order and the mean", () => {
    const even = timesTrace(Float64Array.from({ length: 5000 }, (_, i) => i));
    const doubled = arrivals(traceWorkload(even, { ...whole, scale: 2 }));
    expect(doubled.length).toBe(10_000);
    expect([...doubled].sort((a, b) => a - b)).toEqual(doubled);
    // 5,000 coins with 0.3: standard deviation √1050.
    const thinned = arrivals(traceWorkload(even, { ...whole, scale: 0.3 }));
    expect(Math.abs(thinned.length - 1500)).toBeLessThan(4 * Math.sqrt(1050));
    expect(thinned.every((timeS) => Number.isInteger(timeS))).toBe(true);
  });
});

describe("rates", () => {
  test("are played as Poisson arrivals, missing bins left out", () => {
    const trace: TraceData = {
      kind: "rates",
      binS: 100,
      ratesRps: Float64Array.of(50, 0, 200),
      missing: [{ fromS: 100, toS: 200 }],
    };
    const model = traceWorkload(trace, whole);
    expect(model.meanRateRps).toBeCloseTo(125, 12);
    const [first = 0, second, third = 0] = perBin(arrivals(model), 100, 3);
    expect(Math.abs(first - 5000)).toBeLessThan(4 * Math.sqrt(5000));
    expect(second).toBe(0);
    expect(Math.abs(third - 20_000)).toBeLessThan(4 * Math.sqrt(20_000));
  });
});
