// Poisson arrivals whose rate changes with time: a daily rhythm, surges, or measured rates per bin.
//
// Thinning in cells: in a cell where low ≤ λ(t) ≤ high, candidates come at rate `high`;
// one is kept when u·high < λ(t), at once when u·high < low, so that λ(t) is seldom computed.
// Source: P. Lewis, G. Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", 1979, with a squeeze.

import type { Random } from "../core/index.ts";
import { exponential } from "../math/index.ts";
import type { ArrivalSource, Workload } from "./workload.ts";

/** A stretch of time with bounds on the rate; filled in by the curve. */
export interface RateCell {
  endS: number;
  lowRps: number;
  highRps: number;
}

/** A rate over time. */
export interface RateCurve {
  rateRps(timeS: number): number;
  /** Writes the cell that holds `timeS`; its end must be later than `timeS`. */
  cellAt(timeS: number, cell: RateCell): void;
}

class RateCurveSource implements ArrivalSource {
  readonly #random: Random;
  readonly #curve: RateCurve;
  readonly #endS: number;
  readonly #cell: RateCell = { endS: 0, lowRps: 0, highRps: 0 };
  #timeS = 0;

  constructor(random: Random, curve: RateCurve, endS: number) {
    this.#random = random;
    this.#curve = curve;
    this.#endS = endS;
  }

