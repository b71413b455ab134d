// Deep Q-learning: a network estimates what each configuration is worth, and the best open one is taken.
//
// Q(s, a) = V(s) + Σ_k (A_k(s, a_k) - mean_b A_k(s, b))                     a branch a knob, added up
// y = Σ_{i<n} γ^i·r_{t+i} + γ^n·Q'(s_{t+n}, argmax_a Q(s_{t+n}, a))         Q' the networks of some plans ago
// minimise huber(Q(s_t, a_t) - y) over windows drawn from memory;  explore with ε = max(floor, n^(-1/3)), n windows so far
// Source: V. Mnih et al., "Human-level control through deep reinforcement learning", Nature 2015; H. van Hasselt et al.,
// "Deep reinforcement learning with double Q-learning", AAAI 2016; Z. Wang et al. 2016 (dueling) and A. Tavakoli et al.
// 2018 (branches), see losses/q-learning.ts; n steps as in M. Hessel et al., "Rainbow", AAAI 2018.
// Differs: closed values are masked, in choosing and in the target; the task never ends, so every target looks beyond its
// last window; the networks that choose in a target are those the plan began with; values are learnt in a unit that
// follows them (learnt-networks.ts), and a knob's branch is a smooth function of the position (ordinal-basis.ts).

import { z } from "zod";
import type { AgentContext, AgentSnapshot, ClusterState, Policy, Proposal, Transition } from "../src/core/index.ts";
import {
  type Experience,
  experienceFromJson,
  experienceJson,
  experienceSchema,
  goesOn,
  samplesOf,
} from "./experience.ts";
import { learnerEntry, type Restorable } from "./learner-entry.ts";
import { networkSettings, ValuedNetworks, valuedNetworksSchema } from "./learnt-networks.ts";
import { bodySchema, NetworkBody } from "./network-body.ts";
import { loadNetworkPolicy, portableNetwork } from "./network-policy.ts";
import type { Sight } from "./sight.ts";

const NAME = "dqn";

const settingsSchema = z.strictObject({
  ...networkSettings,
  /** n, windows a target looks ahead before it trusts an estimate. */
  ahead: z.number().int().min(1).max(100).default(3),
  /** Windows remembered; the oldest are forgotten. */
  memory: z.number().int().min(32).max(20_000).default(2048),
  /** Windows between two plans, and gradient steps of a plan. */
  every: z.number().int().positive().default(8),
  updates: z.number().int().positive().default(6),
  /** Plans between two refreshments of the networks that targets trust. */
  refresh: z.number().int().positive().default(4),
  /** Share of exploring decisions never gone below. */
  epsilon: z.number().min(0).max(1).default(0.05),
});

type Settings = z.output<typeof settingsSchema>;

const stateSchema = z.strictObject({
  settings: z.record(z.string(), z.unknown()),
  body: bodySchema,
  trusted: valuedNetworksSchema,
  remembered: experienceSchema,
  since: z.number().int().nonnegative(),
});

class DeepQ implements Restorable<z.output<typeof stateSchema>> {
  readonly #body: NetworkBody;
  readonly #settings: Settings;
  /** What targets trust: the networks of some plans ago. */
  #trusted: ValuedNetworks;
  #remembered: Experience[] = [];
  /** Windows remembered since the last plan. */
  #since = 0;

  constructor(context: AgentContext, settings: Settings) {
    this.#body = new NetworkBody(NAME, context, settings, null);
    this.#settings = settings;
    this.#trusted = this.#body.networks.now;
  }

