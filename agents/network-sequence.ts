// What a recurrent network sees: the latest windows of the observation's history, one step a window, oldest first.
//
// | name                | value                                                                      |
// | arrivalRateRps      | mean arrival rate of the window                                            |
// | latencyObjectiveMs  | latency at the objective's percentile; -1 where nothing completed          |
// | missRatio           | share of requests later than the SLO                                       |
// | utilization         | busy share of ready capacity                                               |
// | queueLength         | requests waiting at the window's end                                       |
// | costUsdPerHour      | cost rate of the window                                                    |
// | knob.<knob>         | position, from 0, of the knob's value in force                             |
// A history shorter than the sequence is preceded by steps in which everything is seen as 0.

import type { AgentContext, ClusterState, KnobLattice, PastWindow, PolicyFeature } from "../src/core/index.ts";
import { hostRps, logarithmic, plain, positionFeatures, seen } from "./network-features.ts";

/** The features of one step. */
export function windowFeatures(context: AgentContext): PolicyFeature[] {
  const { slo, reward } = context.objective;
  return [
    logarithmic("arrivalRateRps", "1/s", hostRps(context), 1),
    logarithmic("latencyObjectiveMs", "ms", slo[0].latencyMs, 1),
    plain("missRatio", "1", 0, 0.1),
    plain("utilization", "1", 0.5, 0.25),
    logarithmic("queueLength", "1", 0, 3),
    plain("costUsdPerHour", "USD/h", 0, reward.referenceUsdPerHour),
    ...positionFeatures("knob", context.space),
  ];
}

function windowValues(space: KnobLattice, window: PastWindow): number[] {
  return [
    window.arrivalRateRps,
    window.objectiveMs ?? -1,
    window.missRatio,
    window.utilization,
    window.queueLength,
    window.costUsdPerHour,
    ...space.coordinates(space.nearest(window.configuration)),
  ];
}

/** The sequence as a network sees it, shape [steps, features]. */
export function sequenceSeen(
  features: readonly PolicyFeature[],
  steps: number,
  space: KnobLattice,
  observation: ClusterState,
): Float64Array {
  const found = new Float64Array(steps * features.length);
  if (steps === 0) return found;
  const windows = observation.history.slice(-steps);
  const missing = steps - windows.length;
  windows.forEach((window, i) => {
    const values = windowValues(space, window);
    features.forEach((feature, f) => {
      found[(missing + i) * features.length + f] = seen(feature, values[f] ?? 0);
    });
  });
  return found;
}
