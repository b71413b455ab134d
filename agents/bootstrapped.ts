// Any agent with the trust lifecycle around it: an optimizer acts until the agent's policy is better beyond doubt.
//
// bootstrapping  the optimizer acts; after `watched` windows the agent is shown what the optimizer does, then practises, both
//                in an imagined cluster (rehearsal.ts)
// learning       the agent acts where the model expects the SLO to hold and little more cost than the optimizer's
// serving        its frozen policy acts, once promoted
// suspended      the optimizer acts; practice goes on
// promotion      the lower confidence bound of the policy's own advantage over the optimizer is above 0 (src/trust), by other
//                chance than it was chosen by
// Source: the lifecycle is Algorithm 1 of H. Qiu et al., "AWARE", USENIX ATC 2023.
// Differs: its gate asks how well the heuristic did while the agent watched, which says nothing of the agent; ours asks the
// agent's policy, in simulation. Learners that learn from their own decisions alone, which the paper leaves out, start from
// a clone of the optimizer.

import { z } from "zod";
import {
  type Agent,
  type AgentContext,
  type AgentFactory,
  type AgentSnapshot,
  type ArrivalRecord,
  type ClusterState,
  ConfigError,
  ExportError,
  type Policy,
  type Proposal,
  type Random,
  type Transition,
  type Trust,
  toJson,
} from "../src/core/index.ts";
import { tuningProblem } from "../src/optimizers/index.ts";
import { policySpecSchema } from "../src/store/index.ts";
import {
  firstTrust,
  mayAct,
  mayTry,
  nextTrust,
  sloBurn,
  type TrustState,
  trustFromJson,
  trustJson,
  trustOptions,
} from "../src/trust/index.ts";
import { readSnapshot, SNAPSHOT_VERSION } from "./learner-entry.ts";
import { loadLevel } from "./load-level.ts";
import { optimizerProposal, Rehearsal, rehearsalSchema } from "./rehearsal.ts";
import { type ConfigurableAgent, readSettings } from "./settings.ts";

const NAME = "bootstrapped";

const settingsSchema = z.strictObject({
  /** The agent inside, with settings of its own. Long rollouts suit practice, whose windows cost little. */
  agent: z.string().min(1).default("ppo:rollout=256,batch=64,passes=6"),
  /** Windows watched before the agent practises. */
  watched: z.number().int().min(2).max(100_000).default(40),
  /** Imagined windows of the optimizer's that the agent is shown. */
  shown: z.number().int().nonnegative().default(256),
  /** Imagined windows the agent practises for at first, and again each time while it does not serve. */
  practised: z.number().int().nonnegative().default(1536),
  again: z.number().int().nonnegative().default(768),
  /** Windows between two times of practice and appraisal. */
  every: z.number().int().positive().default(40),
  /** Rehearsal multiplies remembered rates by at most this, and divides by it. */
  stretch: z.number().min(1).max(10).default(1.5),
});
type Settings = z.output<typeof settingsSchema>;

/** Whose decision it was. */
const handSchema = z.enum(["optimizer", "agent", "policy"]);
type Hand = z.infer<typeof handSchema>;

/** Parts of a practice, each of which leaves a policy to choose from. */
const PARTS = 3;

/** Decisions whose hand is remembered: a window is learnt from one or two decisions later. */
const REMEMBERED_HANDS = 8;

const stateSchema = z.strictObject({
  settings: z.record(z.string(), z.unknown()),
  inner: z.strictObject({ agent: z.string(), version: z.number().int(), state: z.json() }),
  policy: policySpecSchema,
  trust: z.unknown(),
  rehearsal: rehearsalSchema,
  hands: z.array(z.tuple([z.number(), handSchema])),
  windows: z.number().int().nonnegative(),
  plans: z.number().int().nonnegative(),
  plannedAt: z.number().int().nonnegative(),
});

class Bootstrapped implements Agent {
  readonly #context: AgentContext;
  readonly #settings: Settings;
  readonly #inner: Agent;
  readonly #rehearsal: Rehearsal;
  #policy: Policy;
  #trust: TrustState = firstTrust(0);
  /** By the cluster time of the decision. */
  #hands: [timeS: number, hand: Hand][] = [];
  #windows = 0;
  #plans = 0;
  /** Window of the last plan. */
  #plannedAt = 0;

