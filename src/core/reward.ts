// The reward: minus cost, minus lateness, minus misses, minus change.
//
// r = -cost/cost_ref - w_l·max(0, log(p_q/SLO)) - w_v·missRatio - w_s·distance/reach
// where latency is minimised: r = -w_l·log(p_q/SLO) - w_v·missRatio - w_s·distance/reach
// Source: systems.md 1.2, a reconstruction; the log keeps one overloaded window from drowning a region's mean.
// Differs: the switching term is the distance in lattice steps over the longest knob's steps, so it is in [0, 1];
// a window with a queue but nothing served has no latency, and its lateness counts as ten times the SLO.

import type { Info } from "./environment.ts";
import type { Configuration } from "./knob.ts";
import type { Objective } from "./objective.ts";
import type { KnobLattice } from "./space.ts";
import type { ClusterState } from "./state.ts";

/** Lateness charged when requests wait and none came back. */
const STALLED_LOG_RATIO = Math.log(10);

function lateness(observation: ClusterState, objective: Objective): number {
  const { latency, queueLength } = observation.metrics;
  if (latency === null) return queueLength > 0 ? STALLED_LOG_RATIO : 0;
  const logRatio = Math.log(latency.objectiveMs / objective.slo[0].latencyMs);
  return objective.minimize === "latency" ? logRatio : Math.max(0, logRatio);
}

/** The reward of a window and its terms, each as it entered the sum (≤ 0, but for latency below the SLO where latency is minimised). */
export function rewardOf(
  previous: Configuration,
  observation: ClusterState,
  objective: Objective,
  lattice: KnobLattice,
): { reward: number; info: Info } {
  const weights = objective.reward;
  const reach = Math.max(1, ...lattice.knobs.map((knob) => knob.values.length - 1));
  const target = observation.inFlight ?? observation.configuration;
  const rewardCost =
    objective.minimize === "latency" ? 0 : -observation.metrics.costUsdPerHour / weights.referenceUsdPerHour;
  const rewardLatency = -weights.latency * lateness(observation, objective);
  const rewardMiss = -weights.miss * (observation.metrics.latency?.missRatio ?? 0);
  const rewardChange = -weights.change * (lattice.distance(previous, target) / reach);
  const reward = rewardCost + rewardLatency + rewardMiss + rewardChange;
  return { reward, info: { rewardCost, rewardLatency, rewardMiss, rewardChange } };
}
