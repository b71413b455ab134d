import { mapDispersion, mapRateRps, mmpp, SeededRandom } from "../../src/math/index.ts";
import {
  clients,
  diurnal,
  markovian,
  markovModulated,
  merge,
  poisson,
  renewal,
  shapeOfCv,
  surge,
  type Workload,
} from "../../src/workload/index.ts";

/** All arrivals of one run, in blocks of an odd size so that block borders fall anywhere. */
function arrivals(workload: Workload, seed: number): Float64Array {
  const source = workload.open(new SeededRandom(seed));
  const block = new Float64Array(777);
  const all: number[] = [];
  for (let n = source.fill(block); n > 0; n = source.fill(block)) for (let i = 0; i < n; i++) all.push(block[i] ?? 0);
  return Float64Array.from(all);
}

function gaps(times: Float64Array): Float64Array {
  return times.slice(1).map((t, i) => t - (times[i] ?? 0));
}

function moments(values: ArrayLike<number>): { mean: number; variance: number } {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i] ?? 0) - mean) ** 2;
  return { mean, variance: squares / (values.length - 1) };
}

function correlation(values: Float64Array, lag: number): number {
  const { mean, variance } = moments(values);
  let sum = 0;
  for (let i = 0; i + lag < values.length; i++) sum += ((values[i] ?? 0) - mean) * ((values[i + lag] ?? 0) - mean);
  return sum / (values.length - lag) / variance;
}

function counts(times: Float64Array, widthS: number, durationS: number): Float64Array {
  const bins = new Float64Array(Math.floor(durationS / widthS));
  for (const t of times) {
    const bin = Math.floor(t / widthS);
    if (bin < bins.length) bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return bins;
}

function idc(times: Float64Array, widthS: number, durationS: number): number {
  const { mean, variance } = moments(counts(times, widthS, durationS));
  return variance / mean;
}

/** Largest distance between the sample's distribution and `cdf`, times √n; above 1.63 once in a hundred (Kolmogorov). */
function kolmogorov(values: Float64Array, cdf: (x: number) => number): number {
  const sorted = values.slice().sort();
  let worst = 0;
  sorted.forEach((x, i) => {
    const f = cdf(x);
    worst = Math.max(worst, f - i / sorted.length, (i + 1) / sorted.length - f);
  });
  return worst * Math.sqrt(sorted.length);
}

/** Four standard errors: a true hypothesis fails once in 16,000. */
const SIGMAS = 4;

describe("every arrival model", () => {
  const map = mmpp([50, 200], [6, 1.2]);
  const models: [string, Workload][] = [
    ["poisson", poisson(50, 400)],
    ["mmpp", markovModulated([20, 90], [5, 2], 400)],
    ["map", markovian(map, 200)],
    ["renewal", renewal("gamma", 50, 3, 400)],
    ["diurnal", diurnal(50, [{ amplitude: 0.6, periodS: 100, peakS: 50 }], 400)],
    ["surge", surge({ baseRps: 40, factors: [1.75, 2], surgeS: 20, everyS: 100, firstS: 50 }, 400)],
    ["sum", merge("sum", [poisson(30, 400), renewal("weibull", 20, 2, 400)])],
  ];

  test.each(models)("%s: arrivals ascend, stay within the duration, and are the same for the same seed", (_, model) => {
    const times = arrivals(model, 7);
    expect(times.length).toBeGreaterThan(1000);
    expect(gaps(times).every((gap) => gap >= 0)).toBe(true);
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times.at(-1)).toBeLessThan(model.durationS);
    expect(arrivals(model, 7)).toEqual(times);
    expect(arrivals(model, 8)).not.toEqual(times);
  });

  test.each(models)("%s: the blocks in which arrivals are asked for do not matter", (_, model) => {
    const one = model.open(new SeededRandom(3));
    const block = new Float64Array(1);
    const first = arrivals(model, 3).slice(0, 500);
    for (const expected of first) {
      expect(one.fill(block)).toBe(1);
      expect(block[0]).toBe(expected);
    }
  });
});

describe("poisson", () => {
  const times = arrivals(poisson(100, 3000), 1);

  test("has the rate and exponential gaps it promises", () => {
    expect(Math.abs(times.length - 300_000)).toBeLessThan(SIGMAS * Math.sqrt(300_000));
    expect(kolmogorov(gaps(times), (x) => -Math.expm1(-100 * x))).toBeLessThan(1.63);
  });

  test("has variance over mean of counts 1 at every window", () => {
    // The relative error of a variance over n windows is √(2/n).
    for (const widthS of [0.1, 1, 10]) {
      expect(Math.abs(idc(times, widthS, 3000) - 1)).toBeLessThan(SIGMAS * Math.sqrt((2 * widthS) / 3000));
    }
  });

  test("has independent gaps", () => {
    for (const lag of [1, 2, 5]) {
      expect(Math.abs(correlation(gaps(times), lag))).toBeLessThan(SIGMAS / Math.sqrt(times.length));
    }
  });
});

