// What counts in the end: requests that arrived while scoring was on, by hour, against every SLO.

import type { Slo } from "../core/index.ts";
import { bucketOf, LatencyHistogram } from "../math/latency-histogram.ts";
import type { TimeSpan } from "../workload/workload.ts";
import type { Clock } from "./clock.ts";
import type { RequestClass } from "./plan.ts";
import type { WindowMeter } from "./window-meter.ts";

const HOUR_S = 3600;

/** Requests of one hour, by arrival, and how many met each SLO. */
export interface HourScore {
  readonly hour: number;
  readonly requests: number;
  readonly within: readonly number[];
}

/** Judges every request by its arrival time. Allocates nothing per request. */
export class Score {
  readonly histogram = new LatencyHistogram();
  dropped = 0;
  offloaded = 0;
  readonly #clock: Clock;
  readonly #fromS: number;
  readonly #excluded: readonly TimeSpan[];
  readonly #limitsMs: Float64Array;
  readonly #slos: number;
  readonly #byClass: boolean;
  /** Requests and, per SLO, those within it, by hour; shape [hours, 1 + slos]. */
  #hours: Float64Array;
  /** Stretch of time that lies in one hour and is scored as a whole or not at all. */
  #cellFromS = 0;
  #cellToS = 0;
  #cellScored = false;
  #cellRow = 0;