  constructor(context: AgentContext, settings: Settings, inner: Agent, policy: Policy) {
    this.#context = context;
    this.#settings = settings;
    this.#inner = inner;
    this.#rehearsal = new Rehearsal(context, settings.stretch);
    this.#policy = policy;
  }

  act(observation: ClusterState): Proposal {
    const { trust, reason } = this.#trust;
    const rule = optimizerProposal(this.#context, observation);
    switch (mayAct("active", trust)) {
      case "policy":
        this.#decides(observation, "policy");
        return { configuration: this.#policy.act(observation), reason: `${trust}: ${reason}` };
      case "agent-if-safe": {
        const own = this.#inner.act(observation);
        if (own.trial === undefined && !this.#safe(observation, own, rule)) break;
        this.#decides(observation, "agent");
        return { ...own, reason: `${trust}: ${own.reason}` };
      }
      default:
    }
    this.#decides(observation, "optimizer");
    return { ...rule, reason: `${trust}: ${rule.reason}` };
  }

  /** The agent inside learns from its own decisions and from others' as others'; of its frozen policy's it learns nothing. */
  update(transition: Transition): void {
    const { observation, next, actor } = transition;
    const others = actor === "optimizer" || actor === "operator";
    const hand = others
      ? "optimizer"
      : (this.#hands.findLast(([timeS]) => timeS === observation.timeS)?.[1] ?? "policy");
    this.#windows++;
    this.#rehearsal.measure(transition);
    if (hand === "agent" || others) this.#inner.update(transition);
    else if (hand === "optimizer") this.#inner.update({ ...transition, actor: "optimizer" });
    // Where nothing can be rehearsed nothing can be proven, and the optimizer acts for good.
    if (!this.#rehearsal.possible) return;
    const fault = hand === "optimizer" ? null : sloBurn(next.history, this.#context.objective.slo[0]);
    const event = { timeS: next.timeS, loadLevel: loadLevel(next), evidence: null, fault };
    const pace = { ...trustOptions, bootstrapWindows: this.#settings.watched + 1 };
    this.#trust = nextTrust(this.#trust, event, this.#context.random.split(`${NAME} trust ${this.#windows}`), pace);
  }

  recall(arrivals: Iterable<ArrivalRecord>): void {
    const list = [...arrivals];
    for (const window of list) this.#rehearsal.remember(window);
    this.#inner.recall?.(list);
  }

  planDue(): boolean {
    if (!this.#rehearsal.possible) return this.#inner.plan !== undefined && (this.#inner.planDue?.() ?? true);
    if (this.#rehearsal.remembered < this.#settings.watched) return false;
    return this.#plans === 0 || this.#windows - this.#plannedAt >= this.#settings.every;
  }

  plan(): void {
    if (!this.planDue()) return;
    if (this.#rehearsal.possible) this.#rehearse();
    else this.#inner.plan?.();
  }

  /** What was learnt, whether it may act yet or not. */
  policy(): Policy {
    return this.#policy;
  }

  trust(): Trust {
    return this.#trust.trust;
  }

  save(): AgentSnapshot {
    const state = {
      settings: { ...this.#settings },
      inner: this.#inner.save(),
      policy: this.#policy.toJSON(),
      trust: trustJson(this.#trust),
      rehearsal: this.#rehearsal.save(),
      hands: this.#hands,
      windows: this.#windows,
      plans: this.#plans,
      plannedAt: this.#plannedAt,
    };
    return { agent: NAME, version: SNAPSHOT_VERSION, state: toJson(state) };
  }

  restore({ trust, rehearsal, hands, windows, plans, plannedAt }: z.output<typeof stateSchema>): void {
    this.#trust = trustFromJson(trust);
    this.#rehearsal.restore(rehearsal);
    this.#hands = hands;
    this.#windows = windows;
    this.#plans = plans;
    this.#plannedAt = plannedAt;
  }

  #decides({ timeS }: ClusterState, hand: Hand): void {
    this.#hands = [...this.#hands, [timeS, hand] satisfies [number, Hand]].slice(-REMEMBERED_HANDS);
  }

  #safe(observation: ClusterState, own: Proposal, rule: Proposal): boolean {
    const { model, objective, space: lattice } = this.#context;
    const { load, serviceTail } = tuningProblem(this.#context, observation);
    const correction = this.#rehearsal.slowdown * serviceTail;
    return mayTry({ model, objective, lattice }, own.configuration, rule.configuration, load, correction);
  }

  /** Practises in parts, and keeps the best of what came of each and of what there was: the latest need not be it. */
  #practise(windows: number, telling: boolean, chance: Random): void {
    const candidates = this.#plans > 1 ? [this.#policy] : [];
    for (let part = 0; part < PARTS; part++) {
      const length = Math.floor(((part + 1) * windows) / PARTS) - Math.floor((part * windows) / PARTS);
      this.#rehearsal.practise(this.#inner, length, chance.split(`practice ${part}`));
      candidates.push(this.#inner.policy());
    }
    const worth = (policy: Policy): number => this.#rehearsal.worth(policy, chance.split("selection"));
    const ranked = telling ? candidates.map((policy) => ({ policy, worth: worth(policy) })) : [];
    ranked.sort((one, other) => other.worth - one.worth);
    this.#policy = ranked[0]?.policy ?? this.#inner.policy();
  }

  /** A policy that serves is frozen, but not beyond question: it is appraised on. */
  #rehearse(): void {
    const { shown, practised, again } = this.#settings;
    this.#plannedAt = this.#windows;
    const first = this.#plans === 0;
    const chance = this.#context.random.split(`${NAME} plan ${this.#plans++}`);
    const telling = this.#rehearsal.remembered > trustOptions.promotion.windows;
    if (this.#trust.trust !== "serving") {
      if (first) this.#rehearsal.show(this.#inner, shown, chance.split("shown"));
      this.#practise(first ? practised : again, telling, chance);
    }
    if (!telling) return;
    this.#trust = { ...this.#trust, evidence: this.#rehearsal.appraise(this.#policy, chance.split("appraisal")) };
  }
}

/** The registry entry. @param find looks up the agent inside */
export function bootstrapped(find: (name: string) => AgentFactory): ConfigurableAgent {
  const inside = (context: AgentContext): AgentContext => ({ ...context, random: context.random.split("inside") });
  const innerOf = ({ agent }: Settings): AgentFactory => {
    const inner = find(agent);
    if (inner.name !== NAME) return inner;
    throw new ConfigError(`agent ${NAME}`, [
      { path: "agent", expected: "an agent that is not bootstrapped", found: agent },
    ]);
  };
  const withSettings = (settings: Settings): AgentFactory => ({
    name: NAME,
    summary:
      "any agent behind an optimizer until it is better in simulation; bootstrapped(name), ppo where none is named",
    create(context) {
      const inner = innerOf(settings).create(inside(context));
      return new Bootstrapped(context, settings, inner, inner.policy());
    },
    restore(context, snapshot) {
      const state = readSnapshot(NAME, stateSchema, snapshot);
      const kept = readSettings(NAME, settingsSchema, state.settings);
      const factory = innerOf(kept);
      const inner = factory.restore(inside(context), state.inner);
      const agent = new Bootstrapped(context, kept, inner, factory.load(inside(context), state.policy));
      agent.restore(state);
      return agent;
    },
    load: (context, spec) => find(spec.kind).load(inside(context), spec),
    portable(context, spec) {
      const { portable } = find(spec.kind);
      if (portable !== undefined) return portable(inside(context), spec);
      throw new ExportError(`${spec.kind}: expected a policy that can leave its agent, found one that cannot`);
    },
  });
  return {
    ...withSettings(readSettings(NAME, settingsSchema, {})),
    configured(text) {
      const settings = readSettings(NAME, settingsSchema, text);
      innerOf(settings);
      return withSettings(settings);
    },
  };
}
