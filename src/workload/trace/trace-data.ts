// What a trace file holds once read: counts per bin, rates per bin, or one arrival time per request, in typed arrays.

import type { TimeSpan } from "../workload.ts";

/** A recorded stream of requests. Times count from the trace's first row. */
export type TraceData =
  | {
      readonly kind: "counts";
      readonly binS: number;
      readonly counts: Uint32Array; // [bins]
      /** Stretches the file itself says nothing about. */
      readonly missing: readonly TimeSpan[];
    }
  | {
      readonly kind: "rates";
      readonly binS: number;
      readonly ratesRps: Float64Array; // [bins]
      readonly missing: readonly TimeSpan[];
    }
  | {
      readonly kind: "times";
      readonly timesS: Float64Array; // [requests], ascending
      readonly durationS: number;
      readonly missing: readonly TimeSpan[];
    };

/** A typed array that grows by doubling. */
export class GrowingArray {
  #values = new Float64Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  /** The last value; NaN when empty. */
  get last(): number {
    return this.length === 0 ? Number.NaN : (this.#values[this.length - 1] ?? Number.NaN);
  }

  toArray(): Float64Array {
    return this.#values.slice(0, this.length);
  }

  toCounts(): Uint32Array {
    return Uint32Array.from(this.#values.subarray(0, this.length));
  }
}

/** Length of a trace in seconds. */
export function traceDurationS(data: TraceData): number {
  if (data.kind === "times") return data.durationS;
  return data.binS * (data.kind === "counts" ? data.counts.length : data.ratesRps.length);
}