describe("mmpp", () => {
  test("has the index of dispersion of the closed form", () => {
    // Two phases: 1 + 2 w1 w2 (a1-a2)² / (w² (a1 w2 + a2 w1)) · (1 - (1 - e^{-w t}) / (w t)), w = w1 + w2.
    const w1 = 1 / 5;
    const w2 = 1 / 2;
    const w = w1 + w2;
    const bracket = (t: number): number => 1 - (1 - Math.exp(-w * t)) / (w * t);
    const closed = (t: number): number =>
      1 + ((2 * w1 * w2 * (20 - 90) ** 2) / (w * w * (20 * w2 + 90 * w1))) * bracket(t);
    const map = mmpp([20, 90], [5, 2]);
    for (const t of [0.1, 1, 10, 100]) expect(mapDispersion(map, t)).toBeCloseTo(closed(t), 8);
    const durationS = 15_000;
    const times = arrivals(markovModulated([20, 90], [5, 2], durationS), 11);
    // Windows of 1 and 10 s are correlated over 1/w = 1.4 s: the error is at most that of a third of them.
    for (const t of [1, 10]) {
      const bound = SIGMAS * Math.sqrt((2 * 3 * t) / durationS) * closed(t);
      expect(Math.abs(idc(times, t, durationS) - closed(t))).toBeLessThan(bound);
    }
    // Rate: the variance of a long count is IDC(∞) · mean.
    const mean = mapRateRps(map) * durationS;
    expect(Math.abs(times.length - mean)).toBeLessThan(SIGMAS * Math.sqrt(mean * closed(durationS)));
  });

  test("three phases follow the jump probabilities", () => {
    const jumps = [
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
    ];
    // A cycle: shares are proportional to the stays, 1:2:3, so the mean rate is (10 + 2·40 + 3·0)/6 = 15.
    const model = markovModulated([10, 40, 0], [1, 2, 3], 30_000, jumps);
    expect(model.meanRateRps).toBeCloseTo(15, 10);
    const bound = SIGMAS * Math.sqrt(15 * 30_000 * mapDispersion(mmpp([10, 40, 0], [1, 2, 3], jumps), 30_000));
    expect(Math.abs(arrivals(model, 5).length - 450_000)).toBeLessThan(bound);
  });

  test("as a general MAP it is the same process", () => {
    const times = arrivals(markovian(mmpp([20, 90], [5, 2]), 8_000), 13);
    const closed = mapDispersion(mmpp([20, 90], [5, 2]), 10);
    expect(Math.abs(idc(times, 10, 8_000) - closed)).toBeLessThan(SIGMAS * Math.sqrt((2 * 3 * 10) / 8_000) * closed);
  });

  test("an Erlang-2 renewal process written as a MAP has squared variation 1/2", () => {
    const erlang = {
      d0: [
        [-20, 20],
        [0, -20],
      ],
      d1: [
        [0, 0],
        [20, 0],
      ],
    };
    const g = gaps(arrivals(markovian(erlang, 8_000), 17));
    const { mean, variance } = moments(g);
    expect(mean).toBeCloseTo(0.1, 3);
    expect(variance / mean ** 2).toBeCloseTo(0.5, 1);
    expect(Math.abs(correlation(g, 1))).toBeLessThan(SIGMAS / Math.sqrt(g.length));
  });
});

describe("renewal", () => {
  test.each([
    ["gamma", 0.5],
    ["gamma", 2],
    ["weibull", 0.5],
    ["weibull", 2],
  ] as const)("%s with variation %d has that mean and variation, and independent gaps", (family, cv) => {
    const g = gaps(arrivals(renewal(family, 80, cv, 2000), 23));
    const { mean, variance } = moments(g);
    expect(Math.abs(mean * 80 - 1)).toBeLessThan((SIGMAS * cv) / Math.sqrt(g.length));
    expect(Math.abs(Math.sqrt(variance) / mean / cv - 1)).toBeLessThan(0.05);
    expect(Math.abs(correlation(g, 1))).toBeLessThan(SIGMAS / Math.sqrt(g.length));
  });

  test("begins in equilibrium: the expected count is rate × time from the start", () => {
    // Counts in the first 0.05 s over 20,000 runs; a renewal at time 0 would give 20 % more with cv 3.
    const model = renewal("gamma", 80, 3, 0.05);
    const block = new Float64Array(10_000);
    let total = 0;
    let squares = 0;
    for (let seed = 0; seed < 20_000; seed++) {
      const n = model.open(new SeededRandom(seed)).fill(block);
      total += n;
      squares += n * n;
    }
    const mean = total / 20_000;
    const error = Math.sqrt((squares / 20_000 - mean * mean) / 20_000);
    expect(Math.abs(mean - 4)).toBeLessThan(SIGMAS * error);
  });

  test("the Weibull shape of variation 1 is 1, where it is the exponential", () => {
    expect(shapeOfCv("weibull", 1)).toBeCloseTo(1, 6);
  });
});