  act(observation: ClusterState): Proposal {
    const { mask, networks, steps } = this.#body;
    const random = this.#body.decides();
    const epsilon = Math.max(this.#settings.epsilon, (steps + 1) ** (-1 / 3));
    if (random.next() < epsilon) {
      const { positions } = mask.draw(observation.mask, new Float64Array(mask.width), random);
      return { configuration: mask.configuration(positions), reason: `explores, ε = ${epsilon.toPrecision(3)}` };
    }
    const seen = this.#body.see(observation);
    const positions = mask.best(observation.mask, networks.now.scores(seen));
    const worth = this.#worth(networks.now, seen, positions);
    return { configuration: mask.configuration(positions), reason: `estimated worth ${worth.toPrecision(4)}` };
  }

  /** Learns from whoever acted: what a configuration was worth does not depend on who wanted it. */
  update(transition: Transition): void {
    this.#body.counts(transition);
    const experience = transition.aborted ? null : this.#body.experience(transition, transition.applied);
    if (experience === null) return;
    this.#remembered.push(experience);
    this.#since++;
    if (this.#remembered.length > this.#settings.memory) this.#remembered.shift();
  }

  planDue(): boolean {
    return this.#since >= this.#settings.every;
  }

  plan(): void {
    if (!this.planDue()) return;
    const { batch, updates, refresh } = this.#settings;
    const { networks, heads } = this.#body;
    const random = this.#body.plans();
    const drawn = Array.from({ length: batch * updates }, () => Math.floor(random.next() * this.#remembered.length));
    const targets = drawn.map((row) => this.#target(row));
    networks.follow(targets, true);
    networks.fit(
      { name: "q-learning" },
      samplesOf(
        drawn.flatMap((row) => this.#remembered[row] ?? []),
        heads,
        { target: networks.now.inUnits(targets), advantage: new Float32Array() },
      ),
      Array.from({ length: updates }, (_, i) => Int32Array.from({ length: batch }, (__, j) => i * batch + j)),
    );
    this.#since = 0;
    if (this.#body.planned % refresh === 0) this.#trusted = networks.now;
  }

  policy(): Policy {
    return this.#body.policy();
  }

  save(): AgentSnapshot {
    return this.#body.save({
      settings: { ...this.#settings },
      trusted: this.#trusted.save(),
      remembered: experienceJson(this.#remembered),
      since: this.#since,
    });
  }

  restore({ body, trusted, remembered, since }: z.output<typeof stateSchema>): void {
    this.#body.restore(body);
    this.#trusted = ValuedNetworks.restore(trusted);
    this.#remembered = experienceFromJson(remembered, this.#body.shape);
    this.#since = since;
  }

  /** Q of a choice, in rewards. */
  #worth(networks: ValuedNetworks, seen: Sight, positions: ArrayLike<number>): number {
    const scores = networks.scores(seen);
    let advantage = 0;
    let from = 0;
    this.#body.heads.forEach((values, k) => {
      let sum = 0;
      for (let j = 0; j < values; j++) sum += scores[from + j] ?? 0;
      advantage += (scores[from + (positions[k] ?? 0)] ?? 0) - sum / values;
      from += values;
    });
    return networks.value(seen) + networks.spread * advantage;
  }

  /** What the choice of a remembered window was worth: some windows measured, the rest estimated. */
  #target(row: number): number {
    const { discount, mask, networks } = this.#body;
    let worth = 0;
    let weight = 1;
    for (let step = 0; step < this.#settings.ahead; step++) {
      const one = this.#remembered[row + step];
      if (one === undefined) break;
      worth += weight * one.reward;
      weight *= discount;
      const ends = step + 1 === this.#settings.ahead || !goesOn(one, this.#remembered[row + step + 1]);
      if (!ends) continue;
      if (weight === 0) break;
      const best = mask.best(null, networks.now.scores(one.next));
      return worth + weight * this.#worth(this.#trusted, one.next, best);
    }
    return worth;
  }
}

/** Deep Q-learning. */
export const dqn = learnerEntry({
  name: NAME,
  summary: "deep Q-learning: double, dueling, several steps ahead, a branch per knob",
  settings: settingsSchema,
  state: stateSchema,
  make: (context, settings) => new DeepQ(context, settings),
  load: (context, spec) => loadNetworkPolicy(NAME, context, spec),
  portable: (context, spec) => portableNetwork(NAME, context, spec),
});
