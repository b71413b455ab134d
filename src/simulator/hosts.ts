// The machines of a simulation, one row each: state, use and what it is billed.

/** The row is unused. */
export const GONE = 0;
export const LAUNCHING = 1;
export const READY = 2;
/** Finishes what it has, takes nothing new, ends. */
export const DRAINING = 3;
/** Finishes what it has, then is out until its new settings are in force. */
export const RESTARTING = 4;

const INITIAL_ROWS = 16;

function grown<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Rows of machines; rows are reused. */
export class Hosts {
  state = new Int32Array(INITIAL_ROWS);
  pool = new Int32Array(INITIAL_ROWS);
  /** Market: on demand 0, spot 1. */
  market = new Int32Array(INITIAL_ROWS);
  zone = new Int32Array(INITIAL_ROWS);
  lane = new Int32Array(INITIAL_ROWS);
  /** The lane it belongs to after the restart that is going on. */
  nextLane = new Int32Array(INITIAL_ROWS);
  /** Index of the service table in force. */
  table = new Int32Array(INITIAL_ROWS);
  /** 1 while it takes new work. */
  open = new Int32Array(INITIAL_ROWS);
  /** Model instances at work. */
  busy = new Int32Array(INITIAL_ROWS);
  /** Model instances it may use at once. */
  slots = new Int32Array(INITIAL_ROWS);
  /** First and last batch waiting at the machine; -1 for none. */
  first = new Int32Array(INITIAL_ROWS).fill(-1);
  last = new Int32Array(INITIAL_ROWS).fill(-1);
  /** Place in its list of idle machines; -1 when not in one. */
  idlePlace = new Int32Array(INITIAL_ROWS).fill(-1);
  /** Order of launch. */
  serial = new Float64Array(INITIAL_ROWS);
  billedFromS = new Float64Array(INITIAL_ROWS);
  /** Machines of the type rented for this one: its tensor parallelism. */
  units = new Int32Array(INITIAL_ROWS);
  usdPerS = new Float64Array(INITIAL_ROWS);
  /** How long it is out in the restart that is going on. */
  restartS = new Float64Array(INITIAL_ROWS);
  /** Mean service time of the batches waiting at it. */
  queuedS = new Float64Array(INITIAL_ROWS);
  /** Numbers of the events that may still happen to it; -1 for none. Shape [rows, 4]. */
  #expected = new Float64Array(INITIAL_ROWS * 4).fill(-1);
  #free: number[] = [];
  #launched = 0;
  /** Rows ever used. */
  rows = 0;

  allocate(): number {
    let row = this.#free.pop();
    if (row === undefined) {
      if (this.rows === this.state.length) this.#grow();
      row = this.rows++;
    }
    this.serial[row] = this.#launched++;
    this.open[row] = this.busy[row] = this.slots[row] = 0;
    this.first[row] = this.last[row] = -1;
    this.idlePlace[row] = -1;
    this.queuedS[row] = 0;
    return row;
  }

  release(row: number): void {
    this.state[row] = GONE;
    this.#expected.fill(-1, row * 4, row * 4 + 4);
    this.#free.push(row);
  }

  /** Notes that an event will come; one of each of four sorts at a time. */
  expect(row: number, sort: number, sequence: number): void {
    this.#expected[row * 4 + sort] = sequence;
  }

  /** Whether an event still concerns the machine it was made for; asks once. */
  expected(row: number, sort: number, sequence: number): boolean {
    if (this.#expected[row * 4 + sort] !== sequence) return false;
    this.#expected[row * 4 + sort] = -1;
    return true;
  }

  /** Rows in a state for which `accept` holds, in order of launch. */
  select(accept: (row: number) => boolean): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.rows; row++) if (this.state[row] !== GONE && accept(row)) rows.push(row);
    return rows.sort((a, b) => (this.serial[a] ?? 0) - (this.serial[b] ?? 0));
  }

  #grow(): void {
    const rows = this.state.length * 2;
    this.state = grown(this.state, new Int32Array(rows));
    this.pool = grown(this.pool, new Int32Array(rows));
    this.market = grown(this.market, new Int32Array(rows));
    this.zone = grown(this.zone, new Int32Array(rows));
    this.lane = grown(this.lane, new Int32Array(rows));
    this.nextLane = grown(this.nextLane, new Int32Array(rows));
    this.table = grown(this.table, new Int32Array(rows));
    this.open = grown(this.open, new Int32Array(rows));
    this.busy = grown(this.busy, new Int32Array(rows));
    this.slots = grown(this.slots, new Int32Array(rows));
    this.first = grown(this.first, new Int32Array(rows).fill(-1));
    this.last = grown(this.last, new Int32Array(rows).fill(-1));
    this.idlePlace = grown(this.idlePlace, new Int32Array(rows).fill(-1));
    this.serial = grown(this.serial, new Float64Array(rows));
    this.billedFromS = grown(this.billedFromS, new Float64Array(rows));
    this.units = grown(this.units, new Int32Array(rows));
    this.usdPerS = grown(this.usdPerS, new Float64Array(rows));
    this.restartS = grown(this.restartS, new Float64Array(rows));
    this.queuedS = grown(this.queuedS, new Float64Array(rows));
    this.#expected = grown(this.#expected, new Float64Array(rows * 4).fill(-1));
  }
}
