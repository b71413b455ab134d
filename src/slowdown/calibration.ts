// What a search learns about itself: how far its surprises spread, how noisy a window is, and whether its promises hold.
//
// spread   τ² = decayed mean of w·min(1, (y - μ)²/v) over first visits
// noise    of a window's log latency at slope T': (.02² + ν²·T'²)^½; ν² from repeats, squared errors over squared slopes
// promises r = (trust + Σ kept)/(trust + Σ promised): the share of an expected gain that may be believed

import { z } from "zod";

/** Decay of the spread's statistics per first visit, and the visits the first guess counts for. */
const SPREAD_DECAY = 0.95;
const SPREAD_PRIOR = 4;

/** First guess of ν, the repeats it counts for, and the noise that is left where latency does not depend on slowdown. */
const REPEAT_NOISE = 0.02;
const REPEAT_PRIOR = 2;
const LEAST_NOISE = 0.02;

/** A single promise counts for at most this. */
const LARGEST_PROMISE = 0.3;

const ratioSchema = z.object({ sum: z.number(), count: z.number() });

/** JSON form of what was learnt. */
export const calibrationSchema = z.object({
  spread: ratioSchema,
  repeats: ratioSchema,
  outlier: z.object({ error: z.number(), count: z.number(), slope: z.number() }).nullable(),
  promised: z.number(),
  kept: z.number(),
});

/** What a repeat showed. */
interface Repeated {
  /** Of its log latency from the mean of the windows before. */
  readonly error: number;
  /** Windows before. */
  readonly count: number;
  readonly slope: number;
}

/** The state of the calibration of one search. */
export class Calibration {
  readonly #tau0: number;
  readonly #trust: number;
  #spread: { sum: number; count: number };
  #repeats = { sum: REPEAT_PRIOR * REPEAT_NOISE ** 2, count: REPEAT_PRIOR };
  /** A repeat of which it is not known whether it is noise. */
  #outlier: Repeated | null = null;
  #promised = 0;
  #kept = 0;

  /** @param tau0 first guess of the spread; @param trust promised gain that counts as kept beforehand */
  constructor(tau0: number, trust: number) {
    this.#tau0 = tau0;
    this.#trust = trust;
    this.#spread = this.#firstSpread();
  }

  /** Variance of the residual where nothing is known. */
  get spread2(): number {
    return this.#spread.sum / this.#spread.count;
  }

  /** Learns from a first visit. @param doubt of the estimate before it, in (0, 1] */
  surprised(error: number, doubt: number, weight: number): void {
    this.#spread.sum = SPREAD_DECAY * this.#spread.sum + weight * Math.min(1, error ** 2 / doubt);
    this.#spread.count = SPREAD_DECAY * this.#spread.count + weight;
  }

  /** Variance of one window's log latency. */
  windowNoise2(slope: number): number {
    return LEAST_NOISE ** 2 + (slope * slope * this.#repeats.sum) / this.#repeats.count;
  }

  /**
   * Learns from a repeat.
   * @param repeat the error of its log latency from the mean of the `count` windows before, and the slope there
   * @param suspicious it may show that the system changed: it counts as noise only if the next repeat is not suspicious
   */
  repeated(repeat: Repeated, suspicious: boolean): void {
    if (this.#outlier !== null) this.#learnNoise(this.#outlier);
    this.#outlier = suspicious ? repeat : null;
    if (!suspicious) this.#learnNoise(repeat);
  }

  #learnNoise({ error, count, slope }: Repeated): void {
    const squared = (error * error * count) / (count + 1) - LEAST_NOISE ** 2;
    const information = Math.min(1, slope * slope);
    this.#repeats.sum += Math.max(0, squared) * (information / (slope * slope));
    this.#repeats.count += information;
  }

  /** Share of an expected gain that may be believed. */
  get belief(): number {
    return (this.#trust + this.#kept) / (this.#trust + this.#promised);
  }

  /** Learns what became of a promised gain. */
  promiseEnded(promised: number, kept: number): void {
    const promise = Math.min(LARGEST_PROMISE, promised);
    this.#promised += promise;
    this.#kept += Math.min(promise, Math.max(0, kept));
  }

  /** The system changed: surprises start anew, and the last outlier was none. */
  forgetSurprises(): void {
    this.#outlier = null;
    this.#spread = this.#firstSpread();
  }

  /** A new load: old promises say little. */
  forgetPromises(): void {
    this.#promised = 0;
    this.#kept = 0;
  }

  #firstSpread(): { sum: number; count: number } {
    return { sum: SPREAD_PRIOR * this.#tau0 ** 2, count: SPREAD_PRIOR };
  }

  save(): z.input<typeof calibrationSchema> {
    return {
      spread: { ...this.#spread },
      repeats: { ...this.#repeats },
      outlier: this.#outlier,
      promised: this.#promised,
      kept: this.#kept,
    };
  }

  restore(saved: z.infer<typeof calibrationSchema>): void {
    this.#spread = { ...saved.spread };
    this.#repeats = { ...saved.repeats };
    this.#outlier = saved.outlier;
    this.#promised = saved.promised;
    this.#kept = saved.kept;
  }
}
