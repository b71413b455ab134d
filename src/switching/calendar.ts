// What other days tell of a time of day: how the load went on from there.
//
// soon(d, t) = log((r_d[t+L, t+L+120] + .05) / (r_d[t-60, t] + .05));  later(d, t) the same for [t+L+120, t+L+560]
// features at t: median and 80th percentile over days d of soon and of later;  t mod 1800 in half hours
// while rules are learnt, the rows of a day read the other days alone, so that no day foretells itself
// Source: fleet-switching.md, the optional calendar; L is the launch delay.
// Differs: told every 30 s of the day; a window counts where at least four fifths of it are known.

import { quantileOfSorted } from "../math/index.ts";
import { SLOT_S } from "./features.ts";
import type { RecordedLoad } from "./recorded-load.ts";

const DAY_S = 86_400;
const DAY_SLOTS = DAY_S / SLOT_S;
const EVERY_S = 30;
const TIMES = DAY_S / EVERY_S;
const QUANTILES = [0.5, 0.8];
const HALF_HOUR_S = 1800;
const IDLE_RPS = 0.05;
const KNOWN_SHARE = 0.8;

/** Fewest days a calendar is made from: each day's rows need two others. */
export const CALENDAR_DAYS = 3;

/** Names in the order of `write`. */
export const calendarFeatureNames: readonly string[] = [
  "other days: median log growth soon",
  "other days: 80th percentile of log growth soon",
  "other days: median log growth later",
  "other days: 80th percentile of log growth later",
  "half hours into the half hour",
];

const TOLD = calendarFeatureNames.length - 1;

/** A calendar's answers for each time of day. */
export class Calendar {
  /** Shape [TIMES × TOLD]. */
  readonly #told: Float32Array;

  /** @throws {RangeError} when the answers are not one row for each time of day */
  constructor(told: Float32Array) {
    if (told.length !== TIMES * TOLD) {
      throw new RangeError(`calendar: expected ${TIMES * TOLD} numbers, found ${told.length}`);
    }
    this.#told = told;
  }

  /** Writes the features of a moment into `into` from `offset` on. */
  write(into: Float64Array, offset: number, timeS: number): void {
    const ofDayS = ((timeS % DAY_S) + DAY_S) % DAY_S;
    const at = Math.floor(ofDayS / EVERY_S) * TOLD;
    for (let i = 0; i < TOLD; i++) into[offset + i] = this.#told[at + i] ?? 0;
    into[offset + TOLD] = (ofDayS % HALF_HOUR_S) / HALF_HOUR_S;
  }

  /** Little-endian 32-bit floats in base 64. */
  save(): string {
    return Buffer.from(new Uint8Array(this.#told.slice().buffer)).toString("base64");
  }
}

/** Takes up what `save` gave. @throws {RangeError} when it is no calendar */
export function readCalendar(text: string): Calendar {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  if (bytes.length % 4 !== 0) throw new RangeError(`calendar: expected whole floats, found ${bytes.length} bytes`);
  return new Calendar(new Float32Array(bytes.buffer));
}

/** Mean rates over any stretch of a recorded load's own time. */
class Rates {
  readonly firstDay: number;
  readonly days: number;
  readonly #known: Float64Array;
  readonly #sum: Float64Array;

  constructor({ slots, counts, startS }: RecordedLoad) {
    this.firstDay = Math.floor((startS[0] ?? 0) / DAY_S);
    this.days = slots === 0 ? 0 : Math.floor((startS[slots - 1] ?? 0) / DAY_S) - this.firstDay + 1;
    this.#known = new Float64Array(this.days * DAY_SLOTS + 1);
    this.#sum = new Float64Array(this.days * DAY_SLOTS + 1);
    for (let slot = 0; slot < slots; slot++) {
      const at = Math.floor((startS[slot] ?? 0) / SLOT_S) - this.firstDay * DAY_SLOTS + 1;
      let sum = 0;
      for (let second = slot * SLOT_S; second < (slot + 1) * SLOT_S; second++) sum += counts[second] ?? 0;
      this.#known[at] = 1;
      this.#sum[at] = sum / SLOT_S;
    }
    for (let at = 1; at < this.#sum.length; at++) {
      this.#known[at] = (this.#known[at] ?? 0) + (this.#known[at - 1] ?? 0);
      this.#sum[at] = (this.#sum[at] ?? 0) + (this.#sum[at - 1] ?? 0);
    }
  }

  /** Mean over slots [from, to) since the first day began; NaN where too little is known. */
  mean(from: number, to: number): number {
    if (from < 0 || to >= this.#sum.length) return Number.NaN;
    const known = (this.#known[to] ?? 0) - (this.#known[from] ?? 0);
    return known < KNOWN_SHARE * (to - from) ? Number.NaN : ((this.#sum[to] ?? 0) - (this.#sum[from] ?? 0)) / known;
  }
}

/** Growth of a day from each time on, soon and later; shape [TIMES × 2], NaN where it is not known. */
function growthOf(rates: Rates, day: number, launchSlots: number): Float64Array {
  const growth = new Float64Array(2 * TIMES);
  for (let time = 0; time < TIMES; time++) {
    const slot = day * DAY_SLOTS + (time * EVERY_S) / SLOT_S;
    const now = Math.log(rates.mean(slot - 6, slot) + IDLE_RPS);
    const soon = slot + launchSlots;
    growth[2 * time] = Math.log(rates.mean(soon, soon + 12) + IDLE_RPS) - now;
    growth[2 * time + 1] = Math.log(rates.mean(soon + 12, soon + 56) + IDLE_RPS) - now;
  }
  return growth;
}

function summary(days: readonly Float64Array[]): Calendar {
  const told = new Float32Array(TIMES * TOLD);
  const values: number[] = [];
  for (let at = 0; at < 2 * TIMES; at++) {
    values.length = 0;
    for (const day of days) {
      const value = day[at] ?? Number.NaN;
      if (!Number.isNaN(value)) values.push(value);
    }
    if (values.length === 0) continue;
    values.sort((a, b) => a - b);
    QUANTILES.forEach((quantile, i) => {
      told[at * QUANTILES.length + i] = quantileOfSorted(values, quantile);
    });
  }
  return new Calendar(told);
}

/** The calendars of a recorded load. */
export interface Calendars {
  /** From all its days. */
  readonly all: Calendar;
  /** For a moment of the load itself: from its other days. */
  readonly others: (timeS: number) => Calendar;
}

/** @param launchSlots launch delay @returns null where the load reaches over fewer days than a calendar needs */
export function calendarsOf(load: RecordedLoad, launchSlots: number): Calendars | null {
  const rates = new Rates(load);
  if (load.slots < CALENDAR_DAYS * 0.75 * DAY_SLOTS || rates.days < CALENDAR_DAYS) return null;
  const days = Array.from({ length: rates.days }, (_, day) => growthOf(rates, day, launchSlots));
  const without = days.map((own) => summary(days.filter((day) => day !== own)));
  const all = summary(days);
  return { all, others: (timeS) => without[Math.floor(timeS / DAY_S) - rates.firstDay] ?? all };
}
