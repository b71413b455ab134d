// A learner with its trust: it proposes beside the optimizer, is compared with it, and acts as far as it has earned.

import { z } from "zod";
import { loadLevel } from "../../agents/index.ts";
import { rewardOf } from "../../environments/index.ts";
import {
  type Agent,
  type AgentContext,
  type AgentFactory,
  type AgentSnapshot,
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
import { tuningProblem } from "../optimizers/index.ts";
import { sameConfiguration } from "../spaces/index.ts";
import {
  type Drift,
  drifted,
  driftSchema,
  type Evidence,
  firstTrust,
  mayAct,
  nextDrift,
  nextTrust,
  noDrift,
  ResidualBook,
  sloBurn,
  type TrustState,
  trustFromJson,
  trustJson,
} from "../trust/index.ts";
import { choiceKey, expectedSafe, type Judge, predictedReward } from "./compare.ts";

/** The policy is frozen anew every so many windows. */
const POLICY_EVERY = 10;

/** A choice to learn from may be expected to cost this many times what the optimizer's would. */
const LEARNING_COST_RATIO = 1.1;

/** Windows a choice was measured in from which on its value counts as measured. */
const MEASURED_WINDOWS = 3;

/** How far one window may correct the model's latency. */
const LARGEST_CORRECTION = 3;

const progressSchema = z.object({
  trust: z.unknown(),
  residuals: z.unknown(),
  latencies: z.unknown(),
  drift: driftSchema,
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

/** The agent of one cluster. */
export class TrustedAgent {
  readonly #context: AgentContext;
  readonly #judge: Judge;
  readonly #random: Random;
  #agent: Agent;
  #policy: Policy;
  #trust: TrustState;
  #residuals = new ResidualBook();
  /** Of log latencies: what the model gets wrong all the time is no drift. */
  #latencies = new ResidualBook();
  #drift: Drift = noDrift;
  #windows = 0;

  /** @throws {CheckpointError} when what was saved is not this agent's */
  constructor(factory: AgentFactory, context: AgentContext, saved: SavedAgent | null) {
    this.#context = context;
    this.#judge = { model: context.model, objective: context.objective, lattice: context.space };
    this.#random = context.random.split("trust");
    this.#agent = saved === null ? factory.create(context) : factory.restore(context, saved.snapshot);
    this.#policy = this.#agent.policy();
    this.#trust = firstTrust(0);
    if (saved !== null) this.#restore(saved.progress);
  }

  /** Where the lifecycle stands. */
  get trust(): TrustState {
    return this.#trust;
  }

  /** The latest frozen policy. */
  get policy(): Policy {
    return this.#policy;
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
    const solution = this.#context.optimizer.solve(problem);
    const optimizerVote: Vote = {
      by: this.#context.optimizer.name,
      type: "SET",
      configuration: solution.configuration,
      reason: solution.explanation,
    };
    const role = mayAct("active", this.#trust.trust);
    const learning = role === "agent-if-safe";
    const own: Proposal = learning
      ? this.#agent.act(observation)
      : { configuration: this.#policy.act(observation), reason: "the policy learnt so far" };
    const spec = this.#policy.toJSON();
    const agentVote: Vote = { by: spec.kind, type: "SET", configuration: own.configuration, reason: own.reason };
    const votes = [optimizerVote, agentVote];
    const acts =
      role === "policy" ||
      (learning && (own.trial !== undefined || this.#safe(observation, own, solution.configuration, problem.load)));
    if (acts) {
      const policyId = role === "policy" ? `${spec.kind}-${spec.sha256.slice(0, 12)}` : null;
      return { votes, proposal: { ...own, reason: `${spec.kind}: ${own.reason}` }, actor: "agent", policyId };
    }
    const { by, reason: why } = optimizerVote;
    const reason = why.startsWith(`${by}:`) ? why : `${by}: ${why}`;
    return {
      votes,
      proposal: { configuration: optimizerVote.configuration, reason },
      actor: "optimizer",
      policyId: null,
    };
  }

  /**
   * Learns from a step, and weighs policy and optimizer against each other on the window it ended with.
   * @param previous configuration that was to be in force before the step
   */
  learn(transition: Transition, previous: Configuration, votes: readonly Vote[]): void {
    this.#agent.update(transition);
    this.#agent.plan?.();
    this.#windows += 1;
    if (this.#windows % POLICY_EVERY === 0) this.#policy = this.#agent.policy();
    const { next } = transition;
    this.#measure(next, previous);
    const event = {
      timeS: next.timeS,
      loadLevel: loadLevel(next),
      evidence: this.#evidence(next, votes),
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
        residuals: this.#residuals.save(),
        latencies: this.#latencies.save(),
        drift: this.#drift,
        windows: this.#windows,
      }),
    };
  }

  #restore(progress: Json): void {
    const { trust, residuals, latencies, drift, windows } = progressSchema.parse(progress);
    this.#trust = trustFromJson(trust);
    this.#residuals = ResidualBook.restore(residuals);
    this.#latencies = ResidualBook.restore(latencies);
    this.#drift = drift;
    this.#windows = windows;
  }

  #load(observation: ClusterState): Load {
    return tuningProblem(this.#context, observation).load;
  }

  #faultIn(observation: ClusterState): string | null {
    const burn = sloBurn(observation.history, this.#context.objective.slo[0]);
    if (burn !== null) return burn;
    this.#followLatency(observation);
    const drift = drifted(this.#drift);
    if (drift !== null) this.#drift = noDrift;
    return drift;
  }

  /** Surprises count only where it is known what to expect: for choices that were measured before. */
  #followLatency(observation: ClusterState): void {
    const { latency } = observation.metrics;
    if (latency === null || observation.inFlight !== null || observation.canary !== null) return;
    const expected = this.#context.model.predict(observation.configuration, this.#load(observation));
    if (!expected.stable || !(latency.objectiveMs > 0) || !(expected.objectiveMs > 0)) return;
    const key = choiceKey(observation.configuration, loadLevel(observation));
    const predicted = Math.log(expected.objectiveMs);
    if (this.#latencies.windows(key) >= MEASURED_WINDOWS) {
      const expectedMs = Math.exp(this.#latencies.corrected(key, predicted));
      this.#drift = nextDrift(this.#drift, latency.objectiveMs, expectedMs);
    }
    this.#latencies.measured(key, predicted, Math.log(latency.objectiveMs));
  }

  /** What may be tried while learning: expected to hold the SLO, and to cost little more than what the optimizer wants. */
  #safe(observation: ClusterState, proposal: Proposal, rule: Configuration, load: Load): boolean {
    if (!this.#context.space.contains(proposal.configuration)) return false;
    const costOf = (configuration: Configuration): number =>
      this.#context.model.predict(configuration, load).costUsdPerHour;
    if (costOf(proposal.configuration) > LEARNING_COST_RATIO * costOf(rule)) return false;
    const running = this.#context.model.predict(observation.configuration, load);
    const measuredMs = observation.metrics.latency?.objectiveMs ?? null;
    const ratio = measuredMs === null || !running.stable ? 1 : measuredMs / running.objectiveMs;
    const correction = Math.min(LARGEST_CORRECTION, Math.max(1 / LARGEST_CORRECTION, ratio));
    return expectedSafe(this.#judge, proposal.configuration, load, Number.isFinite(correction) ? correction : 1);
  }

  #measure(observation: ClusterState, previous: Configuration): void {
    if (observation.inFlight !== null || observation.canary !== null) return;
    const { objective, space } = this.#context;
    const running = observation.configuration;
    const prediction = this.#context.model.predict(running, this.#load(observation));
    const predicted = predictedReward(this.#judge, prediction, previous, running);
    const { reward } = rewardOf(previous, observation, objective, space);
    this.#residuals.measured(choiceKey(running, loadLevel(observation)), predicted, reward);
  }

  /** Policy against optimizer on one window; null when one of them made no choice that can run. */
  #evidence(observation: ClusterState, votes: readonly Vote[]): Evidence | null {
    const optimizerChoice = votes[0]?.configuration;
    const policyChoice = this.#policy.act(observation);
    const { space, model } = this.#context;
    if (optimizerChoice === undefined || !space.contains(optimizerChoice) || !space.contains(policyChoice)) return null;
    const level = loadLevel(observation);
    const load = this.#load(observation);
    const at = { timeS: observation.timeS, loadLevel: level };
    if (sameConfiguration(policyChoice, optimizerChoice)) return { ...at, advantage: 0, source: "measured" };
    const running = observation.inFlight ?? observation.configuration;
    const value = (configuration: Configuration): number => {
      const predicted = predictedReward(this.#judge, model.predict(configuration, load), running, configuration);
      return this.#residuals.corrected(choiceKey(configuration, level), predicted);
    };
    const measured = [policyChoice, optimizerChoice].every(
      (choice) => this.#residuals.windows(choiceKey(choice, level)) >= MEASURED_WINDOWS,
    );
    const advantage = value(policyChoice) - value(optimizerChoice);
    return Number.isFinite(advantage) ? { ...at, advantage, source: measured ? "measured" : "corrected" } : null;
  }
}
