// The cheapest fleet over time with perfect knowledge: a dynamic programme over counts of machines.
//
// V_s(n) = min_m [ V_{s-1}(m) + Σ_i launch_i·max(0, n_i - m_i) ] + Σ_i p_i·n_i·D + c·max(0, count_s - D'·Σ_i μ_i n_i)
// The launch term is separable, so the inner minimum is one sweep up and one sweep down each dimension.

import type { Rentable } from "./rentable.ts";

/** Requests of equal slots; slots of missing data are left out. */
export interface SlotDemand {
  readonly slotS: number;
  /** Requests of each slot. */
  readonly counts: Float64Array;
  /** Start of each slot since the workload's start, s. */
  readonly startS: Float64Array;
}

/** A problem for the programme. */
export interface FleetProblem {
  readonly types: readonly Rentable[];
  readonly demand: SlotDemand;
  /** Cost of a request no machine serves; Infinity where it must be served. */
  readonly overflowUsd: number;
  /** Seconds of capacity a machine gives to a slot: the slot, and more where work may wait past its end. */
  readonly serveS: number;
  /** Launch bill of each type, shape [types]. */
  readonly launchUsd: readonly number[];
}

/** The programme's optimum. */
export interface FleetPlan {
  readonly usd: number;
  /** Machines of each type in each slot, shape [types][slots]; empty unless asked for. */
  readonly counts: readonly Int32Array[];
}

/** A kept plan remembers a state for every state and slot; more than this would not fit in memory. */
const MAX_PLAN_BYTES = 480e6;

/** States that states came from; two bytes each where that is enough to number them. */
type Origins = Int32Array | Uint16Array;

function bytesPerOrigin(states: number): number {
  return states <= 65_536 ? Uint16Array.BYTES_PER_ELEMENT : Int32Array.BYTES_PER_ELEMENT;
}

function freshOrigins(states: number): Origins {
  return bytesPerOrigin(states) === Uint16Array.BYTES_PER_ELEMENT ? new Uint16Array(states) : new Int32Array(states);
}

interface Grid {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly states: number;
  readonly capacityRps: Float64Array; // [states]
  readonly usdPerS: Float64Array; // [states]
}

function gridOf(types: readonly Rentable[], peakRps: number): Grid {
  const sizes = types.map((type) => 1 + Math.min(type.maxCount, Math.ceil(peakRps / type.capacityRps)));
  const strides = sizes.map((_, i) => sizes.slice(i + 1).reduce((product, size) => product * size, 1));
  const states = sizes.reduce((product, size) => product * size, 1);
  const capacityRps = new Float64Array(states);
  const usdPerS = new Float64Array(states);
  for (let state = 0; state < states; state++) {
    types.forEach((type, i) => {
      const n = Math.floor(state / (strides[i] ?? 1)) % (sizes[i] ?? 1);
      capacityRps[state] = (capacityRps[state] ?? 0) + n * type.capacityRps;
      usdPerS[state] = (usdPerS[state] ?? 0) + n * type.usdPerS;
    });
  }
  return { sizes, strides, states, capacityRps, usdPerS };
}

/** Replaces value[n] by the least cost of coming to n along one dimension; `from` carries the origin along. */
function sweep(value: Float64Array, from: Origins, size: number, stride: number, launchUsd: number): void {
  for (let state = 0; state < value.length; state++) {
    if (Math.floor(state / stride) % size !== 0) continue;
    for (let n = 1, at = state + stride; n < size; n++, at += stride) {
      const launched = (value[at - stride] ?? 0) + launchUsd;
      if (launched < (value[at] ?? 0)) {
        value[at] = launched;
        from[at] = from[at - stride] ?? 0;
      }
    }
    for (let n = size - 2, at = state + n * stride; n >= 0; n--, at -= stride) {
      const dropped = value[at + stride] ?? 0;
      if (dropped < (value[at] ?? 0)) {
        value[at] = dropped;
        from[at] = from[at + stride] ?? 0;
      }
    }
  }
}

function trace(origins: readonly Origins[], grid: Grid, last: number): Int32Array[] {
  const counts = grid.sizes.map(() => new Int32Array(origins.length));
  let state = last;
  for (let slot = origins.length - 1; slot >= 0; slot--) {
    grid.sizes.forEach((size, i) => {
      const row = counts[i];
      if (row !== undefined) row[slot] = Math.floor(state / (grid.strides[i] ?? 1)) % size;
    });
    state = origins[slot]?.[state] ?? 0;
  }
  return counts;
}

/**
 * Solves the programme exactly. The fleet before the first slot is free to be anything.
 * @param keepPlan whether the machines of each slot are wanted, not only their cost
 * @throws {RangeError} when the plan would not fit in memory
 */
export function cheapestFleet(problem: FleetProblem, keepPlan: boolean): FleetPlan {
  const { types, demand, overflowUsd, serveS } = problem;
  const peakRps = demand.counts.reduce((peak, count) => Math.max(peak, count), 0) / demand.slotS;
  const grid = gridOf(types, peakRps);
  const slots = demand.counts.length;
  const bytes = bytesPerOrigin(grid.states);
  if (keepPlan && grid.states * slots * bytes > MAX_PLAN_BYTES) {
    const most = MAX_PLAN_BYTES / bytes;
    throw new RangeError(`fleet plan: expected at most ${most} states × slots, found ${grid.states} × ${slots}`);
  }
  const value = new Float64Array(grid.states);
  const scratch = freshOrigins(grid.states);
  const origins: Origins[] = [];
  const identity = Int32Array.from({ length: grid.states }, (_, state) => state);
  for (let slot = 0; slot < slots; slot++) {
    const from = keepPlan ? freshOrigins(grid.states) : scratch;
    from.set(identity);
    if (slot > 0) {
      for (const [i, size] of grid.sizes.entries()) {
        sweep(value, from, size, grid.strides[i] ?? 1, problem.launchUsd[i] ?? 0);
      }
    }
    const count = demand.counts[slot] ?? 0;
    for (let state = 0; state < grid.states; state++) {
      const overflow = count - (grid.capacityRps[state] ?? 0) * serveS;
      const late = overflow > 1e-9 ? overflow * overflowUsd : 0;
      value[state] = (value[state] ?? 0) + (grid.usdPerS[state] ?? 0) * demand.slotS + late;
    }
    if (keepPlan) origins.push(from);
  }
  let best = 0;
  for (let state = 1; state < grid.states; state++) if ((value[state] ?? 0) < (value[best] ?? 0)) best = state;
  return { usd: value[best] ?? 0, counts: keepPlan ? trace(origins, grid, best) : [] };
}
