// How busy the backends were: slots in use and slots there, integrated over time.

/** Integrals over slots; read at any time, they only grow. */
export class Occupancy {
  busySlotMs = 0;
  slotMs = 0;
  #sinceMs: number;
  #busy = 0;
  #slots = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** From now on so many are busy of so many. */
  note(nowMs: number, busy: number, slots: number): void {
    const elapsedMs = nowMs - this.#sinceMs;
    this.busySlotMs += elapsedMs * this.#busy;
    this.slotMs += elapsedMs * this.#slots;
    this.#sinceMs = nowMs;
    this.#busy = Math.min(busy, slots);
    this.#slots = slots;
  }
}
