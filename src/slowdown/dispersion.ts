// How much arrivals come in bursts, from the rates of a window's sub-intervals.
//
// I = Σ (n_j - n̄)²/n̄ / Σ (intervals - 1) over whole windows, 1 for Poisson arrivals;  a window of N requests then has a
// rate whose log strays by sqrt(I/N) from the load's

import { z } from "zod";

/** Intervals that Poisson's index counts for beforehand. */
const PRIOR_INTERVALS = 4;

/** JSON form of the estimate. */
export const dispersionSchema = z.object({ sum: z.number(), intervals: z.number() });

/** The index of dispersion of one load's arrivals, at the time scale of sub-intervals. */
export class Dispersion {
  #sum = PRIOR_INTERVALS;
  #intervals = PRIOR_INTERVALS;

  /** Takes the rates of a whole window's equal sub-intervals. */
  observe(ratesRps: readonly number[], durationS: number): void {
    const counts = ratesRps.map((rate) => (rate * durationS) / ratesRps.length);
    const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
    if (counts.length < 2 || !(mean > 0)) return;
    this.#sum += counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / mean;
    this.#intervals += counts.length - 1;
  }

  /** At least Poisson's. */
  get index(): number {
    return Math.max(1, this.#sum / this.#intervals);
  }

  save(): z.input<typeof dispersionSchema> {
    return { sum: this.#sum, intervals: this.#intervals };
  }

  restore(saved: z.infer<typeof dispersionSchema>): void {
    this.#sum = saved.sum;
    this.#intervals = saved.intervals;
  }
}
