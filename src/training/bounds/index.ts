// The bounds of an evaluation, printed beside every result.

import type { OpenScenario } from "../../../environments/index.ts";
import { arrivalsRandom } from "../evaluation-environment.ts";
import { BASE_SLOT_S, type BoundInput, integerLateUsd, integerUsd, lpUsd, MAX_EXACT_TYPES } from "./bounds.ts";
import { clairvoyantUsd } from "./clairvoyant.ts";
import { countArrivals } from "./demand.ts";
import { callPrice, rentables } from "./rentable.ts";

/** Bounds in USD over the scored part of the workload, means over seeds; null where one does not apply. */
export interface Bounds {
  readonly lpUsd: number | null;
  readonly integerLateUsd: number | null;
  readonly integerUsd: number | null;
  readonly clairvoyantUsd: number | null;
  /** Present where a bound is not exact: why. */
  readonly note?: string;
}

/** What the bounds of a scenario and seed are computed from; null for scenarios without machines to count. */
export function boundInput(open: OpenScenario, seed: number): BoundInput | null {
  const types = rentables(open.plan).sort((a, b) => a.usdPerS / a.capacityRps - b.usdPerS / b.capacityRps);
  if (types.length === 0) return null;
  const rest = types.slice(MAX_EXACT_TYPES).map((type) => type.usdPerS / type.capacityRps);
  const call = callPrice(open.plan);
  const overflow = [...rest, ...(call === null ? [] : [call.usdPerRequest])];
  const { workload, scoreFromS } = open.plan;
  const demand = countArrivals(workload, arrivalsRandom(seed), scoreFromS, BASE_SLOT_S);
  return {
    types: types.slice(0, MAX_EXACT_TYPES),
    call: overflow.length === 0 ? null : { usdPerRequest: Math.min(...overflow) },
    relaxed: rest.length > 0,
    demand,
    requests: demand.counts.reduce((sum, count) => sum + count, 0),
    latestS: Math.max(...open.objective.slo.map((slo) => slo.latencyMs)) / 1000,
    missShare: Math.min(...open.objective.slo.map((slo) => 1 - slo.percentile)),
  };
}

/** Computes the bounds of a scenario on one seed. */
export type BoundsOf = (open: OpenScenario, seed: number) => Promise<Bounds>;

/** Where no bound was asked for, or none applies. */
export const NO_BOUNDS: Bounds = { lpUsd: null, integerLateUsd: null, integerUsd: null, clairvoyantUsd: null };

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function meanOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value): value is number => value !== null);
  return known.length === values.length && known.length > 0
    ? known.reduce((sum, value) => sum + value, 0) / known.length
    : null;
}

/** The bounds of a scenario on one seed. */
export async function boundsOf(open: OpenScenario, seed: number): Promise<Bounds> {
  const input = boundInput(open, seed);
  if (input === null) return NO_BOUNDS;
  return {
    ...(input.relaxed ? { note: `more than ${MAX_EXACT_TYPES} machine types: integer bounds are relaxations` } : {}),
    lpUsd: finiteOrNull(lpUsd(input)),
    integerLateUsd: finiteOrNull(integerLateUsd(input)),
    integerUsd: finiteOrNull(integerUsd(input)),
    clairvoyantUsd: await clairvoyantUsd(open, input, seed),
  };
}

/** Each bound the mean over seeds; null where one of them has none. */
export function meanBounds(bounds: readonly Bounds[]): Bounds {
  const note = bounds.find((one) => one.note !== undefined)?.note;
  return {
    ...(note === undefined ? {} : { note }),
    lpUsd: meanOrNull(bounds.map((one) => one.lpUsd)),
    integerLateUsd: meanOrNull(bounds.map((one) => one.integerLateUsd)),
    integerUsd: meanOrNull(bounds.map((one) => one.integerUsd)),
    clairvoyantUsd: meanOrNull(bounds.map((one) => one.clairvoyantUsd)),
  };
}
