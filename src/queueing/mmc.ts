// M/M/c: exponential gaps and service, c servers, one queue; with or without a limit on those in the system.
//
// a = λ s,  B(n) = a B(n-1)/(n + a B(n-1)),  C = B/(1 - ρ(1 - B)),  ρ = a/c
// wait:      P(W > x) = C e^{-(c - a) x/s},           E W = C s/(c - a)
// response:  P(R > x) = e^{-x/s} + C (e^{-(c-a)x/s} - e^{-x/s})/(1 - (c - a)),   limit (1 + C x/s) e^{-x/s} at c - a = 1
// M/M/c/K:   p_n ~ a^n/n! (n <= c), then times ρ per customer; an arrival that finds K is lost; who finds n ≥ c waits
//   for k = n - c + 1 phases of rate c/s:  P(R > x) = Q(k, c u) + e^{-u} (c/(c-1))^k P(k, (c-1) u),  u = x/s
// Sources: A. K. Erlang 1917; D. Gross, C. Harris, "Fundamentals of Queueing Theory", ch. 2.

import { gammaP, gammaQ } from "../math/index.ts";
import { type QueueResult, quantileOf } from "./queue-result.ts";

/** Erlang's loss formula: share of arrivals blocked with `servers` servers and `offered` erlangs, both ≥ 0. */
export function erlangB(servers: number, offered: number): number {
  let blocked = 1;
  for (let n = 1; n <= servers; n++) blocked = (offered * blocked) / (n + offered * blocked);
  return blocked;
}

/** Erlang's delay formula: share of arrivals that wait; 1 where the offered load is `servers` or more. */
export function erlangC(servers: number, offered: number): number {
  if (offered >= servers) return 1;
  const blocked = erlangB(servers, offered);
  return blocked / (1 - (offered / servers) * (1 - blocked));
}

/**
 * M/M/c in equilibrium.
 * @param rateRps arrivals per second, ≥ 0
 * @param serviceS mean service time, > 0
 */
export function mmc(rateRps: number, serviceS: number, servers: number): QueueResult {
  const offered = rateRps * serviceS;
  const spare = servers - offered;
  const stable = spare > 0;
  const waits = erlangC(servers, offered);
  const meanWaitS = stable ? (waits * serviceS) / spare : Number.POSITIVE_INFINITY;
  const waitCdf = (x: number): number => (stable && x >= 0 ? 1 - waits * Math.exp((-spare * x) / serviceS) : 0);
  const responseCdf = (x: number): number => {
    if (!stable || x < 0) return 0;
    const u = x / serviceS;
    const apart = spare - 1;
    const mixed = Math.abs(apart) < 1e-9 ? u : -Math.expm1(-apart * u) / apart;
    return 1 - Math.exp(-u) * (1 + waits * mixed);
  };
  return {
    stable,
    utilization: Math.min(1, offered / servers),
    waits,
    meanWaitS,
    meanResponseS: meanWaitS + serviceS,
    lost: 0,
    waitCdf,
    responseCdf,
    waitQuantileS: (q) => (q <= 1 - waits ? 0 : stable ? (serviceS / spare) * Math.log(waits / (1 - q)) : Infinity),
    responseQuantileS: (q) => (stable ? quantileOf(responseCdf, q, serviceS) : Number.POSITIVE_INFINITY),
  };
}

/** P(k phases of rate c and a service of rate 1 together last longer than u). */
function phasesThenService(k: number, c: number, u: number): number {
  if (c === 1) return gammaQ(k + 1, u);
  const within = gammaP(k, (c - 1) * u);
  return gammaQ(k, c * u) + (within === 0 ? 0 : Math.exp(k * Math.log(c / (c - 1)) - u) * within);
}

/**
 * M/M/c/K in equilibrium: no more than `capacity` in the system, others are lost. Waits are of those who enter.
 * @param capacity at least `servers`
 */
export function mmck(rateRps: number, serviceS: number, servers: number, capacity: number): QueueResult {
  const offered = rateRps * serviceS;
  const weights = [1];
  for (let n = 1; n <= capacity; n++) weights.push(((weights[n - 1] ?? 0) * offered) / Math.min(n, servers));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const p = weights.map((weight) => weight / total);
  const lost = p[capacity] ?? 0;
  const entered = 1 - lost;
  const waiting = p.slice(servers, capacity);
  const meanQueue = p.reduce((sum, share, n) => sum + Math.max(0, n - servers) * share, 0);
  const meanWaitS = meanQueue === 0 ? 0 : meanQueue / (rateRps * entered);
  const waits = waiting.reduce((sum, share) => sum + share, 0) / entered;
  // Who finds n ≥ c leaves the queue after n - c + 1 departures at rate c/s.
  const waitCdf = (x: number): number => {
    if (x < 0) return 0;
    const later = waiting.reduce((sum, share, i) => sum + share * (1 - gammaQ(i + 1, (servers * x) / serviceS)), 0);
    return 1 - waits + later / entered;
  };
  const responseCdf = (x: number): number => {
    if (x < 0) return 0;
    const alone = Math.exp(-x / serviceS);
    const later = waiting.reduce((sum, share, i) => sum + share * phasesThenService(i + 1, servers, x / serviceS), 0);
    return 1 - (1 - waits) * alone - later / entered;
  };
  return {
    stable: true,
    utilization: Math.min(1, (offered * entered) / servers),
    waits,
    meanWaitS,
    meanResponseS: meanWaitS + serviceS,
    lost,
    waitCdf,
    responseCdf,
    waitQuantileS: (q) => (q <= 1 - waits ? 0 : quantileOf(waitCdf, q, serviceS)),
    responseQuantileS: (q) => quantileOf(responseCdf, q, serviceS),
  };
}