describe("diurnal", () => {
  const waves = [
    { amplitude: 0.5, periodS: 1000, peakS: 500 },
    { amplitude: 0.3, periodS: 250, peakS: 0 },
  ];
  const model = diurnal(100, waves, 5_000);

  test("follows its rate, and is Poisson about it", () => {
    const observed = counts(arrivals(model, 31), 25, 5_000);
    let chiSquare = 0;
    observed.forEach((count, bin) => {
      // Simpson's rule over the bin.
      const at = (share: number): number => model.rateRps((bin + share) * 25);
      const expected = (25 * (at(0) + 4 * at(0.5) + at(1 - 1e-12))) / 6;
      chiSquare += (count - expected) ** 2 / expected;
    });
    expect(Math.abs(chiSquare - 200)).toBeLessThan(SIGMAS * Math.sqrt(2 * 200));
  });

  test("states its mean over a duration that cuts a wave short", () => {
    // Quarter of a wave from the trough: mean of 1 - cos over [0, π/2] is 1 - 2/π.
    const quarter = diurnal(100, [{ amplitude: 1, periodS: 1000, peakS: 500 }], 250);
    expect(quarter.meanRateRps).toBeCloseTo(100 * (1 - 2 / Math.PI), 8);
  });
});

describe("surge", () => {
  test("rises by each factor in turn, for as long as it says", () => {
    const model = surge({ baseRps: 100, factors: [1.75, 2], surgeS: 100, everyS: 500, firstS: 200 }, 2_000);
    expect([0, 199, 200, 299, 300, 700, 799, 800, 1200].map((t) => model.rateRps(t))).toEqual([
      100, 100, 175, 175, 100, 200, 200, 100, 175,
    ]);
    // Four surges, two of each: 100·2,000 + 2·100·75 + 2·100·100 requests.
    expect(model.meanRateRps).toBeCloseTo((200_000 + 15_000 + 20_000) / 2_000, 8);
    const observed = counts(arrivals(model, 41), 100, 2_000);
    const chiSquare = observed.reduce((sum, count, bin) => {
      const expected = 100 * model.rateRps(bin * 100 + 50);
      return sum + (count - expected) ** 2 / expected;
    }, 0);
    expect(Math.abs(chiSquare - 20)).toBeLessThan(SIGMAS * Math.sqrt(40));
  });
});

describe("clients", () => {
  const list = [
    {
      name: "steady",
      windows: [{ fromS: 0, toS: 1000, rateRps: 40, family: "gamma" as const, shape: 1 }],
    },
    {
      name: "bursty",
      windows: [
        { fromS: 0, toS: 400, rateRps: 10, family: "weibull" as const, shape: 0.5 },
        { fromS: 600, toS: 1000, rateRps: 50, family: "gamma" as const, shape: 0.25 },
      ],
    },
  ];

  test("add up to the rates of the windows in force", () => {
    const model = clients(list, 1000);
    expect([0, 399, 500, 600, 999].map((t) => model.rateRps(t))).toEqual([50, 50, 40, 90, 90]);
    expect(model.meanRateRps).toBeCloseTo(40 + 4 + 20, 8);
    let total = 0;
    for (let seed = 0; seed < 6; seed++) total += arrivals(model, seed).length;
    // Variances: 40,000 + 5·4,000 (Weibull 0.5 has squared variation 5) + 4·20,000.
    expect(Math.abs(total / 6 - 64_000)).toBeLessThan(SIGMAS * Math.sqrt((40_000 + 20_000 + 80_000) / 6));
  });

  test("a scale multiplies the requests, a duration cuts the windows", () => {
    const model = clients(list, 500, 2);
    expect(model.meanRateRps).toBeCloseTo(2 * (40 + 8), 8);
    expect(model.durationS).toBe(500);
  });
});
