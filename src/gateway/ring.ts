// The latest numbers of a stream, each with its place in it, so that readers can ask for what is new to them.

/** What a reader gets. */
export interface RingRead {
  /** Place of the first number given. */
  readonly from: number;
  readonly values: Float64Array;
}

/** A bounded record of numbers; the oldest make room for the latest. */
export class Ring {
  readonly #values: Float64Array;
  #written = 0;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
  }

  /** Numbers written so far, which is the place of the next. */
  get written(): number {
    return this.#written;
  }

  push(value: number): void {
    this.#values[this.#written % this.#values.length] = value;
    this.#written += 1;
  }

  /** What was written at `since` and later, as far as it is still there. */
  read(since: number): RingRead {
    const from = Math.max(since, this.#written - this.#values.length, 0);
    const count = Math.max(0, this.#written - from);
    const values = Float64Array.from({ length: count }, (_, i) => this.#values[(from + i) % this.#values.length] ?? 0);
    return { from, values };
  }
}
