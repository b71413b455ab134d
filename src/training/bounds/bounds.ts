// Lower bounds on the cost of any policy that serves its requests in time, and what they assume.
//
// lp          requests × the cheapest cost of one at full use
// integer     cheapest fleet over slots of D s, no launch delay, launches billed, functions for the overflow
// integerLate max over ν in [0, c] of  integer with overflow price min(c, ν)  -  ν·(1 - q)·requests
// Source: design section 9; the argument is in docs/math.md ("Bounds").
// Work may wait past its slot for at most the longest SLO latency L, so a machine gives a slot D + L seconds, and
// the first and last slot of a machine's life may be used in part, so 2·D of its price come off the launch bill.
// Each D gives a valid bound; the largest counts.

import { coarser } from "./demand.ts";
import { cheapestFleet, type FleetProblem, type SlotDemand } from "./fleet-plan.ts";
import type { CallPrice, Rentable } from "./rentable.ts";

/** Slot lengths tried, as multiples of the base slot of 5 s. */
export const BASE_SLOT_S = 5;
const FACTORS = [1, 2, 6];

/**
 * Machine types the programme's grid holds. Of more, the others may be had by the request at the price of full use:
 * a relaxation, still a valid bound.
 */
export const MAX_EXACT_TYPES = 2;

/** Steps of the golden-section search for the best miss price. */
const DUAL_STEPS = 14;

/** What the bounds need to know. */
export interface BoundInput {
  readonly types: readonly Rentable[];
  /** What a request outside these machines costs at least; null where it cannot be served. */
  readonly call: CallPrice | null;
  /** Whether machine types beyond the grid's count among the calls. */
  readonly relaxed: boolean;
  /** In slots of `BASE_SLOT_S`. */
  readonly demand: SlotDemand;
  /** All scored requests, those in slots left out included. */
  readonly requests: number;
  /** The longest latency any SLO allows. */
  readonly latestS: number;
  /** Largest share of requests that may be late for ever: the least 1 - q over SLOs. */
  readonly missShare: number;
}

function cheapestRequestUsd(input: BoundInput): number {
  const machine = Math.min(...input.types.map((type) => type.usdPerS / type.capacityRps));
  return Math.min(machine, input.call?.usdPerRequest ?? Number.POSITIVE_INFINITY);
}

/** Requests times the cheapest cost per request at full use; strict for whoever drops nothing. */
export function lpUsd(input: BoundInput): number {
  return input.requests * cheapestRequestUsd(input);
}

function problemAt(input: BoundInput, factor: number, overflowUsd: number): FleetProblem {
  const demand = factor === 1 ? input.demand : coarser(input.demand, factor);
  return {
    types: input.types,
    demand,
    overflowUsd,
    serveS: demand.slotS + input.latestS,
    launchUsd: input.types.map((type) => Math.max(0, type.launchUsd - 2 * demand.slotS * type.usdPerS)),
  };
}

function boundAt(input: BoundInput, overflowUsd: number, factors: readonly number[]): number {
  return Math.max(0, ...factors.map((factor) => cheapestFleet(problemAt(input, factor, overflowUsd), false).usd));
}

/** Every request served in time; Infinity where neither machines nor functions can. Never below `lp`, which holds too. */
export function integerUsd(input: BoundInput): number {
  return Math.max(lpUsd(input), boundAt(input, input.call?.usdPerRequest ?? Number.POSITIVE_INFINITY, FACTORS));
}

/** The misses the SLO allows are free: the valid bound for whoever only just passes. */
export function integerLateUsd(input: BoundInput): number {
  const allowed = input.missShare * input.demand.counts.reduce((sum, count) => sum + count, 0);
  const ceiling = input.call?.usdPerRequest ?? 50 * cheapestRequestUsd(input);
  const dual = (nu: number): number => boundAt(input, nu, [2]) - nu * allowed;
  const golden = (Math.sqrt(5) - 1) / 2;
  let low = 0;
  let high = ceiling;
  let left = high - golden * (high - low);
  let right = low + golden * (high - low);
  let valueLeft = dual(left);
  let valueRight = dual(right);
  let best = Math.max(lpUsd(input) * (1 - input.missShare), dual(ceiling), valueLeft, valueRight);
  for (let step = 0; step < DUAL_STEPS; step++) {
    if (valueLeft < valueRight) {
      low = left;
      left = right;
      valueLeft = valueRight;
      right = low + golden * (high - low);
      valueRight = dual(right);
    } else {
      high = right;
      right = left;
      valueRight = valueLeft;
      left = high - golden * (high - low);
      valueLeft = dual(left);
    }
    best = Math.max(best, valueLeft, valueRight);
  }
  return best;
}

/** A fleet over time. */
export interface ClairvoyantPlan {
  readonly usd: number;
  readonly types: readonly Rentable[];
  /** Shape [types][slots]. */
  readonly counts: readonly Int32Array[];
  readonly startS: Float64Array;
  readonly slotS: number;
}

/** The fleet a clairvoyant would run slot by slot, without the bound's concessions, on a share of the capacity. */
export function clairvoyantPlan(input: BoundInput, types: readonly Rentable[], capacityShare: number): ClairvoyantPlan {
  const demand = coarser(input.demand, 2);
  const plan = cheapestFleet(
    {
      types,
      demand,
      overflowUsd: input.call?.usdPerRequest ?? Number.POSITIVE_INFINITY,
      serveS: demand.slotS * capacityShare,
      launchUsd: types.map((type) => type.launchUsd),
    },
    true,
  );
  return { usd: plan.usd, types, counts: plan.counts, startS: demand.startS, slotS: demand.slotS };
}
