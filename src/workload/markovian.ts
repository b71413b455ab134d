// Markovian arrivals: Markov-modulated Poisson processes of n phases, and general MAPs (D0, D1).
//
// MMPP: stay in phase i for an exponential time, arrive at rate λ_i meanwhile; the next phase by jump probabilities.
// MAP:  stay for Exp(-D0_ii), then take a transition in proportion to its rate; those of D1 are arrivals.
// Both start in the stationary distribution of the phases, so the rate is constant in time.
// Source: W. Fischer, K. Meier-Hellstern, "The Markov-modulated Poisson process cookbook", Perf. Eval. 1993.

import type { Random } from "../core/index.ts";
import type { MarkovianArrivals } from "../math/index.ts";
import { exponential, mapGenerator, mapRateRps, mmpp, stationaryDistribution } from "../math/index.ts";
import type { ArrivalSource, Workload } from "./workload.ts";

function drawIndex(weights: ArrayLike<number>, from: number, count: number, u: number): number {
  let rest = u;
  for (let i = 0; i < count - 1; i++) {
    rest -= weights[from + i] ?? 0;
    if (rest < 0) return i;
  }
  return count - 1;
}

class MmppSource implements ArrivalSource {
  readonly #random: Random;
  readonly #phases: number;
  readonly #gapS: Float64Array; // [phases]
  readonly #stayS: Float64Array; // [phases]
  readonly #jumps: Float64Array; // [phases, phases]
  readonly #endS: number;
  #timeS = 0;
  #phase: number;
  #leaveS: number;

  constructor(random: Random, map: MarkovianArrivals, endS: number) {
    const m = map.d0.length;
    const rate = (i: number): number => map.d1[i]?.[i] ?? 0;
    const leave = (i: number): number => -(map.d0[i]?.[i] ?? 0) - rate(i);
    this.#random = random;
    this.#phases = m;
    this.#gapS = Float64Array.from(map.d1, (_, i) => 1 / rate(i));
    this.#stayS = Float64Array.from(map.d0, (_, i) => (m === 1 ? Infinity : 1 / leave(i)));
    this.#jumps = Float64Array.from({ length: m * m }, (_, k) => {
      const i = Math.floor(k / m);
      return i === k % m ? 0 : (map.d0[i]?.[k % m] ?? 0) / leave(i);
    });
    this.#endS = endS;
    this.#phase = drawIndex(stationaryDistribution(mapGenerator(map)), 0, m, random.next());
    this.#leaveS = (this.#stayS[this.#phase] ?? 0) * exponential(random);
  }

  fill(times: Float64Array): number {
    const random = this.#random;
    const endS = this.#endS;
    let timeS = this.#timeS;
    let leaveS = this.#leaveS;
    let gapS = this.#gapS[this.#phase] ?? 0;
    let filled = 0;
    while (filled < times.length) {
      const next = timeS + gapS * exponential(random);
      if (next < leaveS) {
        timeS = next;
        if (timeS >= endS) break;
        times[filled++] = timeS;
      } else {
        timeS = leaveS;
        if (timeS >= endS) break;
        this.#phase = drawIndex(this.#jumps, this.#phase * this.#phases, this.#phases, random.next());
        gapS = this.#gapS[this.#phase] ?? 0;
        leaveS = timeS + (this.#stayS[this.#phase] ?? 0) * exponential(random);
      }
    }
    this.#timeS = timeS;
    this.#leaveS = leaveS;
    return filled;
  }
}

class MapSource implements ArrivalSource {
  readonly #random: Random;
  readonly #phases: number;
  readonly #stayS: Float64Array; // [phases]
  /** Probability of each transition, those without an arrival first; shape [phases, 2 · phases]. */
  readonly #transitions: Float64Array;
  readonly #endS: number;
  #timeS = 0;
  #phase: number;

  constructor(random: Random, map: MarkovianArrivals, endS: number) {
    const m = map.d0.length;
    const total = (i: number): number => -(map.d0[i]?.[i] ?? 0);
    this.#random = random;
    this.#phases = m;
    this.#stayS = Float64Array.from(map.d0, (_, i) => 1 / total(i));
    this.#transitions = Float64Array.from({ length: 2 * m * m }, (_, k) => {
      const i = Math.floor(k / (2 * m));
      const j = k % (2 * m);
      if (j === i) return 0;
      return ((j < m ? map.d0[i]?.[j] : map.d1[i]?.[j - m]) ?? 0) / total(i);
    });
    this.#endS = endS;
    this.#phase = drawIndex(stationaryDistribution(mapGenerator(map)), 0, m, random.next());
  }

  fill(times: Float64Array): number {
    const random = this.#random;
    const m = this.#phases;
    let timeS = this.#timeS;
    let phase = this.#phase;
    let filled = 0;
    while (filled < times.length) {
      timeS += (this.#stayS[phase] ?? 0) * exponential(random);
      if (timeS >= this.#endS) break;
      const transition = drawIndex(this.#transitions, phase * 2 * m, 2 * m, random.next());
      if (transition < m) {
        phase = transition;
      } else {
        phase = transition - m;
        times[filled++] = timeS;
      }
    }
    this.#timeS = timeS;
    this.#phase = phase;
    return filled;
  }
}

/**
 * Arrivals of a Markov-modulated Poisson process.
 * @param ratesRps rate in each phase, ≥ 0, shape [phases]
 * @param meanSojournS mean stay in each phase, > 0, shape [phases]
 * @param jumps probability of the next phase, shape [phases, phases]; every other phase alike when absent
 */
export function markovModulated(
  ratesRps: readonly number[],
  meanSojournS: readonly number[],
  durationS: number,
  jumps?: readonly (readonly number[])[],
): Workload {
  const map = mmpp(ratesRps, meanSojournS, jumps);
  const meanRateRps = mapRateRps(map);
  return {
    name: "mmpp",
    durationS,
    meanRateRps,
    excluded: [],
    open: (random) => new MmppSource(random, map, durationS),
    rateRps: () => meanRateRps,
  };
}

/** Arrivals of a Markovian arrival process whose phases are irreducible. */
export function markovian(map: MarkovianArrivals, durationS: number): Workload {
  const meanRateRps = mapRateRps(map);
  return {
    name: "map",
    durationS,
    meanRateRps,
    excluded: [],
    open: (random) => new MapSource(random, map, durationS),
    rateRps: () => meanRateRps,
  };
}
