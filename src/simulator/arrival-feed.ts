// Arrivals read block by block, so that the event loop makes no call per request.

import type { ArrivalSource } from "../workload/workload.ts";

const BLOCK = 4096;

/** The next arrivals of a workload. */
export class ArrivalFeed {
  /** Arrival times in s; those still to come are at index .. count, then Infinity. */
  readonly block = new Float64Array(BLOCK + 1);
  index = 0;
  count = 0;
  /** Arrivals after this moment are left for later. */
  limitS = 0;
  readonly #source: ArrivalSource;
  readonly #fillable = this.block.subarray(0, BLOCK);
  #ended = false;

  constructor(source: ArrivalSource) {
    this.#source = source;
    this.refill();
  }

  /** Reads on when the block is used up. */
  refill(): void {
    if (this.index < this.count || this.#ended) return;
    this.index = 0;
    this.count = this.#source.fill(this.#fillable);
    this.block[this.count] = Number.POSITIVE_INFINITY;
    if (this.count === 0) this.#ended = true;
  }
}
