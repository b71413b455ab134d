// What a fleet remembers of its load: arrivals second by second, for the last days.

import { SLOT_S } from "./features.ts";

/** Arrivals of consecutive slots. */
export interface RecordedLoad {
  readonly slots: number;
  /** Requests of each second, shape [slots × SLOT_S]. */
  readonly counts: Float32Array;
}

/** One observed window. */
export interface ObservedWindow {
  /** At the window's end. */
  readonly timeS: number;
  readonly durationS: number;
  readonly rateRps: number;
  /** Rates of equal sub-intervals, oldest first; may be empty. */
  readonly recentRatesRps: readonly number[];
}

/** A window without a single arrival where this many were to be expected is missing data, not an idle load. */
const MISSING_ABOVE_REQUESTS = 30;

const GROWTH = 86_400;

/** A bounded memory of arrivals; missing data is left out. */
export class RateMemory {
  readonly #capacity: number;
  #counts = new Float32Array(GROWTH);
  #length = 0;
  #dropped = 0;
  #recentRps = 0;
  #lastS = Number.NEGATIVE_INFINITY;

  /** @param days kept */
  constructor(days: number) {
    this.#capacity = Math.round(days * 86_400);
  }

  /** Whole slots remembered. */
  get slots(): number {
    return Math.floor(this.#length / SLOT_S);
  }

  /** Whole slots seen since it was made or restored; of these the last are remembered. */
  get slotsSeen(): number {
    return Math.floor((this.#dropped + this.#length) / SLOT_S);
  }

  /** Whether a window says nothing: no arrivals at all where many were to be expected. */
  missing({ durationS, rateRps }: ObservedWindow): boolean {
    return rateRps === 0 && this.#recentRps * durationS > MISSING_ABOVE_REQUESTS;
  }

  /** Whether a window is another one than the last that was added. */
  isNew({ timeS }: ObservedWindow): boolean {
    return timeS !== this.#lastS;
  }

  /**
   * Adds a window, each second at the rate of its sub-interval.
   * @returns whether it was new: windows already seen and missing data are not added
   */
  add(window: ObservedWindow): boolean {
    if (!this.isNew(window)) return false;
    this.#lastS = window.timeS;
    if (this.missing(window)) return false;
    const seconds = Math.round(window.durationS);
    const rates = window.recentRatesRps;
    for (let second = 0; second < seconds; second++) {
      this.#push(rates[Math.floor((second * rates.length) / seconds)] ?? window.rateRps);
    }
    this.#recentRps = window.rateRps;
    return true;
  }

  /** The last whole slots, a copy. @param limit most slots wanted */
  recorded(limit = Number.POSITIVE_INFINITY): RecordedLoad {
    const slots = Math.min(limit, this.slots, this.#capacity / SLOT_S);
    const end = this.slots * SLOT_S;
    return { slots, counts: this.#counts.slice(end - slots * SLOT_S, end) };
  }

  /** Everything remembered as text: little-endian 32-bit floats in base 64. */
  save(): { readonly counts: string; readonly recentRps: number; readonly lastS: number | null } {
    const bytes = new Uint8Array(this.#counts.slice(0, this.#length).buffer);
    return {
      counts: Buffer.from(bytes).toString("base64"),
      recentRps: this.#recentRps,
      lastS: Number.isFinite(this.#lastS) ? this.#lastS : null,
    };
  }

  /** Takes up what `save` gave. @throws {RangeError} when the text holds no whole number of floats */
  restore(saved: { readonly counts: string; readonly recentRps: number; readonly lastS: number | null }): void {
    const bytes = Uint8Array.from(Buffer.from(saved.counts, "base64"));
    this.#counts = new Float32Array(bytes.buffer);
    this.#length = this.#counts.length;
    this.#recentRps = saved.recentRps;
    this.#lastS = saved.lastS ?? Number.NEGATIVE_INFINITY;
  }

  #push(rate: number): void {
    if (this.#length === this.#counts.length) this.#makeRoom();
    this.#counts[this.#length++] = rate;
  }

  /** Drops what is older than the memory reaches, a day at a time, else grows. */
  #makeRoom(): void {
    const excess = this.#length - this.#capacity;
    if (excess >= GROWTH) {
      const dropped = Math.floor(excess / SLOT_S) * SLOT_S;
      this.#counts.copyWithin(0, dropped);
      this.#length -= dropped;
      this.#dropped += dropped;
      return;
    }
    const larger = new Float32Array(this.#counts.length + GROWTH);
    larger.set(this.#counts);
    this.#counts = larger;
  }
}
