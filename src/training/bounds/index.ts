// The bounds of an evaluation, printed beside every result.

import type { OpenScenario } from "../../../environments/index.ts";
import { evaluationRandom } from "../evaluation-environment.ts";
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
  const random = evaluationRandom(seed).split("episode-0").split("arrivals");
  const demand = countArrivals(workload, random, scoreFromS, BASE_SLOT_S);
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

function meanOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  return known.length === values.length && known.length > 0
    ? known.reduce((sum, value) => sum + value, 0) / known.length
    : null;
}

/** The bounds of a scenario, each the mean over the seeds. */
export async function boundsOf(open: OpenScenario, seeds: readonly number[]): Promise<Bounds> {
  const inputs = seeds.map((seed) => boundInput(open, seed));
  const lp: (number | null)[] = [];
  const integer: (number | null)[] = [];
  const late: (number | null)[] = [];
  const clairvoyant: (number | null)[] = [];
  for (const [i, input] of inputs.entries()) {
    const seed = seeds[i] ?? 0;
    lp.push(input === null ? null : lpUsd(input));
    integer.push(input === null ? null : integerUsd(input));
    late.push(input === null ? null : integerLateUsd(input));
    clairvoyant.push(input === null ? null : await clairvoyantUsd(open, input, seed));
  }
  const relaxed = inputs.some((input) => input?.relaxed === true);
  return {
    ...(relaxed ? { note: `more than ${MAX_EXACT_TYPES} machine types: integer bounds are relaxations` } : {}),
    lpUsd: meanOrNull(lp),
    integerLateUsd: meanOrNull(late),
    integerUsd: meanOrNull(integer),
    clairvoyantUsd: meanOrNull(clairvoyant),
  };
}