  fill(times: Float64Array): number {
    const random = this.#random;
    const cell = this.#cell;
    let timeS = this.#timeS;
    let filled = 0;
    while (filled < times.length && timeS < this.#endS) {
      if (timeS >= cell.endS) {
        this.#curve.cellAt(timeS, cell);
        if (cell.endS > this.#endS) cell.endS = this.#endS;
      }
      const next = timeS + exponential(random) / cell.highRps;
      if (!(next < cell.endS)) {
        timeS = cell.endS;
        continue;
      }
      timeS = next;
      const level = random.next() * cell.highRps;
      if (level < cell.lowRps || level < this.#curve.rateRps(timeS)) times[filled++] = timeS;
    }
    this.#timeS = timeS;
    return filled;
  }
}

/** Poisson arrivals along a curve. */
export function alongCurve(
  name: string,
  curve: RateCurve,
  meanRateRps: number,
  durationS: number,
  excluded: Workload["excluded"] = [],
): Workload {
  return {
    name,
    durationS,
    meanRateRps,
    excluded,
    open: (random) => new RateCurveSource(random, curve, durationS),
    rateRps: (timeS) => (timeS >= 0 && timeS < durationS ? curve.rateRps(timeS) : 0),
  };
}

/** One wave of a daily rhythm: relative height, length, and the time of its first peak. */
export interface Wave {
  readonly amplitude: number;
  readonly periodS: number;
  readonly peakS: number;
}

/** Cells per shortest period: bounds within 1 % of the mean, so nearly every candidate is settled without λ(t). */
const CELLS_PER_PERIOD = 512;

class Waves implements RateCurve {
  readonly #meanRps: number;
  readonly #waves: readonly Wave[];
  readonly #cellS: number;
  readonly #slackRps: number;

  constructor(meanRps: number, waves: readonly Wave[]) {
    this.#meanRps = meanRps;
    this.#waves = waves;
    this.#cellS = Math.min(...waves.map((wave) => wave.periodS)) / CELLS_PER_PERIOD;
    const steepest = waves.reduce((sum, wave) => sum + (wave.amplitude * 2 * Math.PI) / wave.periodS, 0);
    this.#slackRps = (meanRps * steepest * this.#cellS) / 2;
  }

  rateRps(timeS: number): number {
    let factor = 1;
    for (const wave of this.#waves) {
      factor += wave.amplitude * Math.cos((2 * Math.PI * (timeS - wave.peakS)) / wave.periodS);
    }
    return this.#meanRps * factor;
  }

  cellAt(timeS: number, cell: RateCell): void {
    const index = Math.floor(timeS / this.#cellS);
    cell.endS = (index + 1) * this.#cellS;
    if (!(cell.endS > timeS)) cell.endS = (index + 2) * this.#cellS;
    const middle = this.rateRps(cell.endS - this.#cellS / 2);
    cell.lowRps = middle - this.#slackRps;
    cell.highRps = middle + this.#slackRps;
  }
}

/** λ(t) = mean · (1 + Σ amplitude · cos(2π (t - peak)/period)); amplitudes ≥ 0 sum to at most 1. */
export function diurnal(meanRps: number, waves: readonly Wave[], durationS: number): Workload {
  const share = waves.reduce((sum, wave) => {
    const angular = (2 * Math.PI) / wave.periodS;
    const swing = Math.sin(angular * (durationS - wave.peakS)) - Math.sin(-angular * wave.peakS);
    return sum + (wave.amplitude * swing) / (angular * durationS);
  }, 1);
  return alongCurve("diurnal", new Waves(meanRps, waves), meanRps * share, durationS);
}

/** Rates that are constant within equal bins, such as measured ones. */
export class BinnedRates implements RateCurve {
  readonly #ratesRps: ArrayLike<number>;
  readonly #binS: number;

  /** @param ratesRps rate in each bin from time 0 on, ≥ 0, shape [bins] */
  constructor(ratesRps: ArrayLike<number>, binS: number) {
    this.#ratesRps = ratesRps;
    this.#binS = binS;
  }

  rateRps(timeS: number): number {
    return this.#ratesRps[Math.floor(timeS / this.#binS)] ?? 0;
  }

  cellAt(timeS: number, cell: RateCell): void {
    let index = Math.floor(timeS / this.#binS);
    if (!((index + 1) * this.#binS > timeS)) index++;
    cell.endS = (index + 1) * this.#binS;
    cell.lowRps = this.#ratesRps[index] ?? 0;
    cell.highRps = cell.lowRps;
  }
}

/** Where surges begin, how long each lasts and how high they go. */
export interface Surges {
  readonly baseRps: number;
  /** Rate over the base rate in each surge, taken in turn, ≥ 0. */
  readonly factors: readonly number[];
  readonly surgeS: number;
  /** From the start of one surge to the start of the next; at least `surgeS`. */
  readonly everyS: number;
  readonly firstS: number;
}

class SurgeCurve implements RateCurve {
  readonly #surges: Surges;

  constructor(surges: Surges) {
    this.#surges = surges;
  }

  rateRps(timeS: number): number {
    const { baseRps, factors, surgeS, everyS, firstS } = this.#surges;
    const index = Math.floor((timeS - firstS) / everyS);
    if (index < 0 || timeS >= firstS + index * everyS + surgeS) return baseRps;
    return baseRps * (factors[index % factors.length] ?? 1);
  }

  cellAt(timeS: number, cell: RateCell): void {
    const { surgeS, everyS, firstS } = this.#surges;
    const index = Math.floor((timeS - firstS) / everyS);
    const startS = firstS + index * everyS;
    const edges = [startS, startS + surgeS, startS + everyS, startS + everyS + surgeS];
    cell.endS = index < 0 ? firstS : (edges.find((edge) => edge > timeS) ?? timeS + everyS);
    cell.lowRps = this.rateRps(timeS);
    cell.highRps = cell.lowRps;
  }
}

/** A base rate with sudden surges. */
export function surge(surges: Surges, durationS: number): Workload {
  const curve = new SurgeCurve(surges);
  const cell: RateCell = { endS: 0, lowRps: 0, highRps: 0 };
  let requests = 0;
  for (let timeS = 0; timeS < durationS; timeS = cell.endS) {
    curve.cellAt(timeS, cell);
    requests += cell.lowRps * (Math.min(cell.endS, durationS) - timeS);
  }
  return alongCurve("surge", curve, requests / durationS, durationS);
}
