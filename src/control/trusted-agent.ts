// A learner with its trust: it proposes beside the optimizer, is compared with it, and acts as far as it has earned.

import { z } from "zod";
import { loadLevel } from "../../agents/index.ts";
import {
  type Agent,
  type AgentContext,
  type AgentFactory,
  type AgentSnapshot,
  type Belief,
  type ClusterState,
  type Configuration,
  type Json,
  type Load,
  type Policy,
  type Proposal,
  type Random,
  type Transition,
  toJson,
  type Vote,
} from "../core/index.ts";
import { mostThatMayRun, tuningProblem } from "../optimizers/index.ts";
import { firstTrust, mayAct, nextTrust, sloBurn, type TrustState, trustFromJson, trustJson } from "../trust/index.ts";
import { Appraisal } from "./appraisal.ts";
import { type Planner, Thoughts } from "./thoughts.ts";

/** The policy is frozen anew every so many windows. */
const POLICY_EVERY = 10;

const progressSchema = z.object({
  trust: z.unknown(),
  appraisal: z.unknown(),
  windows: z.number().int().nonnegative(),
});

/** What the voices said in one pass. */
export interface Voices {
  readonly votes: readonly Vote[];
  /** What is acted on, before the guards. */
  readonly proposal: Proposal;
  readonly actor: "agent" | "optimizer";
  /** The policy that acts; null when it is not a frozen policy. */
  readonly policyId: string | null;
}

/** What is needed to go on after a restart. */
export interface SavedAgent {
  readonly snapshot: AgentSnapshot;
  readonly progress: Json;
}

/** What an agent starts from beside its context. */
export interface AgentOrigin {
  /** Where it stopped last; goes before `trained`. */
  readonly saved: SavedAgent | null;
  /** Learnt elsewhere; trust it has yet to earn here. */
  readonly trained?: AgentSnapshot | null;
  /** Where long plans are made; on the spot when absent. */
  readonly planner?: Planner | null;
}

/** A reason with the voice it is of, which some name themselves. */
function saidBy(by: string, reason: string): string {
  return reason.startsWith(`${by}:`) ? reason : `${by}: ${reason}`;
}

/** The agent of one cluster. */
export class TrustedAgent {
  readonly #context: AgentContext;
  readonly #random: Random;
  readonly #thoughts: Thoughts | null;
  #agent: Agent;
  readonly #appraisal: Appraisal;
  #policy: Policy;
  #trust: TrustState;
  #windows: number;

  /** @throws {CheckpointError} when what was saved or trained is not this agent's */
  constructor(factory: AgentFactory, context: AgentContext, { saved, trained = null, planner = null }: AgentOrigin) {
    this.#context = context;
    this.#random = context.random.split("trust");
    const snapshot = saved?.snapshot ?? trained;
    this.#agent = snapshot === null ? factory.create(context) : factory.restore(context, snapshot);
    this.#thoughts = planner === null ? null : new Thoughts(planner, (planned) => factory.restore(context, planned));
    this.#policy = this.#agent.policy();
    const progress = saved === null ? null : progressSchema.parse(saved.progress);
    this.#trust = progress === null ? firstTrust(0) : trustFromJson(progress.trust);
    this.#appraisal = new Appraisal(context, progress === null ? null : progress.appraisal);
    this.#windows = progress === null ? 0 : progress.windows;
  }

  /** Where the lifecycle stands. */
  get trust(): TrustState {
    return this.#trust;
  }

  /** The latest frozen policy. */
  get policy(): Policy {
    return this.#policy;
  }

  /** What the agent holds of a configuration, for people; null where it keeps no such thing. */
  readonly believes = (configuration: Configuration): Belief | null => this.#agent.believes?.(configuration) ?? null;

  /** The configuration the agent would keep now; null where it knows none. */
  get incumbent(): Configuration | null {
    return this.#agent.incumbent?.() ?? null;
  }

