// Renewal arrivals: independent gaps from one gamma or Weibull distribution, begun in equilibrium.
//
// gap = scale · X with X ~ Gamma(k) or Weibull(k);   the first is the rest of the gap that covers the start,
// uniform within a length-biased gap: Gamma(k+1) for gamma; Y^(1/k), Y ~ Gamma(1 + 1/k), for Weibull.
// Source: D. Cox, Renewal Theory, 1962, §5.4. The equilibrium start makes the rate constant from time 0 on.

import type { Random } from "../core/index.ts";
import { gamma, logGamma, weibull } from "../math/index.ts";
import type { ArrivalSource, Workload } from "./workload.ts";

/** Families of inter-arrival times. */
export type GapFamily = "gamma" | "weibull";

function weibullScv(shape: number): number {
  return Math.exp(logGamma(1 + 2 / shape) - 2 * logGamma(1 + 1 / shape)) - 1;
}

/** Shape whose distribution has the given coefficient of variation (0.05 to 50 for Weibull). */
export function shapeOfCv(family: GapFamily, cv: number): number {
  if (family === "gamma") return 1 / (cv * cv);
  let low = 0.05;
  let high = 50;
  for (let i = 0; i < 100; i++) {
    const middle = Math.sqrt(low * high);
    if (weibullScv(middle) > cv * cv) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}

/** Mean of the distribution with scale 1. */
export function unitMean(family: GapFamily, shape: number): number {
  return family === "gamma" ? shape : Math.exp(logGamma(1 + 1 / shape));
}

/** One gap of the distribution with scale 1. */
export function drawGap(random: Random, family: GapFamily, shape: number): number {
  return family === "gamma" ? gamma(random, shape) : weibull(random, shape);
}

/** Time from a moment in equilibrium to the next arrival, with scale 1. */
export function drawResidual(random: Random, family: GapFamily, shape: number): number {
  const covering = family === "gamma" ? gamma(random, shape + 1) : gamma(random, 1 + 1 / shape) ** (1 / shape);
  return covering * random.next();
}

class RenewalSource implements ArrivalSource {
  readonly #random: Random;
  readonly #family: GapFamily;
  readonly #shape: number;
  readonly #scaleS: number;
  readonly #endS: number;
  #nextS: number;

  constructor(random: Random, family: GapFamily, shape: number, rateRps: number, endS: number) {
    this.#random = random;
    this.#family = family;
    this.#shape = shape;
    this.#scaleS = 1 / (rateRps * unitMean(family, shape));
    this.#endS = endS;
    this.#nextS = this.#scaleS * drawResidual(random, family, shape);
  }

  fill(times: Float64Array): number {
    let nextS = this.#nextS;
    let filled = 0;
    while (filled < times.length && nextS < this.#endS) {
      times[filled++] = nextS;
      nextS += this.#scaleS * drawGap(this.#random, this.#family, this.#shape);
    }
    this.#nextS = nextS;
    return filled;
  }
}

/** Renewal arrivals of a rate (> 0) whose gaps have the given coefficient of variation (> 0). */
export function renewal(family: GapFamily, rateRps: number, cv: number, durationS: number): Workload {
  const shape = shapeOfCv(family, cv);
  return {
    name: `renewal ${family}`,
    durationS,
    meanRateRps: rateRps,
    excluded: [],
    open: (random) => new RenewalSource(random, family, shape, rateRps, durationS),
    rateRps: () => rateRps,
  };
}
