// Trains an agent on a scenario: episode after episode under the guards, with a checkpoint after each.

import { findAgent } from "../../agents/index.ts";
import { agentContext, type OpenScenario, simulatedEnvironment } from "../../environments/index.ts";
import {
  type Agent,
  type AgentContext,
  type AgentFactory,
  CheckpointError,
  type Json,
  type PolicySpec,
  type Transition,
} from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";
import { createOptimizer } from "../optimizers/index.ts";
import { sealPolicySpec } from "../spaces/index.ts";
import type { Checkpoint } from "../store/index.ts";
import { type Decider, runEpisode } from "./episode.ts";
import { DEFAULT_OPTIMIZER } from "./policies.ts";
import { simulationRules } from "./simulation-rules.ts";
import { warmStart } from "./warm-start.ts";

/** What to train. */
export interface TrainOptions {
  readonly agent: string;
  readonly seed: number;
  readonly episodes: number;
  /** A checkpoint of the same agent, environment and seed to go on from. */
  readonly resume?: Checkpoint;
  /** A checkpoint of the same agent, of any environment of the same lattice, to begin with what it learnt. */
  readonly start?: Checkpoint;
  /** Called after every step; answering false stops after the episode's checkpoint of the step before. */
  readonly onStep?: (progress: TrainProgress) => boolean | Promise<boolean>;
  /** Called with every step taken, before `onStep`. */
  readonly onTransition?: (transition: Transition) => void;
  readonly onEpisode?: (checkpoint: Checkpoint, progress: TrainProgress) => void | Promise<void>;
}

/** How far a training is. */
export interface TrainProgress {
  readonly episode: number;
  readonly episodes: number;
  readonly step: number;
  readonly stepsPerEpisode: number;
  /** Mean reward a step of the running episode so far. */
  readonly meanReward: number;
  /** Mean reward a step of each finished episode. */
  readonly curve: readonly number[];
}

/** Mean reward a step of each finished episode, as a checkpoint keeps it. */
export function learningCurve(progress: Json): number[] {
  const list = typeof progress === "object" && progress !== null && "curve" in progress ? progress["curve"] : null;
  return Array.isArray(list) ? list.filter((value): value is number => typeof value === "number") : [];
}

function summarised(spec: PolicySpec, steps: number, curve: readonly number[]): PolicySpec["training"] {
  return { ...spec.training, steps, episodes: curve.length, meanReward: curve.at(-1) ?? null };
}

function checkResumable(resume: Checkpoint, open: OpenScenario, options: TrainOptions): void {
  const expected = { agent: options.agent, environment: open.id, seed: options.seed };
  for (const key of ["agent", "environment", "seed"] as const) {
    if (resume[key] !== expected[key]) {
      throw new CheckpointError(`resume: ${key}: expected ${expected[key]}, found ${resume[key]}`);
    }
  }
}

function begun(factory: AgentFactory, context: AgentContext, { resume, start }: TrainOptions): Agent {
  if (resume !== undefined) return factory.restore(context, resume.snapshot);
  return start === undefined ? factory.create(context) : warmStart(factory, context, start.snapshot);
}

/**
 * Trains and returns the last checkpoint. Interrupted and resumed at an episode's end, the result has the same
 * bytes as one uninterrupted run.
 * @throws {UnknownNameError} for an agent no registry knows
 * @throws {CheckpointError} when `resume` is of another agent, environment or seed, or `start` of another agent or lattice
 */
export async function train(open: OpenScenario, options: TrainOptions): Promise<Checkpoint> {
  const factory = findAgent(options.agent);
  const context = agentContext(
    open,
    new SeededRandom(options.seed).split("agent"),
    options.seed,
    createOptimizer(DEFAULT_OPTIMIZER),
  );
  if (options.resume !== undefined) checkResumable(options.resume, open, options);
  const agent = begun(factory, context, options);
  const curve = options.resume === undefined ? [] : learningCurve(options.resume.progress);
  const environment = simulatedEnvironment(open, {
    random: new SeededRandom(options.seed).split("training"),
    firstEpisode: curve.length,
  });
  const decider: Decider = agent;
  const rules = simulationRules(open);
  let checkpoint = options.resume ?? null;
  let steps = curve.length * environment.episodeSteps;
  try {
    while (curve.length < options.episodes) {
      let rewardSum = 0;
      const progressAt = (step: number): TrainProgress => ({
        episode: curve.length,
        episodes: options.episodes,
        step,
        stepsPerEpisode: environment.episodeSteps,
        meanReward: step === 0 ? 0 : rewardSum / step,
        curve: [...curve],
      });
      const result = await runEpisode(environment, decider, rules, {
        onStep: (step, transition) => {
          rewardSum += transition.reward;
          options.onTransition?.(transition);
          return options.onStep?.(progressAt(step)) ?? true;
        },
      });
      if (result.stopped) break;
      steps += result.steps;
      curve.push(result.totalReward / Math.max(1, result.steps));
      checkpoint = checkpointOf(agent, open, options, steps, curve);
      await options.onEpisode?.(checkpoint, progressAt(result.steps));
    }
  } finally {
    await environment.close();
  }
  return checkpoint ?? checkpointOf(agent, open, options, steps, curve);
}

/** An agent as it is, after so many steps. */
export function checkpointOf(
  agent: Agent,
  open: OpenScenario,
  options: Pick<TrainOptions, "agent" | "seed">,
  steps: number,
  curve: readonly number[],
): Checkpoint {
  const spec = agent.policy().toJSON();
  return {
    agent: options.agent,
    environment: open.id,
    seed: options.seed,
    spec: sealPolicySpec({ ...spec, training: summarised(spec, steps, curve) }),
    snapshot: agent.save(),
    progress: { scenario: open.scenario.name, steps, curve: [...curve] },
  };
}
