// Markovian arrival processes: stationary phases, rate, dispersion of counts, variability and correlation of intervals.
//
// A MAP is (D0, D1): rates of phase changes without and with an arrival; G = D0 + D1, π G = 0, rate = π D1 1.
//   Var N(t) = (rate - 2 rate² + 2 π D1 C c) t - 2 π D1 (I - e^{Gt}) C² c,   C = (1π - G)^-1, c = D1 1
//   IDC(t) = Var N(t) / (rate t)
//   intervals: P = (-D0)^-1 D1, α P = α, E X = α M 1, E X² = 2 α M² 1, E X0 Xk = α M P^k M 1, M = (-D0)^-1
// Sources: W. Grassmann, M. Taksar, D. Heyman, Oper. Res. 1985 (elimination without subtractions);
//          S. Narayana, M. F. Neuts, Stoch. Models 1992 (moments of counts);
//          W. Fischer, K. Meier-Hellstern, "The Markov-modulated Poisson process cookbook", Perf. Eval. 1993.

import { inverse, Matrix } from "ml-matrix";

/** A Markovian arrival process; rates per second, shape [phases, phases] each. */
export interface MarkovianArrivals {
  /** Phase changes without an arrival; the diagonal is minus the row's total rate. */
  readonly d0: readonly (readonly number[])[];
  /** Phase changes (or none) with an arrival. */
  readonly d1: readonly (readonly number[])[];
}

/**
 * Stationary distribution of a generator (or a stochastic matrix) with one recurrent class, by elimination that never
 * subtracts.
 * @param generator off-diagonal rates, shape [m, m]; the diagonal is not read
 * @returns shape [m], summing to 1
 */
export function stationaryDistribution(generator: readonly (readonly number[])[]): number[] {
  const m = generator.length;
  const a = generator.map((row) => [...row]);
  const at = (i: number, j: number): number => a[i]?.[j] ?? 0;
  // A state that leads to none before it is recurrent, and all before it are transient.
  let first = 0;
  for (let n = m - 1; n > 0; n--) {
    let out = 0;
    for (let j = 0; j < n; j++) out += at(n, j);
    if (out === 0) {
      first = n;
      break;
    }
    for (let i = 0; i < n; i++) {
      const share = at(i, n) / out;
      const row = a[i] ?? [];
      row[n] = share;
      for (let j = 0; j < n; j++) if (j !== i) row[j] = at(i, j) + share * at(n, j);
    }
  }
  const pi: number[] = new Array(m).fill(0);
  pi[first] = 1;
  for (let n = first + 1; n < m; n++) {
    let weight = 0;
    for (let i = first; i < n; i++) weight += (pi[i] ?? 0) * at(i, n);
    pi[n] = weight;
  }
  const total = pi.reduce((sum, weight) => sum + weight, 0);
  return pi.map((weight) => weight / total);
}

/** G = D0 + D1. */
export function mapGenerator(map: MarkovianArrivals): number[][] {
  return map.d0.map((row, i) => row.map((rate, j) => rate + (map.d1[i]?.[j] ?? 0)));
}

/** Arrivals per second in each phase, shape [m]. */
export function phaseRates(map: MarkovianArrivals): number[] {
  return map.d1.map((row) => row.reduce((sum, rate) => sum + rate, 0));
}

/** Mean arrival rate. */
export function mapRateRps(map: MarkovianArrivals): number {
  const rates = phaseRates(map);
  return stationaryDistribution(mapGenerator(map)).reduce((sum, share, i) => sum + share * (rates[i] ?? 0), 0);
}

/**
 * A Markov-modulated Poisson process.
 * @param ratesRps arrivals per second in each phase, shape [m]
 * @param meanSojournS mean stay in each phase, shape [m]
 * @param jumps probability of the next phase, shape [m, m], zero diagonal; every other phase alike when absent
 */
