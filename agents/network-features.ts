// What a network sees of a cluster: a dozen numbers in their usual units, each with the offset and scale it is seen at.
//
// | name                | value                                                                                    |
// | arrivalRateRps      | mean arrival rate of the last window                                                     |
// | peakRateRps         | highest rate over the last ten windows' sub-intervals                                    |
// | rateTrend           | ln(arrivalRateRps / mean rate of the five windows before it); 0 where there are none     |
// | latencyObjectiveMs  | latency at the objective's percentile; -1 where nothing completed                        |
// | missRatio           | share of requests later than the SLO; 0 where nothing completed                          |
// | queueLength         | requests waiting                                                                         |
// | utilization         | busy share of ready capacity                                                             |
// | offloadedShare      | share of requests served by functions                                                    |
// | target.<knob>       | position, from 0, of the knob's value in the configuration that runs or is on its way    |
// Rates are seen relative to what one host can serve, latencies relative to the SLO: the same network means the same on a
// faster machine or under another SLO.

import type { AgentContext, ClusterState, KnobLattice, PastWindow, PolicyFeature } from "../src/core/index.ts";

/** Windows the peak is taken over, and windows the trend is taken against. */
const PEAK_WINDOWS = 10;
const TREND_WINDOWS = 5;

/** Rates below this count as this in a trend. */
const LOWEST_RATE_RPS = 1e-3;

/** The capacity of one host in the scenario's initial configuration. */
export function hostRps({ model, catalogue, initial }: AgentContext): number {
  const capacity = model.capacityRps(catalogue.instances[0]?.name ?? "host", initial);
  return Number.isFinite(capacity) && capacity > 0 ? capacity : 1;
}

/** A feature seen as it is. */
export function plain(name: string, unit: string, offset: number, scale: number): PolicyFeature {
  return { name, unit, offset, scale };
}

/** A feature seen by its logarithm. @param reference the value seen as 0 */
export function logarithmic(name: string, unit: string, reference: number, scale: number): PolicyFeature {
  return { name, unit, transform: "log1p", offset: Math.log1p(reference), scale };
}

/** The position of each knob, seen in [-1, 1]. */
export function positionFeatures(prefix: string, space: KnobLattice): PolicyFeature[] {
  return space.knobs.map((knob) => {
    const middle = (knob.values.length - 1) / 2;
    return plain(`${prefix}.${knob.name}`, "step", middle, Math.max(0.5, middle));
  });
}

/** The features of a network policy, in the order it sees them. */
export function networkFeatures(context: AgentContext): PolicyFeature[] {
  const rate = hostRps(context);
  return [
    logarithmic("arrivalRateRps", "1/s", rate, 1),
    logarithmic("peakRateRps", "1/s", rate, 1),
    plain("rateTrend", "1", 0, 0.3),
    logarithmic("latencyObjectiveMs", "ms", context.objective.slo[0].latencyMs, 1),
    plain("missRatio", "1", 0, 0.1),
    logarithmic("queueLength", "1", 0, 3),
    plain("utilization", "1", 0.5, 0.25),
    plain("offloadedShare", "1", 0, 0.25),
    ...positionFeatures("target", context.space),
  ];
}

/** What a policy with this feature sees of a value. */
export function seen({ transform, offset, scale }: PolicyFeature, value: number): number {
  return ((transform === "log1p" ? Math.log1p(Math.max(0, value)) : value) - offset) / scale;
}

function trend(rateRps: number, before: readonly PastWindow[]): number {
  if (before.length === 0) return 0;
  const mean = before.reduce((sum, window) => sum + window.arrivalRateRps, 0) / before.length;
  return Math.log(Math.max(LOWEST_RATE_RPS, rateRps) / Math.max(LOWEST_RATE_RPS, mean));
}

/** The values of `networkFeatures` in an observation, in their units; they fit every lattice of the same knobs. */
export function featureValues(space: KnobLattice, observation: ClusterState): number[] {
  const { metrics, history, inFlight, configuration } = observation;
  const rateRps = metrics.arrivals.rateRps;
  const peakRps = history.slice(-PEAK_WINDOWS).reduce((peak, window) => Math.max(peak, window.peakRateRps), rateRps);
  return [
    rateRps,
    peakRps,
    trend(rateRps, history.slice(-1 - TREND_WINDOWS, -1)),
    metrics.latency?.objectiveMs ?? -1,
    metrics.latency?.missRatio ?? 0,
    metrics.queueLength,
    metrics.utilization,
    metrics.offloadedShare,
    ...space.coordinates(space.nearest(inFlight ?? configuration)),
  ];
}
