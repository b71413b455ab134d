// One server that takes up to b of those who wait, at once: M/M^[1,b]/1 in full, M/D^[1,b]/1 in the mean.
//
// A free server takes whoever comes; a busy one, when done, takes min(waiting, b), however long the batch lasted.
// M/M: with n waiting behind a busy server p_n = A r^n, where r in (0, 1) solves  μ r^{b+1} - (λ + μ) r + λ = 0;
//   who finds n waiting waits for ⌊n/b⌋ + 1 services, a geometric sum of exponentials, so that
//   P(W > x) = P(busy) e^{-μ(1 - r^b) x}.   P(idle) = μ A/λ,  A (μ/λ + 1/(1 - r)) = 1.
// M/D: numbers n left at departures form a chain, n' = max(0, n - b) + Poisson(λD) (n = 0: the next comes alone);
//   mean number waiting over a cycle: D max(0, n - b) + λ D²/2 over a length of D (+ 1/λ where n = 0).
// Sources: N. Bailey 1954; M. Neuts, "A general class of bulk queues with Poisson input", 1967;
//          D. Gross, C. Harris, "Fundamentals of Queueing Theory", §3.2 (partial batches).

import { Matrix, solve } from "ml-matrix";
import { poissonLogProbability } from "../math/index.ts";
import { type QueueResult, quantileOf } from "./queue-result.ts";

/** The root in (0, 1) of μ r^{b+1} - (λ + μ) r + λ, for λ < b μ. */
function queueRatio(rateRps: number, serviceS: number, maxBatch: number): number {
  const load = rateRps * serviceS;
  const f = (r: number): number => r ** (maxBatch + 1) - (load + 1) * r + load;
  let low = 0;
  // f falls from λ at 0 to its least value, between the root sought and the one at 1.
  let high = ((load + 1) / (maxBatch + 1)) ** (1 / maxBatch);
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (f(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * M/M^[1,b]/1 in equilibrium: exponential service of mean `serviceS` whatever the batch.
 * @param maxBatch b, at least 1
 */
export function bulkService(rateRps: number, serviceS: number, maxBatch: number): QueueResult {
  const load = rateRps * serviceS;
  const stable = load < maxBatch;
  const r = stable ? queueRatio(rateRps, serviceS, maxBatch) : 1;
  const scale = stable ? 1 / (1 / load + 1 / (1 - r)) : 0;
  const busy = stable ? scale / (1 - r) : 1;
  const rate = (1 - r ** maxBatch) / serviceS;
  const meanWaitS = stable ? busy / rate : Number.POSITIVE_INFINITY;
  const waitCdf = (x: number): number => (stable && x >= 0 ? 1 - busy * Math.exp(-rate * x) : 0);
  // Response: service, plus an independent wait that is 0 or exponential.
  const responseCdf = (x: number): number => {
    if (!stable || x < 0) return 0;
    const mu = 1 / serviceS;
    const apart = mu - rate;
    const both =
      apart < 1e-9 * mu ? mu * x * Math.exp(-mu * x) : (mu * Math.exp(-rate * x) * -Math.expm1(-apart * x)) / apart;
    return 1 - Math.exp(-mu * x) - busy * both;
  };
  return {
    stable,
    utilization: busy,
    waits: busy,
    meanWaitS,
    meanResponseS: meanWaitS + serviceS,
    lost: 0,
    waitCdf,
    responseCdf,
    waitQuantileS: (q) => (q <= 1 - busy ? 0 : quantileOf(waitCdf, q, serviceS)),
    responseQuantileS: (q) => quantileOf(responseCdf, q, serviceS),
  };
}

/** Numbers left at departures beyond which their probability is neglected, in standard deviations of arrivals. */
const TAIL_SPREAD = 12;

/** Probabilities of the number left behind at a departure, shape [numbers]. */
function leftAtDepartures(load: number, maxBatch: number): number[] {
  const spare = 1 - load / maxBatch;
  // The queue's tail is geometric with a ratio of about 1 - 2 spare (b/load): take it down to 1e-12.
  const tail = Math.ceil((28 * (load + 1)) / (2 * spare * maxBatch));
  const size = Math.min(3000, Math.ceil(maxBatch + load + TAIL_SPREAD * Math.sqrt(load + 1)) + tail + 20);
  const a = Array.from({ length: size }, (_, k) => Math.exp(poissonLogProbability(k, load)));
  const system = Matrix.eye(size, size, -1);
  for (let n = 0; n < size; n++) {
    const kept = Math.max(0, n - maxBatch);
    for (let next = kept; next < size; next++) {
      system.set(next, n, system.get(next, n) + (a[next - kept] ?? 0));
    }
  }
  for (let n = 0; n < size; n++) system.set(size - 1, n, 1);
  const right = Matrix.zeros(size, 1);
  right.set(size - 1, 0, 1);
  return solve(system, right).to1DArray();
}

/**
 * Mean wait in M/D^[1,b]/1: every batch is served in exactly `serviceS`.
 * @param maxBatch b, at least 1
 */
export function bulkConstantServiceWaitS(rateRps: number, serviceS: number, maxBatch: number): number {
  const load = rateRps * serviceS;
  if (load >= maxBatch) return Number.POSITIVE_INFINITY;
  if (load === 0) return 0;
  const left = leftAtDepartures(load, maxBatch);
  let waitingTime = 0;
  let cycleS = 0;
  left.forEach((share, n) => {
    waitingTime += share * serviceS * (Math.max(0, n - maxBatch) + load / 2);
    cycleS += share * (serviceS + (n === 0 ? 1 / rateRps : 0));
  });
  return waitingTime / cycleS / rateRps;
}
