// One agent that knows nothing yet, on one scenario, for its first intervals: what learning costs while it lasts.

import { findAgent } from "../../agents/index.ts";
import { agentContext, type OpenScenario, simulatedEnvironment } from "../../environments/index.ts";
import type { ClusterState, Slo, Trust } from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";
import { createOptimizer } from "../optimizers/index.ts";
import { runEpisode } from "./episode.ts";
import { simulationRules } from "./simulation-rules.ts";

/** What to run. */
export interface LearningOrder {
  readonly agent: string;
  /** What it leans on. */
  readonly optimizer: string;
  readonly seed: number;
  readonly intervals: number;
}

/** What one interval came to. */
export interface LearningInterval {
  readonly late: boolean;
  readonly usd: number;
  readonly reward: number;
}

/** What the first intervals came to. */
export interface LearningRun {
  readonly intervals: readonly LearningInterval[];
  /** At the end; null for an agent that acts without asking. */
  readonly trust: Trust | null;
  /** Interval from which on its policy acted and went on acting; null where it does not at the end, or never had to ask. */
  readonly servingFrom: number | null;
}

/** Whether a window broke the SLO: too many late, or requests waiting and none served. */
export function breaksSlo({ metrics }: ClusterState, { percentile }: Slo): boolean {
  const { latency, queueLength } = metrics;
  return latency === null ? queueLength > 0 : latency.missRatio > 1 - percentile;
}

/**
 * Runs an agent from its beginning. All agents of a seed see the same arrivals.
 * @throws {UnknownNameError} for an agent or optimizer that does not exist
 */
export async function learningRun(open: OpenScenario, order: LearningOrder): Promise<LearningRun> {
  const { agent: name, optimizer, seed, intervals } = order;
  const random = new SeededRandom(seed);
  const agent = findAgent(name).create(agentContext(open, random.split("agent"), seed, createOptimizer(optimizer)));
  const environment = simulatedEnvironment(open, {
    random: random.split("learning"),
    episodeS: (intervals + 1) * open.intervalS,
  });
  const lived: LearningInterval[] = [];
  let servingFrom: number | null = null;
  try {
    await runEpisode(environment, agent, simulationRules(open), {
      onStep: (_step, { next, reward }) => {
        lived.push({ late: breaksSlo(next, open.objective.slo[0]), usd: next.metrics.costUsd, reward });
        servingFrom = agent.trust?.() === "serving" ? (servingFrom ?? lived.length) : null;
        return true;
      },
    });
  } finally {
    await environment.close();
  }
  return { intervals: lived, trust: agent.trust?.() ?? null, servingFrom };
}
