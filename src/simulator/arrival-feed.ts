// Arrivals read block by block, so that the event loop makes no call per request.

import type { ArrivalSource } from "../workload/workload.ts";

const BLOCK = 4096;

/** The next arrivals of a workload. */
export class ArrivalFeed {
  /** Arrival times in s; those still to come are at index .. count. */
  readonly block = new Float64Array(BLOCK);
  index = 0;
  count = 0;
  readonly #source: ArrivalSource;
  #ended = false;

  constructor(source: ArrivalSource) {
    this.#source = source;
    this.refill();
  }

  /** Time of the next arrival; Infinity when there is none. */
  get nextS(): number {
    return this.index < this.count ? (this.block[this.index] ?? 0) : Number.POSITIVE_INFINITY;
  }

  /** Reads on when the block is used up. */
  refill(): void {
    if (this.index < this.count || this.#ended) return;
    this.index = 0;
    this.count = this.#source.fill(this.block);
    if (this.count === 0) this.#ended = true;
  }
}
