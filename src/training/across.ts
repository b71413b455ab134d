// Trains one agent over many applications, one after another: what it learns is what they have in common.
//
// on each application in turn:  live through some windows, carry networks and experience on to the next
// at first the optimizer decides and the agent looks on, for as many applications as are asked for
// Applications share one knob lattice, and networks see loads and latencies relative to machine and SLO, so that weights
// mean the same on all of them.
// Source: the training over many applications of H. Qiu et al., "AWARE", USENIX ATC 2023, section 4.

import { findAgent } from "../../agents/index.ts";
import { application } from "../../environments/application.ts";
import { agentContext, openScenario, simulatedEnvironment } from "../../environments/index.ts";
import type { Agent, AgentSnapshot } from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";
import { createOptimizer } from "../optimizers/index.ts";
import type { Checkpoint } from "../store/index.ts";
import { type Decider, runEpisode } from "./episode.ts";
import { DEFAULT_OPTIMIZER } from "./policies.ts";
import { simulationRules } from "./simulation-rules.ts";
import { checkpointOf } from "./train.ts";

/** What to train, and on what. */
export interface AcrossOptions {
  readonly agent: string;
  /** Numbers of applications, in the order they are lived through. */
  readonly applications: readonly number[];
  /** The first so many applications are the optimizer's, the agent looks on. */
  readonly shown: number;
  /** Windows lived through on each. */
  readonly windows: number;
  readonly seed: number;
  /** Called after each application; answering false stops there. */
  readonly onApplication?: (done: number, meanReward: number) => boolean;
}

/** The optimizer decides, the agent looks on. */
function shownTo(agent: Agent, optimizer: Agent): Decider {
  return {
    act: (observation) => optimizer.act(observation),
    update: (transition) => agent.update({ ...transition, actor: "optimizer" }),
    plan: () => agent.plan?.(),
  };
}

/**
 * Trains, and returns the checkpoint after the last application; its environment is that application's.
 * @throws {UnknownNameError} for an agent no registry knows
 * @throws {CheckpointError} when the agent cannot go on from one application to the next
 */
export async function trainAcross(options: AcrossOptions): Promise<Checkpoint> {
  const factory = findAgent(options.agent);
  const curve: number[] = [];
  let snapshot: AgentSnapshot | null = null;
  let checkpoint: Checkpoint | null = null;
  for (const number of options.applications) {
    const open = await openScenario(application(number), { dataFolder: null });
    const random = new SeededRandom(options.seed).split(`across ${curve.length} ${number}`);
    const context = agentContext(open, random.split("agent"), options.seed, createOptimizer(DEFAULT_OPTIMIZER));
    const agent: Agent = snapshot === null ? factory.create(context) : factory.restore(context, snapshot);
    const environment = simulatedEnvironment(open, {
      random: random.split("training"),
      episodeS: (options.windows + 1) * open.intervalS,
    });
    const decider = curve.length < options.shown ? shownTo(agent, findAgent(DEFAULT_OPTIMIZER).create(context)) : agent;
    const { steps, totalReward } = await runEpisode(environment, decider, simulationRules(open)).finally(() =>
      environment.close(),
    );
    curve.push(totalReward / Math.max(1, steps));
    snapshot = agent.save();
    const kept = { agent: options.agent, seed: options.seed };
    checkpoint = checkpointOf(agent, open, kept, curve.length * options.windows, curve);
    if (options.onApplication?.(curve.length, curve.at(-1) ?? 0) === false) break;
  }
  if (checkpoint === null) throw new RangeError("applications: expected at least one, found none");
  return checkpoint;
}