  constructor(
    clock: Clock,
    slo: readonly Slo[],
    classes: readonly RequestClass[],
    fromS: number,
    excluded: readonly TimeSpan[],
  ) {
    this.#clock = clock;
    this.#fromS = fromS;
    this.#excluded = excluded;
    this.#slos = slo.length;
    const ratios = classes.map((one) => one.sloRatio ?? 1);
    this.#byClass = ratios.some((ratio) => ratio !== 1);
    this.#limitsMs = Float64Array.from(
      (ratios.length > 0 ? ratios : [1]).flatMap((ratio) => slo.map((one) => one.latencyMs * ratio)),
    );
    this.#hours = new Float64Array(64 * (1 + slo.length));
  }

  /** Whether a moment counts. */
  counts(timeS: number): boolean {
    return timeS >= this.#fromS && !this.#excluded.some((span) => timeS >= span.fromS && timeS < span.toS);
  }

  /** The next moment at which counting begins or stops; Infinity when it never changes again. */
  nextChangeS(timeS: number): number {
    let next = timeS < this.#fromS ? this.#fromS : Number.POSITIVE_INFINITY;
    for (const { fromS, toS } of this.#excluded) {
      if (fromS > timeS) next = Math.min(next, fromS);
      if (toS > timeS) next = Math.min(next, toS);
    }
    return next;
  }

  /**
   * Records a served batch in a window and, where its requests count, in the score.
   * @param times arrival times; those of the batch are at offset .. offset + count, ascending
   */
  serve(
    times: Float64Array,
    classes: Uint8Array,
    offset: number,
    count: number,
    window: WindowMeter,
    offloaded: boolean,
  ): void {
    if (offloaded) window.offloaded += count;
    const end = offset + count;
    let from = offset;
    while (from < end) {
      const first = times[from] ?? 0;
      if (first < this.#cellFromS || first >= this.#cellToS) this.#enter(first);
      let to = end;
      while ((times[to - 1] ?? 0) >= this.#cellToS) to -= 1;
      this.#record(times, classes, from, to, window);
      if (offloaded && this.#cellScored) this.offloaded += to - from;
      from = to;
    }
  }

  /** Records a served batch in a window alone. */
  watch(times: Float64Array, classes: Uint8Array, offset: number, count: number, window: WindowMeter): void {
    const endS = this.#clock.timeS;
    for (let i = offset; i < offset + count; i++) window.histogram.add((endS - (times[i] ?? 0)) * 1000);
    window.late += count - this.#withinByClass(times, classes, offset, offset + count, 0);
  }

  /** Records a request turned away or given up. */
  drop(arrivalS: number, window: WindowMeter): void {
    window.dropped += 1;
    if (arrivalS < this.#cellFromS || arrivalS >= this.#cellToS) this.#enter(arrivalS);
    if (!this.#cellScored) return;
    this.dropped += 1;
    this.#hours[this.#cellRow] = (this.#hours[this.#cellRow] ?? 0) + 1;
  }

  /** Longest latency any class may have within any SLO, in ms. */
  get longestLimitMs(): number {
    return this.#limitsMs.reduce((longest, limit) => Math.max(longest, limit), 0);
  }

  /** Scores by hour; `overdue` holds arrival times of requests still waiting that missed every SLO. */
  perHour(overdue: readonly number[]): HourScore[] {
    const width = 1 + this.#slos;
    const late = new Map<number, number>();
    for (const arrivalS of overdue) {
      const hour = Math.floor(arrivalS / HOUR_S);
      if (this.counts(arrivalS)) late.set(hour, (late.get(hour) ?? 0) + 1);
    }
    const last = Math.max(this.#hours.length / width - 1, ...late.keys());
    const result: HourScore[] = [];
    for (let hour = 0; hour <= last; hour++) {
      const requests = (this.#hours[hour * width] ?? 0) + (late.get(hour) ?? 0);
      if (requests === 0) continue;
      const within = Array.from({ length: this.#slos }, (_, s) => this.#hours[hour * width + 1 + s] ?? 0);
      result.push({ hour, requests, within });
    }
    return result;
  }

  #enter(timeS: number): void {
    const hour = Math.floor(timeS / HOUR_S);
    this.#cellFromS = hour * HOUR_S;
    this.#cellToS = (hour + 1) * HOUR_S;
    for (const edge of [this.#fromS, ...this.#excluded.flatMap(({ fromS, toS }) => [fromS, toS])]) {
      if (edge <= timeS && edge > this.#cellFromS) this.#cellFromS = edge;
      if (edge > timeS && edge < this.#cellToS) this.#cellToS = edge;
    }
    this.#cellScored = this.counts(timeS);
    this.#cellRow = hour * (1 + this.#slos);
    if (this.#cellRow + 1 + this.#slos > this.#hours.length) {
      const hours = new Float64Array(Math.max(this.#cellRow + 1 + this.#slos, this.#hours.length * 2));
      hours.set(this.#hours);
      this.#hours = hours;
    }
  }

  #record(times: Float64Array, classes: Uint8Array, from: number, to: number, window: WindowMeter): void {
    const endS = this.#clock.timeS;
    const here = window.histogram.counts;
    const total = this.histogram.counts;
    const limits = this.#limitsMs;
    const scored = this.#cellScored;
    const limitMs = limits[0] ?? 0;
    let sumMs = 0;
    let within = 0;
    for (let i = from; i < to; i++) {
      const latencyMs = (endS - (times[i] ?? 0)) * 1000;
      const bucket = bucketOf(latencyMs);
      here[bucket] = (here[bucket] ?? 0) + 1;
      if (scored) total[bucket] = (total[bucket] ?? 0) + 1;
      sumMs += latencyMs;
      if (latencyMs <= limitMs) within += 1;
    }
    const count = to - from;
    window.histogram.sumMs += sumMs;
    window.histogram.count += count;
    if (this.#byClass) within = this.#withinByClass(times, classes, from, to, 0);
    window.late += count - within;
    if (!scored) return;
    this.histogram.sumMs += sumMs;
    this.histogram.count += count;
    const row = this.#cellRow;
    const hours = this.#hours;
    hours[row] = (hours[row] ?? 0) + count;
    hours[row + 1] = (hours[row + 1] ?? 0) + within;
    for (let s = 1; s < this.#slos; s++) {
      hours[row + 1 + s] = (hours[row + 1 + s] ?? 0) + this.#withinByClass(times, classes, from, to, s);
    }
  }

  #withinByClass(times: Float64Array, classes: Uint8Array, from: number, to: number, slo: number): number {
    const endS = this.#clock.timeS;
    const limits = this.#limitsMs;
    let within = 0;
    for (let i = from; i < to; i++) {
      const limit = limits[(this.#byClass ? (classes[i] ?? 0) : 0) * this.#slos + slo] ?? 0;
      if ((endS - (times[i] ?? 0)) * 1000 <= limit) within += 1;
    }
    return within;
  }
}
