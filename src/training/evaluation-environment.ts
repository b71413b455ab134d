// The environment policies are scored in: one episode over the whole workload, its arrivals fixed by the seed.

import { type ClusterEnvironment, type OpenScenario, simulatedEnvironment } from "../../environments/index.ts";
import type { SimulatedCluster } from "../clusters/simulated.ts";
import type { Random } from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";

/** The stream a simulation of this seed draws from; every policy and bound of the seed sees the same arrivals. */
export function evaluationRandom(seed: number): Random {
  return new SeededRandom(seed).split("evaluation");
}

/** The stream those arrivals are drawn from. */
export function arrivalsRandom(seed: number): Random {
  return evaluationRandom(seed).split("episode-0").split("arrivals");
}

/** One episode over the whole workload. @param intervalS time between decisions, the scenario's where absent */
export function evaluationEnvironment(
  open: OpenScenario,
  seed: number,
  intervalS: number = open.intervalS,
): ClusterEnvironment<SimulatedCluster> {
  return simulatedEnvironment(
    { ...open, intervalS },
    { random: evaluationRandom(seed), episodeS: open.plan.workload.durationS },
  );
}
