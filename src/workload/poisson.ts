// Poisson arrivals: independent exponential gaps of one rate.

import type { Random } from "../core/index.ts";
import { exponential } from "../math/index.ts";
import type { ArrivalSource, Workload } from "./workload.ts";

class PoissonSource implements ArrivalSource {
  readonly #random: Random;
  readonly #gapS: number;
  readonly #endS: number;
  #timeS = 0;

  constructor(random: Random, rateRps: number, endS: number) {
    this.#random = random;
    this.#gapS = 1 / rateRps;
    this.#endS = endS;
  }

  fill(times: Float64Array): number {
    const random = this.#random;
    const gapS = this.#gapS;
    const endS = this.#endS;
    let timeS = this.#timeS;
    let filled = 0;
    while (filled < times.length) {
      timeS += gapS * exponential(random);
      if (timeS >= endS) break;
      times[filled++] = timeS;
    }
    this.#timeS = timeS;
    return filled;
  }
}

/** Poisson arrivals at a constant rate (> 0). */
export function poisson(rateRps: number, durationS: number): Workload {
  return {
    name: "poisson",
    durationS,
    meanRateRps: rateRps,
    excluded: [],
    open: (random) => new PoissonSource(random, rateRps, durationS),
    rateRps: () => rateRps,
  };
}
