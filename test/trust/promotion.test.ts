// The promotion test lets through what is better beyond doubt, and little else.

import fc from "fast-check";
import { normal, SeededRandom } from "../../src/math/index.ts";
import { type Evidence, lowerBoundOfMean, promotionOptions, promotionTest } from "../../src/trust/index.ts";

const random = (seed: number): SeededRandom => new SeededRandom(seed);

function evidence(advantages: readonly number[], levels = 3): Evidence[] {
  return advantages.map((advantage, i) => ({
    timeS: i,
    loadLevel: i % levels,
    advantage,
    source: "measured" as const,
  }));
}

test("the lower bound of a constant is the constant", () => {
  expect(lowerBoundOfMean(new Array(100).fill(0.25), 0.95, 200, random(1))).toBeCloseTo(0.25, 12);
});

test("for independent values it is the mean less 1.645 standard errors", () => {
  const source = random(2);
  const values = Array.from({ length: 2000 }, () => normal(source));
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  // One-sided 95 % of a normal mean: 1.645·σ/√n, σ = 1; the bootstrap itself adds some 5 % of that.
  const expected = mean - 1.645 / Math.sqrt(values.length);
  expect(lowerBoundOfMean(values, 0.95, 2000, random(3))).toBeCloseTo(expected, 2);
});

test("neighbours that are alike widen the bound, as a sequence of fewer values should", () => {
  const source = random(4);
  const independent = Array.from({ length: 250 }, () => normal(source));
  const repeated = independent.flatMap((value) => new Array<number>(4).fill(value));
  const mean = independent.reduce((sum, x) => sum + x, 0) / independent.length;
  const width = (values: readonly number[]): number => mean - lowerBoundOfMean(values, 0.95, 2000, random(5));
  const asIfIndependent = 1.645 / Math.sqrt(repeated.length);
  expect(width(repeated)).toBeGreaterThan(1.4 * asIfIndependent);
});

test("200 windows in 3 load levels with a clear advantage pass", () => {
  const result = promotionTest(evidence(new Array(200).fill(0.1)), 3, random(1));
  expect(result).toMatchObject({ passed: true, windows: 200, loadLevels: 3 });
  expect(result.lowerBound).toBeCloseTo(0.1, 12);
});

test("199 windows are not enough, however good", () => {
  const result = promotionTest(evidence(new Array(199).fill(9)), 3, random(1));
  expect(result).toMatchObject({ passed: false, lowerBound: null, reason: "199 of 200 windows compared" });
});

test("two load levels are enough only when no third has occurred", () => {
  const two = evidence(new Array(200).fill(0.1), 2);
  expect(promotionTest(two, 2, random(1)).passed).toBe(true);
  expect(promotionTest(two, 5, random(1))).toMatchObject({ passed: false, reason: "2 of 3 load levels compared" });
});

test("a load level counts from ten windows on", () => {
  const lopsided = evidence(new Array(200).fill(0.1), 1).map((one, i) => ({ ...one, loadLevel: i < 9 ? 1 : 0 }));
  expect(promotionTest(lopsided, 2, random(1))).toMatchObject({ passed: false, loadLevels: 1 });
});

test("acting alike for ever is no advantage", () => {
  expect(promotionTest(evidence(new Array(400).fill(0)), 3, random(1)).passed).toBe(false);
});

test("of policies that are no better, few pass: at most one in ten of a hundred", () => {
  // The nominal rate is 5 %; 10 of 100 is exceeded with probability 1 % (binomial).
  let passed = 0;
  for (let seed = 0; seed < 100; seed++) {
    const source = random(seed).split("noise");
    const values = Array.from({ length: 200 }, () => normal(source));
    if (promotionTest(evidence(values), 3, random(seed), { ...promotionOptions, resamples: 200 }).passed) passed++;
  }
  expect(passed).toBeLessThanOrEqual(10);
});

test("the bound never exceeds the best value and grows with every value", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 5, maxLength: 60 }),
      fc.double({ min: 0, max: 2, noNaN: true }),
      (values, shift) => {
        const bound = lowerBoundOfMean(values, 0.95, 100, random(6));
        expect(bound).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
        const shifted = lowerBoundOfMean(
          values.map((value) => value + shift),
          0.95,
          100,
          random(6),
        );
        expect(shifted).toBeCloseTo(bound + shift, 9);
      },
    ),
    { numRuns: 100, seed: 1 },
  );
});
