// What every network agent is made of: sight, mask, networks, a count of what it did, and its policy and snapshot.

import { z } from "zod";
import {
  type AgentContext,
  type AgentSnapshot,
  type ClusterState,
  type Configuration,
  type Json,
  type Policy,
  type Random,
  type Transition,
  toJson,
} from "../src/core/index.ts";
import { ActionMask } from "./action-mask.ts";
import { type Experience, type ExperienceShape, keptSight } from "./experience.ts";
import { SNAPSHOT_VERSION } from "./learner-entry.ts";
import { LearntNetworks, learntNetworksSchema, type NetworkSettings } from "./learnt-networks.ts";
import { networkPolicy } from "./network-policy.ts";
import { Eyes, type Sight } from "./sight.ts";
import { TrainingTally, tallyShape } from "./training-tally.ts";

/** Weight of the future where machines are launched, whose effect lasts. */
const LASTING_DISCOUNT = 0.9;

const count = z.number().int().nonnegative();

/** Of a snapshot. */
export const bodySchema = z.strictObject({
  tally: z.strictObject({ decisions: count, plans: count, ...tallyShape }),
  networks: learntNetworksSchema,
});

/** Windows of the history a recurrent network runs over, and its units. */
export interface Memory {
  readonly steps: number;
  readonly units: number;
}

/** The parts of a network agent that do not depend on how it learns. */
export class NetworkBody {
  readonly name: string;
  readonly mask: ActionMask;
  readonly networks: LearntNetworks;
  /** Number of values of each knob. */
  readonly heads: readonly number[];
  /** γ: 0 where knobs act at once, unless the settings say otherwise. */
  readonly discount: number;
  readonly #context: AgentContext;
  readonly #eyes: Eyes;
  readonly #tally = new TrainingTally();
  #decisions = 0;
  #plans = 0;

  constructor(name: string, context: AgentContext, settings: NetworkSettings, memory: Memory | null) {
    this.name = name;
    this.mask = new ActionMask(context.space);
    this.heads = context.space.knobs.map((knob) => knob.values.length);
    this.#context = context;
    this.#eyes = new Eyes(context, memory?.steps ?? 0);
    const sequence = memory === null ? null : { ...memory, inputs: this.#eyes.sequence.length };
    this.networks = new LearntNetworks(
      { ...settings, features: this.#eyes.features.length, heads: this.heads, sequence },
      context.random.split(`${name} networks`),
    );
    const lasting = context.space.knobs.some((knob) => knob.actuation === "provision");
    this.discount = settings.discount ?? (lasting ? LASTING_DISCOUNT : 0);
  }

  /** Widths of the experience this agent keeps. */
  get shape(): ExperienceShape {
    const { features, sequence, steps } = this.#eyes;
    return {
      features: features.length,
      sequence: steps * sequence.length,
      knobs: this.heads.length,
      scores: this.mask.width,
    };
  }

  see(observation: ClusterState): Sight {
    return this.#eyes.see(observation);
  }

  /** Windows learnt from so far. */
  get steps(): number {
    return this.#tally.steps;
  }

  /** The stream of chance of the next decision. */
  decides(): Random {
    return this.#context.random.split(`${this.name} ${this.#decisions++}`);
  }

  /** The stream of chance of the next plan. */
  plans(): Random {
    return this.#context.random.split(`${this.name} plan ${this.#plans++}`);
  }

  /** Plans so far. */
  get planned(): number {
    return this.#plans;
  }

  /** Counts a window. */
  counts(transition: Transition): void {
    this.#tally.add(transition);
  }

  /** A window as experience; null where the choice is none that this agent could have made. */
  experience(transition: Transition, chosen: Configuration): Experience | null {
    const { observation, next, reward, truncated, actionProbability } = transition;
    if (!this.#context.space.contains(chosen)) return null;
    const positions = this.#context.space.coordinates(chosen);
    return {
      seen: keptSight(this.see(observation)),
      positions,
      open: this.mask.openTo(observation.mask, positions),
      logProbability: Math.fround(Math.log(actionProbability)),
      reward: Math.fround(reward),
      next: keptSight(this.see(next)),
      fromS: observation.timeS,
      toS: next.timeS,
      truncated,
    };
  }

  policy(): Policy {
    const { backend, now, steps } = this.networks;
    return networkPolicy(this.name, this.#context, now.networks.scores, this.mask, {
      ...this.#tally.summary(),
      ...(steps === 0 ? {} : { backend }),
    });
  }

  /** The snapshot of an agent. @param rest what the agent keeps beside its body */
  save(rest: Readonly<Record<string, Json>>): AgentSnapshot {
    const tally = { decisions: this.#decisions, plans: this.#plans, ...this.#tally.save() };
    const state = { ...rest, body: { tally, networks: this.networks.save() } };
    return { agent: this.name, version: SNAPSHOT_VERSION, state: toJson(state) };
  }

  /** Takes over what was saved. @throws when it is of another shape */
  restore({ tally, networks }: z.output<typeof bodySchema>): void {
    this.networks.restore(networks);
    this.#tally.restore(tally);
    this.#decisions = tally.decisions;
    this.#plans = tally.plans;
  }
}
