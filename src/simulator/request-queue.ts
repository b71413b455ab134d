// Waiting requests, first in first out: a ring buffer of arrival times, with class and size where they differ.

const INITIAL_CAPACITY = 256;

/** A FIFO of requests. Allocates only when it has to grow. */
export class RequestQueue {
  /** Arrival times in s; position `(head + i) & mask` holds the i-th oldest. */
  times = new Float64Array(INITIAL_CAPACITY);
  /** Class of each request; empty where there is one class. */
  classes: Uint8Array;
  /** Size of each request; empty where all are of size 1. */
  sizes: Float64Array;
  head = 0;
  size = 0;
  mask = INITIAL_CAPACITY - 1;
  readonly #attributed: boolean;

  constructor(attributed: boolean) {
    this.#attributed = attributed;
    this.classes = new Uint8Array(attributed ? INITIAL_CAPACITY : 0);
    this.sizes = new Float64Array(attributed ? INITIAL_CAPACITY : 0);
  }

  /** Arrival time of the oldest; Infinity when empty. */
  get headS(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : (this.times[this.head] ?? 0);
  }

  push(timeS: number): void {
    if (this.size > this.mask) this.#grow();
    this.times[(this.head + this.size) & this.mask] = timeS;
    this.size += 1;
  }

  pushAttributed(timeS: number, requestClass: number, requestSize: number): void {
    if (this.size > this.mask) this.#grow();
    const at = (this.head + this.size) & this.mask;
    this.times[at] = timeS;
    this.classes[at] = requestClass;
    this.sizes[at] = requestSize;
    this.size += 1;
  }

  /** Puts a request back among the others by its arrival time; for the rare lost machine. */
  giveBack(timeS: number, requestClass: number, requestSize: number): void {
    if (this.#attributed) this.pushAttributed(timeS, requestClass, requestSize);
    else this.push(timeS);
    for (let i = this.size - 1; i > 0; i--) {
      const here = (this.head + i) & this.mask;
      const before = (this.head + i - 1) & this.mask;
      if ((this.times[before] ?? 0) <= timeS) break;
      this.times[here] = this.times[before] ?? 0;
      this.times[before] = timeS;
      if (this.#attributed) {
        this.classes[here] = this.classes[before] ?? 0;
        this.classes[before] = requestClass;
        this.sizes[here] = this.sizes[before] ?? 0;
        this.sizes[before] = requestSize;
      }
    }
  }

  /** Removes the `count` oldest. */
  drop(count: number): void {
    this.head = (this.head + count) & this.mask;
    this.size -= count;
  }

  #grow(): void {
    const capacity = (this.mask + 1) * 2;
    this.times = this.#unrolled(this.times, new Float64Array(capacity));
    if (this.#attributed) {
      this.classes = this.#unrolled(this.classes, new Uint8Array(capacity));
      this.sizes = this.#unrolled(this.sizes, new Float64Array(capacity));
    }
    this.head = 0;
    this.mask = capacity - 1;
  }

  #unrolled<T extends Float64Array | Uint8Array>(from: T, to: T): T {
    const tail = from.length - this.head;
    to.set(from.subarray(this.head), 0);
    to.set(from.subarray(0, this.head), tail);
    return to;
  }
}
