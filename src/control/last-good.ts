// The last good configuration: one under which the SLO held, and the load it held at.

import type { ClusterState, Configuration, Slo } from "../core/index.ts";
import { sameConfiguration } from "../spaces/index.ts";

/** A configuration known to have met the SLO. */
export interface GoodConfiguration {
  readonly configuration: Configuration;
  readonly timeS: number;
  readonly arrivalRateRps: number;
  readonly objectiveMs: number;
}

/** Configurations remembered; the latest last. */
const REMEMBERED = 8;

/** Load may be higher by this factor for a configuration still to count as good. */
const LOAD_MARGIN = 1.1;

/** The good configurations after a window: it counts when the SLO held and nothing was in flight. */
export function nextGood(
  good: readonly GoodConfiguration[],
  observation: ClusterState,
  slo: Slo,
): readonly GoodConfiguration[] {
  const { latency, arrivals } = observation.metrics;
  if (latency === null || observation.inFlight !== null || observation.canary !== null) return good;
  if (latency.missRatio > 1 - slo.percentile + Number.EPSILON) return good;
  const entry: GoodConfiguration = {
    configuration: observation.configuration,
    timeS: observation.timeS,
    arrivalRateRps: arrivals.rateRps,
    objectiveMs: latency.objectiveMs,
  };
  const others = good.filter(({ configuration }) => !sameConfiguration(configuration, entry.configuration));
  return [...others, entry].slice(-REMEMBERED);
}

/** The latest good configuration that is not `current` and held at a load like this one; null when there is none. */
export function goodInstead(
  good: readonly GoodConfiguration[],
  current: Configuration,
  arrivalRateRps: number,
): GoodConfiguration | null {
  const fitting = good.filter(
    (entry) => arrivalRateRps <= LOAD_MARGIN * entry.arrivalRateRps && !sameConfiguration(entry.configuration, current),
  );
  return fitting.at(-1) ?? null;
}

/** The latest good configuration that is not `current`, whatever the load; null when there is none. */
export function goodBefore(good: readonly GoodConfiguration[], current: Configuration): GoodConfiguration | null {
  return good.filter(({ configuration }) => !sameConfiguration(configuration, current)).at(-1) ?? null;
}
