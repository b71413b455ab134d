// Batches on their way: one row each, with the arrival times of their requests, in typed arrays.

import type { RequestQueue } from "./request-queue.ts";

const INITIAL_ROWS = 32;

function grown<T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Rows are reused; allocates only when it has to grow. */
export class BatchTable {
  /** Machine that serves the batch; -1 for a function. */
  host = new Int32Array(INITIAL_ROWS);
  /** Model instance of the machine, or epoch of the function's sandbox. */
  slot = new Int32Array(INITIAL_ROWS);
  lane = new Uint8Array(INITIAL_ROWS);
  count = new Int32Array(INITIAL_ROWS);
  /** Next batch in a machine's queue; -1 at the end. */
  next = new Int32Array(INITIAL_ROWS);
  startS = new Float64Array(INITIAL_ROWS);
  /** Number of the event that ends the service; -1 while it has not begun. */
  sequence = new Float64Array(INITIAL_ROWS).fill(-1);
  /** Service over that of as many requests of size 1. */
  sizeFactor = new Float64Array(INITIAL_ROWS).fill(1);
  /** Arrival times, shape [rows, stride]. */
  times: Float64Array;
  classes: Uint8Array;
  sizes: Float64Array;
  readonly #attributed: boolean;
  readonly #padding: boolean;
  stride: number;
  #free = new Int32Array(INITIAL_ROWS);
  #freeCount = 0;
  #rows = 0;

  /** @param stride largest batch */
  constructor(stride: number, attributed: boolean, padding: boolean) {
    this.stride = stride;
    this.#attributed = attributed;
    this.#padding = padding;
    this.times = new Float64Array(INITIAL_ROWS * stride);
    this.classes = new Uint8Array(attributed ? INITIAL_ROWS * stride : 0);
    this.sizes = new Float64Array(attributed ? INITIAL_ROWS * stride : 0);
  }

  /** Rows ever used; every row below it is in use or was released (count 0). */
  get rows(): number {
    return this.#rows;
  }

  /** Moves the `count` oldest requests of a queue into a new row. */
  take(queue: RequestQueue, count: number): number {
    const row = this.#allocate(count);
    this.#move(row, queue, count);
    return row;
  }

  #move(row: number, queue: RequestQueue, count: number): void {
    const offset = row * this.stride;
    const { mask, head } = queue;
    const from = queue.times;
    const to = this.times;
    for (let i = 0; i < count; i++) to[offset + i] = from[(head + i) & mask] ?? 0;
    if (this.#attributed) this.#takeAttributes(queue, row, count);
    queue.drop(count);
  }

  /** Puts the `count` oldest requests of a queue in place of those in a row. */
  refill(row: number, queue: RequestQueue, count: number): void {
    if (count > this.stride) this.#widen(count);
    this.count[row] = count;
    this.#move(row, queue, count);
  }

  /** Removes the `count` first requests of a row. */
  shift(row: number, count: number): void {
    const from = row * this.stride;
    const end = from + (this.count[row] ?? 0);
    this.times.copyWithin(from, from + count, end);
    if (this.#attributed) {
      this.classes.copyWithin(from, from + count, end);
      this.sizes.copyWithin(from, from + count, end);
    }
    this.count[row] = (this.count[row] ?? 0) - count;
  }

  /** A row for a model instance that has no batch yet. */
  reserve(host: number): number {
    const row = this.#allocate(0);
    this.host[row] = host;
    this.lane[row] = 0;
    return row;
  }

  release(row: number): void {
    this.count[row] = 0;
    this.sequence[row] = -1;
    this.#free[this.#freeCount++] = row;
  }

  #takeAttributes(queue: RequestQueue, row: number, count: number): void {
    const offset = row * this.stride;
    let sum = 0;
    let largest = 0;
    for (let i = 0; i < count; i++) {
      const at = (queue.head + i) & queue.mask;
      const size = queue.sizes[at] ?? 1;
      this.classes[offset + i] = queue.classes[at] ?? 0;
      this.sizes[offset + i] = size;
      sum += size;
      if (size > largest) largest = size;
    }
    this.sizeFactor[row] = this.#padding ? largest : sum / count;
  }

  #allocate(count: number): number {
    if (count > this.stride) this.#widen(count);
    let row: number;
    if (this.#freeCount > 0) row = this.#free[--this.#freeCount] ?? 0;
    else {
      if (this.#rows === this.host.length) this.#grow();
      row = this.#rows++;
    }
    this.count[row] = count;
    this.next[row] = -1;
    return row;
  }

  #grow(): void {
    const rows = this.host.length * 2;
    this.host = grown(this.host, new Int32Array(rows));
    this.slot = grown(this.slot, new Int32Array(rows));
    this.lane = grown(this.lane, new Uint8Array(rows));
    this.count = grown(this.count, new Int32Array(rows));
    this.next = grown(this.next, new Int32Array(rows));
    this.startS = grown(this.startS, new Float64Array(rows));
    this.sequence = grown(this.sequence, new Float64Array(rows).fill(-1));
    this.sizeFactor = grown(this.sizeFactor, new Float64Array(rows).fill(1));
    this.#free = grown(this.#free, new Int32Array(rows));
    this.times = grown(this.times, new Float64Array(rows * this.stride));
    if (this.#attributed) {
      this.classes = grown(this.classes, new Uint8Array(rows * this.stride));
      this.sizes = grown(this.sizes, new Float64Array(rows * this.stride));
    }
  }

  #widen(count: number): void {
    const stride = Math.max(count, this.stride * 2);
    const rows = this.host.length;
    const times = new Float64Array(rows * stride);
    const classes = new Uint8Array(this.#attributed ? rows * stride : 0);
    const sizes = new Float64Array(this.#attributed ? rows * stride : 0);
    for (let row = 0; row < this.#rows; row++) {
      const from = row * this.stride;
      times.set(this.times.subarray(from, from + this.stride), row * stride);
      if (!this.#attributed) continue;
      classes.set(this.classes.subarray(from, from + this.stride), row * stride);
      sizes.set(this.sizes.subarray(from, from + this.stride), row * stride);
    }
    this.times = times;
    this.classes = classes;
    this.sizes = sizes;
    this.stride = stride;
  }
}