  /** Lowers trust at once when something is wrong. @param fault known from elsewhere, such as a failed observation */
  watch(timeS: number, observation: ClusterState | null, fault: string | null): string | null {
    const found = fault ?? (observation === null ? null : this.#faultIn(observation));
    if (found === null) return null;
    this.#trust = nextTrust(this.#trust, { timeS, loadLevel: null, evidence: null, fault: found }, this.#random);
    return found;
  }

  /** Asks agent and optimizer, and says whose word counts. */
  propose(observation: ClusterState): Voices {
    const problem = tuningProblem(this.#context, observation);
    const { status, configuration, explanation } = this.#context.optimizer.solve(problem);
    const short = status === "infeasible";
    const optimizerVote: Vote = {
      by: this.#context.optimizer.name,
      type: "SET",
      configuration: short ? mostThatMayRun(problem) : configuration,
      reason: short ? `${explanation}; as much as may run` : explanation,
    };
    const { by, reason } = optimizerVote;
    const proposal = { configuration: optimizerVote.configuration, reason: saidBy(by, reason) };
    const byRule: Voices = { votes: [optimizerVote], proposal, actor: "optimizer", policyId: null };
    try {
      return this.#withAgent(observation, byRule, problem.load);
    } catch (error) {
      this.#doubt(observation.timeS, error);
      return byRule;
    }
  }

  /** The agent's voice beside the optimizer's, and in its place where the agent has earned it. */
  #withAgent(observation: ClusterState, byRule: Voices, load: Load): Voices {
    const role = mayAct("active", this.#trust.trust);
    const learning = role === "agent-if-safe";
    const own: Proposal = learning
      ? this.#agent.act(observation)
      : { configuration: this.#policy.act(observation), reason: "the policy learnt so far" };
    const { kind, sha256 } = this.#policy.toJSON();
    const vote: Vote = { by: kind, type: "SET", configuration: own.configuration, reason: own.reason };
    const votes = [...byRule.votes, vote];
    const rule = byRule.proposal.configuration;
    const safe =
      learning && (own.trial !== undefined || this.#appraisal.safe(observation, own.configuration, rule, load));
    if (role !== "policy" && !safe) return { ...byRule, votes };
    const policyId = role === "policy" ? `${kind}-${sha256.slice(0, 12)}` : null;
    return { votes, proposal: { ...own, reason: saidBy(kind, own.reason) }, actor: "agent", policyId };
  }

  /**
   * Learns from a step, and weighs policy and optimizer against each other on the window it ended with.
   * An agent that fails at it loses its trust, not the loop.
   * @param previous configuration that was to be in force before the step
   */
  learn(transition: Transition, previous: Configuration, votes: readonly Vote[]): void {
    try {
      this.#learn(transition, previous, votes);
    } catch (error) {
      this.#doubt(transition.next.timeS, error);
    }
  }

  #learn(transition: Transition, previous: Configuration, votes: readonly Vote[]): void {
    if (this.#thoughts === null) {
      this.#agent.update(transition);
      this.#agent.plan?.();
    } else {
      this.#agent = this.#thoughts.learn(this.#agent, transition);
    }
    this.#windows += 1;
    if (this.#windows % POLICY_EVERY === 0) this.#policy = this.#agent.policy();
    const { next } = transition;
    this.#appraisal.measure(next, previous);
    const rule = votes[0]?.configuration;
    const event = {
      timeS: next.timeS,
      loadLevel: loadLevel(next),
      evidence: rule === undefined ? null : this.#appraisal.evidence(next, this.#policy.act(next), rule),
      fault: null,
    };
    this.#trust = nextTrust(this.#trust, event, this.#random.split(`window ${this.#windows}`));
  }

  /** Everything needed to go on as if never stopped. */
  save(): SavedAgent {
    return {
      snapshot: this.#agent.save(),
      progress: toJson({
        trust: trustJson(this.#trust),
        appraisal: this.#appraisal.save(),
        windows: this.#windows,
      }),
    };
  }

  #doubt(timeS: number, error: unknown): void {
    this.watch(timeS, null, `the agent failed: ${error instanceof Error ? error.message : String(error)}`);
  }

  #faultIn(observation: ClusterState): string | null {
    const burn = sloBurn(observation.history, this.#context.objective.slo[0]);
    try {
      return burn ?? this.#appraisal.driftAfter(observation);
    } catch (error) {
      return `the model failed: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}
