// How soon an agent that learnt elsewhere is at home in an application it never saw.
//
// it acts and learns; after every `every` windows its policy is frozen and scored on a day's stretch of its own, the same
// arrivals each time;  converged = mean score of the last quarter of the policies
// adapted after the first policy that scores within 5 % of converged
// Source: the experiment is that of H. Qiu et al., "AWARE", USENIX ATC 2023, section 5.2: there 5.5 times sooner than from
// another application's policy.

import { findAgent } from "../../agents/index.ts";
import { agentContext, type OpenScenario, simulatedEnvironment } from "../../environments/index.ts";
import type { AgentSnapshot, Policy } from "../core/index.ts";
import { mean, SeededRandom } from "../math/index.ts";
import { createOptimizer } from "../optimizers/index.ts";
import { runEpisode } from "./episode.ts";
import { breaksSlo } from "./learning-run.ts";
import { DEFAULT_OPTIMIZER } from "./policies.ts";
import { simulationRules } from "./simulation-rules.ts";
import { warmStart } from "./warm-start.ts";

/** What to run. */
export interface AdaptationOrder {
  readonly agent: string;
  readonly learnt: AgentSnapshot;
  readonly seed: number;
  /** Windows lived through, windows between two scores, and windows of a score. */
  readonly windows: number;
  readonly every: number;
  readonly scored: number;
}

/** What it came to. */
export interface AdaptationRun {
  /** Mean reward of the policy after 0, every, 2·every … windows. */
  readonly scores: readonly number[];
  readonly converged: number;
  /** Windows until a policy scored within 5 % of converged. */
  readonly adaptedAfter: number;
  /** Windows lived through that broke the SLO. */
  readonly violations: number;
}

const WITHIN = 0.05;

/** Windows until scores come within 5 % of a level. @returns all of them where they never do */
export function windowsUntil(scores: readonly number[], every: number, level: number): number {
  const at = scores.findIndex((score) => score >= level - WITHIN * Math.abs(level));
  return at < 0 ? (scores.length - 1) * every : at * every;
}

async function scoreOf(open: OpenScenario, policy: Policy, { seed, scored }: AdaptationOrder): Promise<number> {
  const environment = simulatedEnvironment(open, {
    random: new SeededRandom(seed).split("scored"),
    episodeS: (scored + 1) * open.intervalS,
  });
  const decider = {
    act: (observation: Parameters<Policy["act"]>[0]) => ({ configuration: policy.act(observation), reason: "" }),
  };
  const { steps, totalReward } = await runEpisode(environment, decider, simulationRules(open)).finally(() =>
    environment.close(),
  );
  return totalReward / Math.max(1, steps);
}

/** Runs one agent in one application. @throws {CheckpointError} when what was learnt does not fit it */
export async function adaptationRun(open: OpenScenario, order: AdaptationOrder): Promise<AdaptationRun> {
  const { seed, windows, every } = order;
  const random = new SeededRandom(seed);
  const context = agentContext(open, random.split("agent"), seed, createOptimizer(DEFAULT_OPTIMIZER));
  const agent = warmStart(findAgent(order.agent), context, order.learnt);
  const environment = simulatedEnvironment(open, {
    random: random.split("adaptation"),
    episodeS: (windows + 1) * open.intervalS,
  });
  const scores = [await scoreOf(open, agent.policy(), order)];
  let violations = 0;
  await runEpisode(environment, agent, simulationRules(open), {
    onStep: async (step, { next }) => {
      if (breaksSlo(next, open.objective.slo[0])) violations++;
      if (step % every === 0) scores.push(await scoreOf(open, agent.policy(), order));
      return true;
    },
  }).finally(() => environment.close());
  const converged = mean(scores.slice(-Math.ceil(scores.length / 4)));
  return { scores, converged, adaptedAfter: windowsUntil(scores, every, converged), violations };
}
