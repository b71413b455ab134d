// Arrivals of a trace: counts spread over their bins, or arrival times as they were.
//
// counts: n arrivals of a bin fall on n independent uniforms in it, drawn in order from n + 1 exponential spacings.
// scale:  a count c becomes ⌊c·scale⌋, plus one with the fraction's probability; a request is copied or left out
//         likewise, copies falling uniformly between it and the next.

import type { Random } from "../../core/index.ts";
import { exponential } from "../../math/index.ts";
import type { ArrivalSource } from "../workload.ts";

/** A stretch of a trace, and what its number of requests is multiplied by. */
export interface Cut {
  readonly startS: number;
  readonly durationS: number;
  readonly scale: number;
}

/** Arrivals of counts per bin, as many as were counted. */
export class CountSource implements ArrivalSource {
  readonly #random: Random;
  readonly #counts: ArrayLike<number>;
  readonly #binS: number;
  readonly #cut: Cut;
  readonly #spacings: Float64Array;
  #bin: number;
  #left = 0;
  #drawn = 0;
  #total = 1;
  #sum = 0;

  constructor(random: Random, counts: ArrayLike<number>, largest: number, binS: number, cut: Cut) {
    this.#random = random;
    this.#counts = counts;
    this.#binS = binS;
    this.#cut = cut;
    this.#spacings = new Float64Array(Math.ceil(largest * cut.scale) + 2);
    this.#bin = Math.floor(cut.startS / binS) - 1;
  }

  #enterBin(): void {
    this.#bin++;
    const scaled = (this.#counts[this.#bin] ?? 0) * this.#cut.scale;
    const whole = Math.floor(scaled);
    const count = scaled > whole && this.#random.next() < scaled - whole ? whole + 1 : whole;
    let total = 0;
    for (let i = 0; i <= count; i++) {
      const spacing = exponential(this.#random);
      this.#spacings[i] = spacing;
      total += spacing;
    }
    this.#left = count;
    this.#drawn = 0;
    this.#sum = 0;
    this.#total = total;
  }

  fill(times: Float64Array): number {
    const { startS, durationS } = this.#cut;
    let filled = 0;
    while (filled < times.length) {
      if (this.#left === 0) {
        if ((this.#bin + 1) * this.#binS >= startS + durationS || this.#bin + 1 >= this.#counts.length) break;
        this.#enterBin();
        continue;
      }
      this.#left--;
      this.#sum += this.#spacings[this.#drawn++] ?? 0;
      const timeS = (this.#bin + this.#sum / this.#total) * this.#binS - startS;
      if (timeS >= 0 && timeS < durationS) times[filled++] = timeS;
    }
    return filled;
  }
}

/** Position of the first time that is not earlier. */
export function firstAtOrAfter(timesS: Float64Array, timeS: number): number {
  let low = 0;
  let high = timesS.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((timesS[middle] ?? Infinity) < timeS) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Arrivals at recorded times. */
export class TimesSource implements ArrivalSource {
  readonly #random: Random;
  readonly #timesS: Float64Array;
  readonly #startS: number;
  readonly #endS: number;
  readonly #scale: number;
  #index: number;
  #copies = 0;
  #atS = 0;

  constructor(random: Random, timesS: Float64Array, cut: Cut) {
    this.#random = random;
    this.#timesS = timesS;
    this.#startS = cut.startS;
    this.#endS = cut.startS + cut.durationS;
    this.#scale = cut.scale;
    this.#index = firstAtOrAfter(timesS, cut.startS) - 1;
  }

  fill(times: Float64Array): number {
    const random = this.#random;
    let filled = 0;
    while (filled < times.length) {
      if (this.#copies === 0) {
        if (this.#index + 1 >= this.#timesS.length) break;
        this.#atS = this.#timesS[++this.#index] ?? Infinity;
        const whole = Math.floor(this.#scale);
        this.#copies = this.#scale > whole && random.next() < this.#scale - whole ? whole + 1 : whole;
        if (this.#copies === 0) continue;
      } else {
        const nextS = this.#timesS[this.#index + 1] ?? this.#atS;
        this.#atS += (nextS - this.#atS) * -Math.expm1(-exponential(random) / this.#copies);
      }
      this.#copies--;
      if (this.#atS >= this.#endS) break;
      times[filled++] = this.#atS - this.#startS;
    }
    return filled;
  }
}
