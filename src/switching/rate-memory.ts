// What a fleet remembers of its load: arrivals second by second, for the last days.

import type { ArrivalRecord } from "../core/index.ts";
import { SLOT_S } from "./features.ts";
import type { RecordedLoad } from "./recorded-load.ts";

/** A window without a single arrival where this many were to be expected is missing data, not an idle load. */
const MISSING_ABOVE_REQUESTS = 30;

const GROWTH = 86_400;

/** Seconds that follow one another without a gap. */
interface Stretch {
  /** Seconds seen before it, those dropped since included. */
  readonly at: number;
  /** When it starts. */
  readonly fromS: number;
}

/** What a memory holds. */
export interface SavedMemory {
  /** Little-endian 32-bit floats in base 64. */
  readonly counts: string;
  readonly stretches: readonly Stretch[];
  readonly recentRps: number;
  readonly lastS: number | null;
}

/** A bounded memory of arrivals; missing data is left out. */
export class RateMemory {
  readonly #capacity: number;
  #counts = new Float32Array(GROWTH);
  #length = 0;
  #dropped = 0;
  #stretches: Stretch[] = [];
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
  missing({ durationS, rateRps }: ArrivalRecord): boolean {
    return rateRps === 0 && this.#recentRps * durationS > MISSING_ABOVE_REQUESTS;
  }

  /** Whether a window is another one than the last that was added. */
  isNew({ timeS }: ArrivalRecord): boolean {
    return timeS !== this.#lastS;
  }

  /**
   * Adds a window, each second at the rate of its sub-interval.
   * @returns whether it was new: windows already seen and missing data are not added
   */
  add(window: ArrivalRecord): boolean {
    if (!this.isNew(window)) return false;
    this.#lastS = window.timeS;
    if (this.missing(window)) return false;
    const seconds = Math.round(window.durationS);
    this.#follow(window.timeS - seconds);
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
    const from = end - slots * SLOT_S;
    return { slots, counts: this.#counts.slice(from, end), startS: this.#starts(from, slots) };
  }

  /** Everything remembered. */
  save(): SavedMemory {
    const bytes = new Uint8Array(this.#counts.slice(0, this.#length).buffer);
    const moved = this.#stretches.map(({ at, fromS }) => ({ at: at - this.#dropped, fromS }));
    const first = moved.findLastIndex(({ at }) => at <= 0);
    return {
      counts: Buffer.from(bytes).toString("base64"),
      stretches: moved.slice(Math.max(0, first)),
      recentRps: this.#recentRps,
      lastS: Number.isFinite(this.#lastS) ? this.#lastS : null,
    };
  }

  /** Takes up what `save` gave. @throws {RangeError} when the text holds no whole number of floats */
  restore(saved: SavedMemory): void {
    const bytes = Uint8Array.from(Buffer.from(saved.counts, "base64"));
    this.#counts = new Float32Array(bytes.buffer);
    this.#length = this.#counts.length;
    this.#stretches = [...saved.stretches];
    this.#dropped = 0;
    this.#recentRps = saved.recentRps;
    this.#lastS = saved.lastS ?? Number.NEGATIVE_INFINITY;
  }

  /** A new stretch begins where a window does not follow on the last one kept. */
  #follow(fromS: number): void {
    const seen = this.#dropped + this.#length;
    const last = this.#stretches.at(-1);
    if (last !== undefined && Math.abs(last.fromS + (seen - last.at) - fromS) < 1) return;
    this.#stretches.push({ at: seen, fromS });
  }

  /** When slots start. @param from second of the memory at which the first does */
  #starts(from: number, slots: number): Float64Array {
    const starts = new Float64Array(slots);
    let stretch = -1;
    for (let slot = 0; slot < slots; slot++) {
      const second = this.#dropped + from + slot * SLOT_S;
      while ((this.#stretches[stretch + 1]?.at ?? Number.POSITIVE_INFINITY) <= second) stretch += 1;
      const { at, fromS } = this.#stretches[Math.max(0, stretch)] ?? { at: second, fromS: 0 };
      starts[slot] = fromS + (second - at);
    }
    return starts;
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
