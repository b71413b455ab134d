// What learns a policy by its gradient: collects windows, and plans when there are enough; ppo.ts has the rule.

import { z } from "zod";
import type { AgentContext, AgentSnapshot, ClusterState, Policy, Proposal, Transition } from "../src/core/index.ts";
import { sameConfiguration } from "../src/spaces/index.ts";
import { advantages } from "./advantage.ts";
import {
  type Experience,
  experienceFromJson,
  experienceJson,
  experienceSchema,
  goesOn,
  samplesOf,
} from "./experience.ts";
import type { Restorable } from "./learner-entry.ts";
import { meanAndSpread, networkSettings, shuffledBatches } from "./learnt-networks.ts";
import { bodySchema, type Memory, NetworkBody } from "./network-body.ts";

/** Settings of whatever learns a policy by its gradient. */
export const policySettings = {
  ...networkSettings,
  /** Windows between two plans. */
  rollout: z.number().int().min(2).max(100_000).default(32),
  /** Times each window is looked at in a plan. */
  passes: z.number().int().positive().default(8),
  /** ε, how far the probability of a choice may move in a plan. */
  clip: z.number().positive().lt(1).default(0.2),
  /** λ, how far ahead advantages are measured rather than estimated. */
  lambda: z.number().min(0).max(1).default(0.95),
  /** Worth of a nat of entropy, in advantages of one standard deviation. */
  entropy: z.number().min(0).default(0.003),
  /** Decisions of others between two times of cloning them. */
  clone: z.number().int().positive().max(100_000).default(32),
  /** A plan ends when the policy has moved this far, in nats. */
  divergence: z.number().positive().default(0.1),
};

/** The settings of `policySettings`, read. */
export type PolicySettings = z.output<z.ZodObject<typeof policySettings>>;

/** Of a snapshot. */
export const policyLearnerSchema = z.strictObject({
  settings: z.record(z.string(), z.unknown()),
  body: bodySchema,
  improvements: z.number().int().nonnegative(),
  own: experienceSchema,
  shown: experienceSchema,
  shownSince: z.number().int().nonnegative(),
});

/** Error of the value counts this much beside the policy's own loss. */
const VALUE_WEIGHT = 0.5;

/** Decisions shown that are kept, and how often each is looked at. */
const LARGEST_SHOWN = 2048;
const CLONE_PASSES = 6;

/** Learns a policy by its gradient. */
export class PolicyLearner implements Restorable<z.output<typeof policyLearnerSchema>> {
  readonly #body: NetworkBody;
  readonly #settings: PolicySettings;
  /** Drawn and lived through since the last improvement. */
  #own: Experience[] = [];
  /** What others decided, while nothing was learnt from own windows yet. */
  #shown: Experience[] = [];
  #shownSince = 0;
  #improvements = 0;

  constructor(name: string, context: AgentContext, settings: PolicySettings, memory: Memory | null) {
    this.#body = new NetworkBody(name, context, settings, memory);
    this.#settings = settings;
  }

  act(observation: ClusterState): Proposal {
    const { mask, networks } = this.#body;
    const scores = networks.now.scores(this.#body.see(observation));
    const { positions, probability } = mask.draw(observation.mask, scores, this.#body.decides());
    const reason = `drawn with probability ${probability.toPrecision(3)}`;
    return { configuration: mask.configuration(positions), reason, probability };
  }

  update(transition: Transition): void {
    const { actor, proposed, applied, aborted } = transition;
    this.#body.counts(transition);
    if (aborted) return;
    const own = actor === "guard" || (actor === "agent" && sameConfiguration(proposed.configuration, applied));
    const shown = (actor === "optimizer" || actor === "operator") && this.#improvements === 0;
    const experience = this.#body.experience(transition, own ? proposed.configuration : applied);
    if (experience === null) return;
    if (own) this.#own.push(experience);
    if (!shown) return;
    this.#shown.push(experience);
    this.#shownSince++;
    if (this.#shown.length > LARGEST_SHOWN) this.#shown.shift();
  }

  planDue(): boolean {
    return this.#own.length >= this.#settings.rollout || this.#shownSince >= this.#settings.clone;
  }

  plan(): void {
    if (this.#own.length >= this.#settings.rollout) this.#improve();
    else if (this.#shownSince >= this.#settings.clone) this.#clone();
  }

  policy(): Policy {
    return this.#body.policy();
  }

  save(): AgentSnapshot {
    return this.#body.save({
      settings: { ...this.#settings },
      improvements: this.#improvements,
      own: experienceJson(this.#own),
      shown: experienceJson(this.#shown),
      shownSince: this.#shownSince,
    });
  }

  restore({ body, improvements, own, shown, shownSince }: z.output<typeof policyLearnerSchema>): void {
    this.#body.restore(body);
    this.#own = experienceFromJson(own, this.#body.shape);
    this.#shown = experienceFromJson(shown, this.#body.shape);
    this.#shownSince = shownSince;
    this.#improvements = improvements;
  }

  #advantages(list: readonly Experience[]): { advantage: Float64Array; returns: Float64Array } {
    const { networks, discount } = this.#body;
    const values = list.map(({ seen }) => networks.now.value(seen));
    const steps = list.map((one, i) => ({
      reward: one.reward,
      value: values[i] ?? 0,
      nextValue: networks.now.value(one.next),
      goesOn: goesOn(one, list[i + 1]),
    }));
    const advantage = advantages(steps, discount, this.#settings.lambda);
    return { advantage, returns: advantage.map((one, i) => one + (values[i] ?? 0)) };
  }

  #improve(): void {
    const { passes, batch, clip, entropy, divergence } = this.#settings;
    const { networks, heads } = this.#body;
    const { advantage, returns } = this.#advantages(this.#own);
    networks.follow(returns, false);
    const targets = { target: networks.now.inUnits(returns), advantage: standardised(advantage) };
    networks.fit(
      {
        name: "clipped-policy",
        clip,
        valueWeight: VALUE_WEIGHT,
        entropyWeight: entropy,
        largestDivergence: divergence,
      },
      samplesOf(this.#own, heads, targets),
      shuffledBatches(this.#own.length, passes, batch, this.#body.plans()),
    );
    this.#improvements++;
    this.#own = [];
    this.#shown = [];
    this.#shownSince = 0;
  }

  #clone(): void {
    const { networks, heads } = this.#body;
    const { returns } = this.#advantages(this.#shown);
    networks.follow(returns, false);
    networks.fit(
      { name: "imitation", valueWeight: VALUE_WEIGHT },
      samplesOf(this.#shown, heads, { target: networks.now.inUnits(returns), advantage: new Float32Array() }),
      shuffledBatches(this.#shown.length, CLONE_PASSES, this.#settings.batch, this.#body.plans()),
    );
    this.#shownSince = 0;
  }
}

/** With mean 0 and standard deviation 1. */
function standardised(values: Float64Array): Float32Array {
  const { mean, spread } = meanAndSpread(values);
  return Float32Array.from(values, (value) => (value - mean) / (spread + 1e-8));
}
