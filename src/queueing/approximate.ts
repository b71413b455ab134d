// One server with any service time, and several with any arrivals: exact means where known, else the usual approximations.
//
// M/G/1 (Pollaczek-Khinchine):  E W = λ E S²/(2 (1 - ρ));   E W² = 2 (E W)² + λ E S³/(3 (1 - ρ))
// G/G/c (Allen-Cunneen):        E W ≈ (ca² + cs²)/2 · E W(M/M/c)
// G/G/c (Sakasegawa):           E W ≈ (ca² + cs²)/2 · ρ^{√(2(c+1)) - 1}/(c (1 - ρ)) · s
// Sources: F. Pollaczek 1930; L. Takács 1962; A. Allen 1990; H. Sakasegawa 1977.

import { mmc } from "./mmc.ts";

/** Moments of a wait in equilibrium; infinite where it grows without end. */
export interface WaitMoments {
  readonly meanS: number;
  readonly varianceS2: number;
}

/**
 * Wait in M/G/1, exactly.
 * @param serviceMoments first three moments of the service time: E S, E S², E S³
 */
export function mg1(rateRps: number, serviceMoments: readonly [number, number, number]): WaitMoments {
  const [first, second, third] = serviceMoments;
  const spare = 1 - rateRps * first;
  if (spare <= 0) return { meanS: Number.POSITIVE_INFINITY, varianceS2: Number.POSITIVE_INFINITY };
  const meanS = (rateRps * second) / (2 * spare);
  const squareS2 = 2 * meanS * meanS + (rateRps * third) / (3 * spare);
  return { meanS, varianceS2: squareS2 - meanS * meanS };
}

/** Mean wait in G/G/c after Allen and Cunneen; exact for M/M/c and M/G/1. `scv` are squared variations. */
export function allenCunneenS(
  rateRps: number,
  serviceS: number,
  servers: number,
  arrivalScv: number,
  serviceScv: number,
): number {
  return ((arrivalScv + serviceScv) / 2) * mmc(rateRps, serviceS, servers).meanWaitS;
}

/** Mean wait in G/G/c after Sakasegawa, in one expression that takes any real number of servers ≥ 1. */
export function sakasegawaS(
  rateRps: number,
  serviceS: number,
  servers: number,
  arrivalScv: number,
  serviceScv: number,
): number {
  const load = (rateRps * serviceS) / servers;
  if (load >= 1) return Number.POSITIVE_INFINITY;
  const waiting = load ** (Math.sqrt(2 * (servers + 1)) - 1) / (servers * (1 - load));
  return ((arrivalScv + serviceScv) / 2) * waiting * serviceS;
}
