// M/D/c, exactly: Poisson arrivals, constant service, c servers, one queue.
//
// a_k = Poisson(k; λD). Whoever is in service now is gone D later, so for the number in the system
//   p_j = a_j (p_0 + … + p_c) + a_{j-1} p_{c+1} + … + a_0 p_{c+j},
// solved with the tail p_j = p_M τ^{-(j-M)}, τ > 1 the root of z^c = e^{λD(z - 1)}, which is exact for M → ∞.
//   P(W ≤ x) = Σ_{i<kc} Q_{kc-1-i} e^{-u} u^i/i!,   u = λ(kD - x), (k-1)D ≤ x < kD, Q_n = P(at most n wait)
// Sources: C. Crommelin 1932; H. Tijms, "A First Course in Stochastic Models", 2003, §9.6.2 (tail);
//          G. Franx, "A simple solution for the M/D/c waiting time distribution", Oper. Res. Letters 2001 (wait).

import { Matrix, solve } from "ml-matrix";
import { poissonLogProbability } from "../math/index.ts";
import { type QueueResult, quantileOf } from "./queue-result.ts";

function poissonProbability(count: number, mean: number): number {
  if (mean === 0) return count === 0 ? 1 : 0;
  return Math.exp(poissonLogProbability(count, mean));
}

/** The root above 1 of c ln z = load (z - 1). */
function tailRatio(servers: number, load: number): number {
  const f = (z: number): number => servers * Math.log(z) - load * (z - 1);
  let low = servers / load;
  let high = 2 * low;
  while (f(high) > 0) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (f(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

interface Numbers {
  /** Probability of each number in the system below the tail, shape [M + 1]. */
  readonly p: readonly number[];
  readonly tau: number;
}

/** Where the tail begins: the neglected terms fall faster than τ, so that a few service times of arrivals are enough. */
function tailFrom(servers: number, load: number): number {
  return Math.ceil(3 * servers + load + 8 * Math.sqrt(load + 4) + 20);
}

function numbersInSystem(servers: number, load: number): Numbers {
  const tau = tailRatio(servers, load);
  const last = tailFrom(servers, load);
  const a = Array.from({ length: last + servers + 1 }, (_, k) => poissonProbability(k, load));
  const at = (k: number): number => a[k] ?? 0;
  const system = new Matrix(last + 1, last + 1);
  for (let j = 0; j <= last; j++) {
    system.set(j, j, -1);
    for (let i = 0; i <= servers + j; i++) {
      const rate = at(i <= servers ? j : j + servers - i);
      const column = Math.min(i, last);
      const share = i > last ? tau ** (last - i) : 1;
      system.set(j, column, system.get(j, column) + rate * share);
    }
  }
  // The last equation gives way to the probabilities' sum of 1.
  for (let i = 0; i <= last; i++) system.set(last, i, i === last ? 1 + 1 / (tau - 1) : 1);
  const right = Matrix.zeros(last + 1, 1);
  right.set(last, 0, 1);
  return { p: solve(system, right).to1DArray(), tau };
}

/** Q_n for n from 0 on: the probability that at most n wait. */
class WaitingNumbers {
  readonly #cumulative: number[];
  readonly #tailMass: number;
  readonly #tau: number;
  readonly meanWaiting: number;

  constructor(servers: number, { p, tau }: Numbers) {
    const last = p.length - 1;
    let sum = 0;
    this.#cumulative = [];
    let mean = 0;
    for (let j = 0; j <= last; j++) {
      sum += p[j] ?? 0;
      mean += Math.max(0, j - servers) * (p[j] ?? 0);
      if (j >= servers) this.#cumulative.push(sum);
    }
    const lastP = p[last] ?? 0;
    // Beyond the last: Σ_{k≥1} (last + k - c) p_last τ^{-k}
    this.meanWaiting = mean + lastP * ((last - servers) / (tau - 1) + tau / (tau - 1) ** 2);
    this.#tailMass = lastP / (tau - 1);
    this.#tau = tau;
  }

  atMost(n: number): number {
    const known = this.#cumulative[n];
    if (known !== undefined) return known;
    return 1 - this.#tailMass * this.#tau ** -(n - this.#cumulative.length + 1);
  }
}

/**
 * M/D/c in equilibrium, to about 1e-9.
 * @param serviceS the service time, > 0
 */
export function mdc(rateRps: number, serviceS: number, servers: number): QueueResult {
  const load = rateRps * serviceS;
  const stable = load < servers;
  if (!stable || load === 0) {
    const forever = stable ? 0 : Number.POSITIVE_INFINITY;
    return {
      stable,
      utilization: Math.min(1, load / servers),
      waits: stable ? 0 : 1,
      meanWaitS: forever,
      meanResponseS: serviceS + forever,
      lost: 0,
      waitCdf: (x) => (stable && x >= 0 ? 1 : 0),
      responseCdf: (x) => (stable && x >= serviceS ? 1 : 0),
      waitQuantileS: () => forever,
      responseQuantileS: () => serviceS + forever,
    };
  }
  const numbers = new WaitingNumbers(servers, numbersInSystem(servers, load));
  const meanWaitS = numbers.meanWaiting / rateRps;
  const waitCdf = (x: number): number => {
    if (x < 0) return 0;
    const k = Math.floor(x / serviceS) + 1;
    const u = rateRps * (k * serviceS - x);
    const most = k * servers - 1;
    let sum = 0;
    for (let i = 0; i <= most; i++) sum += numbers.atMost(most - i) * poissonProbability(i, u);
    return Math.min(1, sum);
  };
  const atOnce = waitCdf(0);
  const waitQuantileS = (q: number): number => (q <= atOnce ? 0 : quantileOf(waitCdf, q, serviceS));
  return {
    stable,
    utilization: load / servers,
    waits: 1 - atOnce,
    meanWaitS,
    meanResponseS: meanWaitS + serviceS,
    lost: 0,
    waitCdf,
    responseCdf: (x) => waitCdf(x - serviceS),
    waitQuantileS,
    responseQuantileS: (q) => waitQuantileS(q) + serviceS,
  };
}
