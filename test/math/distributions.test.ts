import {
  drawDurationS,
  exponential,
  gamma,
  gammaP,
  logGamma,
  lognormal,
  meanDurationS,
  normal,
  normalCdf,
  poissonCount,
  poissonLogProbability,
  SeededRandom,
  weibull,
} from "../../src/math/index.ts";

const DRAWS = 100_000;
/** Above this once in a thousand (Kolmogorov's limit distribution). */
const KOLMOGOROV_999 = 1.95;

function distance(draw: (random: SeededRandom) => number, cdf: (x: number) => number, seed: number): number {
  const random = new SeededRandom(seed);
  const values = Float64Array.from({ length: DRAWS }, () => draw(random)).sort();
  let worst = 0;
  for (let i = 0; i < DRAWS; i++) {
    const f = cdf(values[i] ?? 0);
    worst = Math.max(worst, f - i / DRAWS, (i + 1) / DRAWS - f);
  }
  return worst * Math.sqrt(DRAWS);
}

describe("draws follow the distribution they are named after", () => {
  test.each<[string, (random: SeededRandom) => number, (x: number) => number]>([
    ["exponential", exponential, (x) => -Math.expm1(-x)],
    ["normal", normal, normalCdf],
    ["gamma 0.3", (random) => gamma(random, 0.3), (x) => gammaP(0.3, x)],
    ["gamma 4.5", (random) => gamma(random, 4.5), (x) => gammaP(4.5, x)],
    ["Weibull 0.7", (random) => weibull(random, 0.7), (x) => -Math.expm1(-(x ** 0.7))],
    [
      "lognormal of variation 0.5",
      (random) => lognormal(random, 0.5),
      (x) => normalCdf((Math.log(x) + Math.log(1.25) / 2) / Math.sqrt(Math.log(1.25))),
    ],
  ])("%s", (_, draw, cdf) => {
    expect(distance(draw, cdf, 17)).toBeLessThan(KOLMOGOROV_999);
  });

  test.each([0.4, 7, 12.5, 300])("Poisson with mean %d", (mean) => {
    const random = new SeededRandom(5);
    const seen = new Map<number, number>();
    for (let i = 0; i < DRAWS; i++) {
      const count = poissonCount(random, mean);
      seen.set(count, (seen.get(count) ?? 0) + 1);
    }
    let chiSquare = 0;
    let cells = 0;
    for (let count = 0; count < mean + 10 * Math.sqrt(mean) + 10; count++) {
      const expected = DRAWS * Math.exp(poissonLogProbability(count, mean));
      if (expected < 20) continue;
      chiSquare += ((seen.get(count) ?? 0) - expected) ** 2 / expected;
      cells++;
    }
    expect(Math.abs(chiSquare - (cells - 1))).toBeLessThan(4 * Math.sqrt(2 * cells));
  });

  test("the tails of the ziggurats are reached as often as they should be", () => {
    const random = new SeededRandom(9);
    let far = 0;
    let wide = 0;
    for (let i = 0; i < 400_000; i++) {
      if (exponential(random) > 7.8) far++;
      if (Math.abs(normal(random)) > 3.7) wide++;
    }
    // e^{-7.8} · 400,000 = 163.9; 2 (1 - Φ(3.7)) · 400,000 = 86.2.
    expect(Math.abs(far - 163.9)).toBeLessThan(4 * Math.sqrt(163.9));
    expect(Math.abs(wide - 86.2)).toBeLessThan(4 * Math.sqrt(86.2));
  });
});

test("durations have the mean they state", () => {
  const random = new SeededRandom(3);
  for (const spec of [
    { constant: 4 },
    { uniform: [100, 180] as const },
    { exponential: 30 },
    { lognormal: { mean: 20, cv: 0.4 } },
  ]) {
    let sum = 0;
    for (let i = 0; i < 20_000; i++) sum += drawDurationS(spec, random);
    expect(sum / 20_000 / meanDurationS(spec)).toBeCloseTo(1, 1);
  }
  expect(meanDurationS({ uniform: [100, 180] })).toBe(140);
});

describe("special functions", () => {
  test("log gamma: factorials and √π", () => {
    expect(logGamma(11)).toBeCloseTo(Math.log(3_628_800), 12);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 12);
    expect(logGamma(1e-3)).toBeCloseTo(Math.log(999.4237724845955), 10);
  });

  test("the incomplete gamma function: Erlang's distribution", () => {
    // Three exponentials: 1 - e^{-x}(1 + x + x²/2).
    for (const x of [0.1, 2, 9]) expect(gammaP(3, x)).toBeCloseTo(1 - Math.exp(-x) * (1 + x + (x * x) / 2), 12);
    expect(gammaP(3, 0)).toBe(0);
  });
});
