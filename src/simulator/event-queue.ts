// A stable event queue: a binary heap on typed arrays, ordered by time and then by order of insertion.
//
// The event last popped leaves a gap at the root, which the next push fills: most events lead to one other.

const INITIAL_CAPACITY = 64;

/** Events as small integers at moments. Allocates only when it has to grow. */
export class EventQueue {
  #times = new Float64Array(INITIAL_CAPACITY);
  #sequences = new Float64Array(INITIAL_CAPACITY);
  #data = new Int32Array(INITIAL_CAPACITY);
  #size = 0;
  #next = 0;
  #gap = false;
  /** Time of the earliest event; Infinity when there is none. Holds after `settle`. */
  timeS = Number.POSITIVE_INFINITY;
  /** Sequence number of the event last popped. */
  poppedSequence = -1;
  /** Sequence number of the event last pushed; no other event ever has it. */
  pushedSequence = -1;

  get size(): number {
    return this.#gap ? this.#size - 1 : this.#size;
  }

  push(timeS: number, data: number): void {
    const sequence = this.#next++;
    this.pushedSequence = sequence;
    if (this.#gap) {
      this.#gap = false;
      this.#sink(timeS, sequence, data);
      this.timeS = this.#times[0] ?? Number.POSITIVE_INFINITY;
      return;
    }
    if (this.#size === this.#times.length) this.#grow();
    const times = this.#times;
    const sequences = this.#sequences;
    const events = this.#data;
    let i = this.#size++;
    // The newest event has the largest sequence number, so among equals it stays below.
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const parentTime = times[parent] ?? 0;
      if (parentTime <= timeS) break;
      times[i] = parentTime;
      sequences[i] = sequences[parent] ?? 0;
      events[i] = events[parent] ?? 0;
      i = parent;
    }
    times[i] = timeS;
    sequences[i] = sequence;
    events[i] = data;
    this.timeS = times[0] ?? Number.POSITIVE_INFINITY;
  }

  /** Takes out the earliest event and returns its data. There must be one; `settle` before asking for `timeS`. */
  pop(): number {
    this.settle();
    this.poppedSequence = this.#sequences[0] ?? -1;
    this.#gap = true;
    return this.#data[0] ?? 0;
  }

  /** Data of the earliest event; there must be one. Holds after `settle`. */
  peek(): number {
    return this.#data[0] ?? 0;
  }

  /** Sequence number of the earliest event; there must be one. Holds after `settle`. */
  peekSequence(): number {
    return this.#sequences[0] ?? -1;
  }

  /** Closes the gap an event left that led to no other. */
  settle(): void {
    if (!this.#gap) return;
    this.#gap = false;
    const size = --this.#size;
    if (size === 0) {
      this.timeS = Number.POSITIVE_INFINITY;
      return;
    }
    this.#sink(this.#times[size] ?? 0, this.#sequences[size] ?? 0, this.#data[size] ?? 0);
    this.timeS = this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  /** Puts an event in at the root, below everything earlier. */
  #sink(time: number, sequence: number, data: number): void {
    const times = this.#times;
    const sequences = this.#sequences;
    const events = this.#data;
    const size = this.#size;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      let childTime = times[child] ?? 0;
      const right = child + 1;
      if (right < size) {
        const rightTime = times[right] ?? 0;
        if (rightTime < childTime || (rightTime === childTime && (sequences[right] ?? 0) < (sequences[child] ?? 0))) {
          child = right;
          childTime = rightTime;
        }
      }
      if (time < childTime || (time === childTime && sequence < (sequences[child] ?? 0))) break;
      times[i] = childTime;
      sequences[i] = sequences[child] ?? 0;
      events[i] = events[child] ?? 0;
      i = child;
    }
    times[i] = time;
    sequences[i] = sequence;
    events[i] = data;
  }

  #grow(): void {
    const capacity = this.#times.length * 2;
    const times = new Float64Array(capacity);
    const sequences = new Float64Array(capacity);
    const data = new Int32Array(capacity);
    times.set(this.#times);
    sequences.set(this.#sequences);
    data.set(this.#data);
    this.#times = times;
    this.#sequences = sequences;
    this.#data = data;
  }
}
