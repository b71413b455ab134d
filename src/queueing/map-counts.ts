// How many arrivals a Markovian arrival process makes in a time, with the phases before and after.
//
// C_n(t)[i][j] = P(n arrivals in t, phase j at its end | phase i at its start)
// one short step by uniformisation, Λ = max -D0_ii:  C_n(h) = Σ_k Poisson(k; Λh) U_n^(k),
//   U^(k+1)_n = U^(k)_n (I + D0/Λ) + U^(k)_{n-1} D1/Λ;      longer times by  C_n(t + h) = Σ_i C_i(t) C_{n-i}(h)
// Sources: M. F. Neuts, "Structured Stochastic Matrices of M/G/1 Type", 1989, §5.1; A. Jensen 1953 (uniformisation).

import type { MarkovianArrivals } from "../math/index.ts";

/** Terms beyond this probability are left out of a step. */
const NEGLIGIBLE = 1e-15;

/** Count matrices of one stretch of time, flat, shape [counts, phases, phases]. */
export type CountMatrices = Float64Array<ArrayBuffer>;

/** C_0 … C_{counts-1} of a short step. */
function oneStep(map: MarkovianArrivals, counts: number, stepS: number): CountMatrices {
  const m = map.d0.length;
  const rate = map.d0.reduce((most, row, i) => Math.max(most, -(row[i] ?? 0)), 0);
  const stay = Float64Array.from({ length: m * m }, (_, k) => {
    const [i, j] = [Math.floor(k / m), k % m];
    return (i === j ? 1 : 0) + (map.d0[i]?.[j] ?? 0) / rate;
  });
  const arrive = Float64Array.from({ length: m * m }, (_, k) => (map.d1[Math.floor(k / m)]?.[k % m] ?? 0) / rate);
  let power: CountMatrices = new Float64Array(counts * m * m);
  for (let i = 0; i < m; i++) power[i * m + i] = 1;
  const total = new Float64Array(counts * m * m);
  let weight = Math.exp(-rate * stepS);
  for (let k = 0; k < 10 || weight > NEGLIGIBLE; k++) {
    for (let i = 0; i < total.length; i++) total[i] = (total[i] ?? 0) + weight * (power[i] ?? 0);
    const next = new Float64Array(counts * m * m);
    for (let n = 0; n < counts; n++) {
      multiplyInto(next, n, power, n, stay, 0, m);
      if (n > 0) multiplyInto(next, n, power, n - 1, arrive, 0, m);
    }
    power = next;
    weight *= (rate * stepS) / (k + 1);
  }
  return total;
}

/** out[n] += a[p] · b[q], blocks of m by m. */
export function multiplyInto(
  out: Float64Array,
  n: number,
  a: Float64Array,
  p: number,
  b: Float64Array,
  q: number,
  m: number,
): void {
  const [to, left, right] = [n * m * m, p * m * m, q * m * m];
  for (let i = 0; i < m; i++) {
    for (let k = 0; k < m; k++) {
      const factor = a[left + i * m + k] ?? 0;
      if (factor === 0) continue;
      for (let j = 0; j < m; j++) {
        out[to + i * m + j] = (out[to + i * m + j] ?? 0) + factor * (b[right + k * m + j] ?? 0);
      }
    }
  }
}

/** A step of at most this many expected events keeps the series short and exact. */
const EVENTS_PER_STEP = 20;

function convolve(a: CountMatrices, b: CountMatrices, counts: number, m: number): CountMatrices {
  const out = new Float64Array(counts * m * m);
  for (let n = 0; n < counts; n++) for (let i = 0; i <= n; i++) multiplyInto(out, n, a, i, b, n - i, m);
  return out;
}

/**
 * Count matrices at the times 0, T/steps, …, T.
 * @param counts how many arrivals are told apart: 0 to counts - 1
 * @returns shape [steps + 1] of [counts, phases, phases]
 */
export function countMatrices(
  map: MarkovianArrivals,
  counts: number,
  totalS: number,
  steps: number,
): readonly CountMatrices[] {
  const m = map.d0.length;
  const rate = map.d0.reduce((most, row, i) => Math.max(most, -(row[i] ?? 0)), 0);
  const stepS = totalS / steps;
  const halvings = Math.max(0, Math.ceil(Math.log2((rate * stepS) / EVENTS_PER_STEP)));
  let step = oneStep(map, counts, stepS / 2 ** halvings);
  for (let i = 0; i < halvings; i++) step = convolve(step, step, counts, m);
  const start = new Float64Array(counts * m * m);
  for (let i = 0; i < m; i++) start[i * m + i] = 1;
  const grid = [start];
  for (let g = 0; g < steps; g++) grid.push(convolve(grid[g] ?? start, step, counts, m));
  return grid;
}
