// A stable event queue: a binary heap on typed arrays, ordered by time and then by order of insertion.

const INITIAL_CAPACITY = 64;

/** Events as small integers at moments. Allocates only when it has to grow. */
export class EventQueue {
  #times = new Float64Array(INITIAL_CAPACITY);
  #sequences = new Float64Array(INITIAL_CAPACITY);
  #data = new Int32Array(INITIAL_CAPACITY);
  #size = 0;
  #next = 0;
  /** Time of the earliest event; Infinity when there is none. */
  timeS = Number.POSITIVE_INFINITY;
  /** Sequence number of the event last popped. */
  poppedSequence = -1;

  get size(): number {
    return this.#size;
  }

  /** @returns the event's sequence number, which no other event ever has */
  push(timeS: number, data: number): number {
    if (this.#size === this.#times.length) this.#grow();
    const times = this.#times;
    const sequences = this.#sequences;
    const events = this.#data;
    const sequence = this.#next++;
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
    return sequence;
  }

  /** Removes the earliest event and returns its data; `poppedSequence` then tells its number. */
  pop(): number {
    const times = this.#times;
    const sequences = this.#sequences;
    const events = this.#data;
    const result = events[0] ?? 0;
    this.poppedSequence = sequences[0] ?? -1;
    const size = --this.#size;
    if (size === 0) {
      this.timeS = Number.POSITIVE_INFINITY;
      return result;
    }
    const time = times[size] ?? 0;
    const sequence = sequences[size] ?? 0;
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
    events[i] = events[size] ?? 0;
    this.timeS = times[0] ?? Number.POSITIVE_INFINITY;
    return result;
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
