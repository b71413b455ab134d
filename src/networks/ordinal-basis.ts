// Scores of ordered values from few numbers: neighbours on a knob share what is learnt of each other, as a region does.
//
// score_k(j) = Σ_d c_{k,d} · s_k · P_d(u_j),  u_j = 2j/(n_k - 1) - 1,  d = 1 … min(n_k - 1, degree)
// P_d is the Legendre polynomial of degree d; s_k = max(1, n_k/4) lets coefficients of order one tell values apart that
// are two steps away. Up to degree + 1 values the basis is complete: every order of the values can be learnt.

import type { DenseLayer } from "./network.ts";

/** Steps along a knob that coefficients of order one can tell apart, as a share of its values. */
const SHARPNESS = 4;

/** Highest degree where none is asked for. */
const DEGREE = 4;

/** Coefficients of a knob of so many values. */
export function coefficientsOf(values: number, degree: number = DEGREE): number {
  return Math.max(0, Math.min(values - 1, degree));
}

/** Legendre polynomials of degree 1 … degree at u, by Bonnet's recursion. */
function legendre(u: number, degree: number): number[] {
  const found: number[] = [];
  let [before, here] = [1, u];
  for (let d = 1; d <= degree; d++) {
    found.push(here);
    [before, here] = [here, ((2 * d + 1) * u * here - d * before) / (d + 1)];
  }
  return found;
}

/**
 * The fixed layer from coefficients to the scores of each knob's values, knob after knob.
 * @param lengths number of values of each knob
 */
export function ordinalBasis(lengths: readonly number[], degree: number = DEGREE): DenseLayer {
  const height = lengths.reduce((sum, values) => sum + coefficientsOf(values, degree), 0);
  const units = lengths.reduce((sum, values) => sum + values, 0);
  const kernel = new Float32Array(height * units);
  let row = 0;
  let column = 0;
  for (const values of lengths) {
    const coefficients = coefficientsOf(values, degree);
    const scale = Math.max(1, values / SHARPNESS);
    for (let j = 0; j < values; j++) {
      const u = values === 1 ? 0 : (2 * j) / (values - 1) - 1;
      legendre(u, coefficients).forEach((value, d) => {
        kernel[(row + d) * units + column + j] = scale * value;
      });
    }
    row += coefficients;
    column += values;
  }
  return { units, activation: "linear", kernel, bias: new Float32Array(units), fixed: true };
}
