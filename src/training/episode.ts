// One episode of any decider on an environment, under the guards: the same loop for training and evaluation.

import type { Actor, ArrivalRecord, ClusterState, Environment, Proposal, Transition } from "../core/index.ts";
import { EpisodeGuards, type GuardRules } from "../guards/index.ts";
import { sameConfiguration } from "../spaces/index.ts";

/** What acts in an episode: a frozen policy, or an agent that also learns. */
export interface Decider {
  act(observation: ClusterState): Proposal;
  update?(transition: Transition): void;
  recall?(arrivals: Iterable<ArrivalRecord>): void;
  plan?(): void;
}

/** Asked before each step; the episode ends early when it answers false. */
export type OnStep = (step: number, transition: Transition) => boolean | Promise<boolean>;

/** What an episode amounted to. */
export interface EpisodeResult {
  readonly steps: number;
  readonly totalReward: number;
  /** Decisions a guard changed. */
  readonly guarded: number;
  readonly stopped: boolean;
}

/** Duration of each decision in microseconds, by an injected clock in milliseconds. */
export interface DecisionTimer {
  readonly nowMs: () => number;
  readonly record: (micros: number) => void;
}

/**
 * Runs one episode: observe, propose, guard, apply, learn, until the environment truncates it.
 * @param seed resets the environment's chance; absent, its stream goes on
 */
export async function runEpisode(
  environment: Environment,
  decider: Decider,
  rules: GuardRules,
  options: { seed?: number; maxSteps?: number; onStep?: OnStep; timer?: DecisionTimer } = {},
): Promise<EpisodeResult> {
  let { observation } = await environment.reset(options.seed === undefined ? {} : { seed: options.seed });
  const guards = new EpisodeGuards(rules, environment.actionSpace);
  let steps = 0;
  let totalReward = 0;
  let guarded = 0;
  const maxSteps = options.maxSteps ?? Number.POSITIVE_INFINITY;
  while (steps < maxSteps) {
    const startedMs = options.timer?.nowMs() ?? 0;
    const proposed = decider.act(observation);
    if (options.timer !== undefined) options.timer.record((options.timer.nowMs() - startedMs) * 1000);
    const { proposal, actions } = guards.check(proposed, observation);
    const result = await environment.step(proposal);
    const actor: Actor = sameConfiguration(proposal.configuration, proposed.configuration) ? "agent" : "guard";
    const transition: Transition = {
      observation,
      proposed,
      applied: proposal.configuration,
      actor,
      actionProbability: proposed.probability ?? 1,
      reward: result.reward,
      next: result.observation,
      windowS: result.observation.metrics.durationS,
      aborted: result.info["aborted"] === true,
      truncated: result.truncated,
    };
    decider.update?.(transition);
    decider.plan?.();
    steps += 1;
    totalReward += result.reward;
    if (actions.length > 0) guarded += 1;
    observation = result.observation;
    if (options.onStep !== undefined && !(await options.onStep(steps, transition))) {
      return { steps, totalReward, guarded, stopped: true };
    }
    if (result.terminated || result.truncated) break;
  }
  return { steps, totalReward, guarded, stopped: false };
}
