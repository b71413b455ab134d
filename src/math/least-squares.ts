// Least squares with a handful of coefficients that may not be negative, solved exactly.
//
// min Σ w_i (y_i - x_i·c)², c ≥ 0: the best of all subsets of coefficients held at zero whose solution is feasible.
// Differs: enumeration of the 2^n - 1 subsets instead of Lawson and Hanson's active set; n is at most 4.

import { Matrix, solve } from "ml-matrix";

const MAX_COEFFICIENTS = 4;

/** A fit: coefficients and the weighted sum of squared residuals. */
export interface LeastSquaresFit {
  readonly coefficients: readonly number[];
  readonly residual: number;
}

function residualOf(
  x: readonly (readonly number[])[],
  y: readonly number[],
  weights: readonly number[],
  c: readonly number[],
): number {
  return x.reduce((sum, row, i) => {
    const fitted = row.reduce((total, value, k) => total + value * (c[k] ?? 0), 0);
    return sum + (weights[i] ?? 1) * ((y[i] ?? 0) - fitted) ** 2;
  }, 0);
}

function solveSubset(
  x: readonly (readonly number[])[],
  y: readonly number[],
  weights: readonly number[],
  free: readonly number[],
): number[] | null {
  const root = weights.map(Math.sqrt);
  const a = new Matrix(x.map((row, i) => free.map((k) => (row[k] ?? 0) * (root[i] ?? 1))));
  const b = Matrix.columnVector(y.map((value, i) => value * (root[i] ?? 1)));
  const found = solve(a, b, true).to1DArray();
  return found.every((value) => Number.isFinite(value) && value >= 0) ? found : null;
}

/**
 * @param x shape [points, coefficients], at most 4 coefficients
 * @param y shape [points]
 * @param weights shape [points], ≥ 0
 * @throws {RangeError} with no point or more than 4 coefficients
 */
export function nonNegativeLeastSquares(
  x: readonly (readonly number[])[],
  y: readonly number[],
  weights: readonly number[],
): LeastSquaresFit {
  const n = x[0]?.length ?? 0;
  if (n === 0 || n > MAX_COEFFICIENTS)
    throw new RangeError(`expected 1 to ${MAX_COEFFICIENTS} coefficients, found ${n}`);
  let best: LeastSquaresFit = { coefficients: new Array(n).fill(0), residual: residualOf(x, y, weights, []) };
  for (let subset = 1; subset < 2 ** n; subset++) {
    const free = Array.from({ length: n }, (_, k) => k).filter((k) => (subset >> k) & 1);
    if (free.length > x.length) continue;
    const found = solveSubset(x, y, weights, free);
    if (found === null) continue;
    const coefficients: number[] = new Array(n).fill(0);
    free.forEach((k, i) => {
      coefficients[k] = found[i] ?? 0;
    });
    const residual = residualOf(x, y, weights, coefficients);
    if (residual < best.residual) best = { coefficients, residual };
  }
  return best;
}
