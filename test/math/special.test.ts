import {
  autocorrelation,
  dispersion,
  nonNegativeLeastSquares,
  normalCdf,
  normalQuantile,
  quantile,
  RunningMoments,
  stationaryDistribution,
  studentQuantile,
  variance,
} from "../../src/math/index.ts";

test("the normal distribution and its inverse agree with the tables", () => {
  // Φ(1.96) = 0.9750021, Φ(-3) = 0.0013499, Φ(-6) = 9.8659e-10
  expect(normalCdf(1.96)).toBeCloseTo(0.9750021048517795, 12);
  expect(normalCdf(-3)).toBeCloseTo(0.0013498980316301, 14);
  expect(normalCdf(-6) / 9.865876450377e-10).toBeCloseTo(1, 10);
  for (const p of [1e-9, 0.001, 0.02, 0.3, 0.5, 0.99, 0.9999])
    expect(normalCdf(normalQuantile(p)) / p).toBeCloseTo(1, 10);
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 10);
  expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
  expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
});

test("Student's quantiles are those of the tables", () => {
  // Fisher and Yates, table III, two tails of .05: 12.706, 4.303, 2.776, 2.447, 2.064, 1.980.
  const tabled = [
    [1, 12.706],
    [2, 4.303],
    [4, 2.776],
    [6, 2.447],
    [24, 2.064],
    [120, 1.98],
  ] as const;
  for (const [freedom, value] of tabled) {
    expect(studentQuantile(0.975, freedom)).toBeCloseTo(value, 3);
    expect(studentQuantile(0.025, freedom)).toBeCloseTo(-value, 3);
  }
  expect(studentQuantile(0.5, 7)).toBeCloseTo(0, 6);
});

describe("stationary distributions", () => {
  test("of two states are in proportion to the other's rate", () => {
    const [low = 0, high = 0] = stationaryDistribution([
      [0, 2],
      [3, 0],
    ]);
    expect(low).toBeCloseTo(0.6, 12);
    expect(high).toBeCloseTo(0.4, 12);
  });

  test("balance every state of a random chain", () => {
    const rates = [
      [0, 1, 4, 0.5],
      [2, 0, 1, 7],
      [0.1, 3, 0, 2],
      [5, 1, 1, 0],
    ];
    const pi = stationaryDistribution(rates);
    rates.forEach((row, j) => {
      const out = (pi[j] ?? 0) * row.reduce((a, b) => a + b, 0);
      const into = rates.reduce((sum, other, i) => sum + (pi[i] ?? 0) * (other[j] ?? 0), 0);
      expect(into).toBeCloseTo(out, 12);
    });
  });

  test("leave transient states empty, before and after the recurrent ones", () => {
    expect(
      stationaryDistribution([
        [0, 1, 0],
        [0, 0, 2],
        [0, 2, 0],
      ]),
    ).toEqual([0, 0.5, 0.5]);
    expect(
      stationaryDistribution([
        [0, 2, 0],
        [2, 0, 0],
        [1, 0, 0],
      ]),
    ).toEqual([0.5, 0.5, 0]);
  });
});

test("moments, quantiles, dispersion and autocorrelation by hand", () => {
  const moments = new RunningMoments();
  for (const value of [2, 4, 4, 4, 5, 5, 7, 9]) moments.add(value);
  expect(moments.mean).toBeCloseTo(5, 12);
  expect(moments.variance).toBeCloseTo(32 / 7, 12);
  expect(variance([1])).toBe(0);
  expect(quantile([9, 1, 3, 5], 0.5)).toBe(4);
  expect(quantile([9, 1, 3, 5], 1)).toBe(9);
  expect(dispersion(new Float64Array(9), 1)).toBeNull();
  expect(autocorrelation([1, 2, 1, 2, 1, 2, 1, 2], 2) ?? 0).toBeGreaterThan(0.8);
  expect(autocorrelation([3, 3, 3], 1)).toBeNull();
});

describe("non-negative least squares", () => {
  test("finds coefficients that fit exactly", () => {
    const x = [
      [1, 2],
      [1, 5],
      [1, 9],
    ];
    const { coefficients, residual } = nonNegativeLeastSquares(x, [7, 13, 21], [1, 1, 1]);
    expect(coefficients[0]).toBeCloseTo(3, 10);
    expect(coefficients[1]).toBeCloseTo(2, 10);
    expect(residual).toBeCloseTo(0, 10);
  });

  test("holds at zero what would be negative, and fits the rest again", () => {
    // Free least squares through (1, 1), (2, 4) has intercept -2; without one the slope is (1 + 8)/5.
    const { coefficients } = nonNegativeLeastSquares(
      [
        [1, 1],
        [1, 2],
      ],
      [1, 4],
      [1, 1],
    );
    expect(coefficients[0]).toBe(0);
    expect(coefficients[1]).toBeCloseTo(1.8, 12);
  });

  test("is refused without coefficients or with too many", () => {
    expect(() => nonNegativeLeastSquares([], [], [])).toThrow(RangeError);
    expect(() => nonNegativeLeastSquares([[1, 2, 3, 4, 5]], [1], [1])).toThrow(RangeError);
  });
});
