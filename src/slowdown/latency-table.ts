// Model latency by configuration and slowdown, and its inverse: how latencies become slowdowns and back.
//
// T[i][z] = log model latency of configuration i with all service times scaled by e^z, z on a grid, strictly increasing
// inverse(i, l) = z with T[i][z] = l: binary search, linear in between, clamped to the grid
// slope(i, z) = dT/dz: where it is small the latency says little of the slowdown

/** Least increase of log latency from one grid point to the next, so that the inverse exists. */
const LEAST_STEP = 0.005;

/** Slowdowns a table spans: symmetric, in equal steps. */
export interface SlowdownGrid {
  /** Largest slowdown; e^1.2 is a factor of 3.3. */
  readonly reach: number;
  readonly step: number;
}

/** The grid of slowdowns where a prior is at hand. */
export const SLOWDOWN_GRID: SlowdownGrid = { reach: 1.2, step: 0.1 };

/** A table of log latencies, shape [configurations, slowdowns]. */
export class LatencyTable {
  readonly #values: Float64Array;
  readonly #columns: number;
  readonly #grid: SlowdownGrid;
  readonly #logLatency: (i: number, z: number) => number;

  /** @param logLatency log of the model's latency in ms of configuration i at slowdown z */
  constructor(configurations: number, logLatency: (i: number, z: number) => number, grid: SlowdownGrid) {
    const columns = Math.round((2 * grid.reach) / grid.step) + 1;
    this.#grid = grid;
    this.#columns = columns;
    this.#logLatency = logLatency;
    this.#values = new Float64Array(configurations * columns);
    for (let i = 0; i < configurations; i++) this.rebuild(i);
  }

  /** Asks the model again for configuration i. */
  rebuild(i: number): void {
    const { reach, step } = this.#grid;
    const columns = this.#columns;
    let least = Number.NEGATIVE_INFINITY;
    for (let column = 0; column < columns; column++) {
      const value = Math.max(least, this.#logLatency(i, column * step - reach));
      this.#values[i * columns + column] = value;
      least = value + LEAST_STEP;
    }
  }

  /** Largest slowdown of the grid. */
  get reach(): number {
    return this.#grid.reach;
  }

  /** Log latency at a slowdown, clamped to the grid. */
  at(i: number, z: number): number {
    const { reach, step } = this.#grid;
    const position = Math.min(this.#columns - 1, Math.max(0, (z + reach) / step));
    const column = Math.min(this.#columns - 2, Math.floor(position));
    const low = this.#values[i * this.#columns + column] ?? 0;
    const high = this.#values[i * this.#columns + column + 1] ?? 0;
    return low + (high - low) * (position - column);
  }

  /** The slowdown that gives a log latency, clamped to the grid. */
  inverse(i: number, logLatency: number): number {
    const { reach, step } = this.#grid;
    const first = i * this.#columns;
    let low = 0;
    let high = this.#columns - 1;
    if (!(logLatency > (this.#values[first] ?? 0))) return -reach;
    if (logLatency >= (this.#values[first + high] ?? 0)) return reach;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#values[first + middle] ?? 0) <= logLatency) low = middle;
      else high = middle;
    }
    const below = this.#values[first + low] ?? 0;
    const above = this.#values[first + high] ?? 0;
    return (low + (logLatency - below) / (above - below)) * step - reach;
  }

  /** Growth of log latency per unit of slowdown, over one grid step on either side. */
  slope(i: number, z: number): number {
    const { reach, step } = this.#grid;
    const low = Math.max(-reach, z - step);
    const high = Math.min(reach, z + step);
    return (this.at(i, high) - this.at(i, low)) / (high - low);
  }
}