export function mmpp(
  ratesRps: readonly number[],
  meanSojournS: readonly number[],
  jumps?: readonly (readonly number[])[],
): MarkovianArrivals {
  const m = ratesRps.length;
  const leave = meanSojournS.map((mean) => (m === 1 ? 0 : 1 / mean));
  const probability = (i: number, j: number): number => jumps?.[i]?.[j] ?? 1 / (m - 1);
  const d1 = ratesRps.map((rate, i) => ratesRps.map((_, j) => (i === j ? rate : 0)));
  const d0 = ratesRps.map((rate, i) =>
    ratesRps.map((_, j) => (i === j ? -rate - (leave[i] ?? 0) : (leave[i] ?? 0) * probability(i, j))),
  );
  return { d0, d1 };
}

/** The same process with every rate multiplied, which leaves the shape of its bursts and shortens them. */
export function scaleMap(map: MarkovianArrivals, factor: number): MarkovianArrivals {
  const scale = (rows: readonly (readonly number[])[]): number[][] => rows.map((row) => row.map((x) => x * factor));
  return { d0: scale(map.d0), d1: scale(map.d1) };
}

function matrix(rows: readonly (readonly number[])[]): Matrix {
  return new Matrix(rows.map((row) => [...row]));
}

/** e^A by scaling, Taylor series and squaring. */
function exponentialOf(a: Matrix): Matrix {
  const norm = a.norm("frobenius");
  const halvings = Math.max(0, Math.ceil(Math.log2(norm + 1e-300)) + 4);
  const scaled = Matrix.mul(a, 2 ** -halvings);
  let term = Matrix.eye(a.rows);
  let total = Matrix.eye(a.rows);
  for (let k = 1; k <= 14; k++) {
    term = term.mmul(scaled).mul(1 / k);
    total = Matrix.add(total, term);
  }
  for (let i = 0; i < halvings; i++) total = total.mmul(total);
  return total;
}

/**
 * Index of dispersion for counts: variance over mean of the arrivals in a stretch of time, phases stationary.
 * @param windowS length of the stretch, > 0
 */
export function mapDispersion(map: MarkovianArrivals, windowS: number): number {
  const g = matrix(mapGenerator(map));
  const m = g.rows;
  const pi = Matrix.rowVector(stationaryDistribution(mapGenerator(map)));
  const d1 = matrix(map.d1);
  const c = d1.mmul(Matrix.ones(m, 1));
  const rate = pi.mmul(c).get(0, 0);
  const deviation = inverse(Matrix.sub(Matrix.ones(m, 1).mmul(pi), g));
  const flow = pi.mmul(d1);
  const linear = flow.mmul(deviation).mmul(c).get(0, 0);
  const decayed = Matrix.sub(Matrix.eye(m), exponentialOf(Matrix.mul(g, windowS)));
  const transient = flow.mmul(decayed).mmul(deviation).mmul(deviation).mmul(c).get(0, 0);
  return 1 - 2 * rate + (2 * linear) / rate - (2 * transient) / (rate * windowS);
}

/** Squared coefficient of variation of the intervals between arrivals, and their correlation at lag 1. */
export function mapIntervals(map: MarkovianArrivals): { readonly scv: number; readonly lag1: number } {
  const m = map.d0.length;
  const rest = inverse(Matrix.mul(matrix(map.d0), -1));
  const p = rest.mmul(matrix(map.d1));
  const pi = Matrix.rowVector(stationaryDistribution(mapGenerator(map)));
  const rate = mapRateRps(map);
  const alpha = pi.mmul(matrix(map.d1)).mul(1 / rate);
  const ones = Matrix.ones(m, 1);
  const second = 2 * alpha.mmul(rest).mmul(rest).mmul(ones).get(0, 0);
  const product = alpha.mmul(rest).mmul(p).mmul(rest).mmul(ones).get(0, 0);
  const mean = 1 / rate;
  const variance = second - mean * mean;
  return { scv: variance / (mean * mean), lag1: (product - mean * mean) / variance };
}
