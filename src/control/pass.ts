// One pass: observe, forecast, propose, guard, decide, explain, apply, verify, record, learn.
//
// Nothing reaches back: each step takes what the one before it gave. A failed observation is an error on record and holds
// the configuration.

import type { ClusterState, Configuration, DecisionRecord, Explanation } from "../core/index.ts";
import type { ActuationDelay } from "./actuation-delay.ts";
import type { Actuator } from "./actuator.ts";
import { type Decision, decide, type Wish } from "./decide.ts";
import type { Executor } from "./executor.ts";
import { Expectations } from "./expectation.ts";
import { explanationOf } from "./explanation.ts";
import type { Lesson } from "./lesson.ts";
import type { Operator } from "./operator.ts";
import type { ControlParts } from "./parts.ts";
import type { Proposals } from "./proposals.ts";
import { recordedObservation } from "./record.ts";
import type { StandingBook } from "./standing.ts";
import { type Recommendation, recommendationOf } from "./status.ts";
import { type StepName, StepTimer } from "./step-timer.ts";
import type { TrustedAgent } from "./trusted-agent.ts";
import type { ClusterView } from "./view.ts";
import { wishOf } from "./wish.ts";

/** Who takes part in a pass. */
export interface PassParts {
  readonly parts: ControlParts;
  readonly agent: TrustedAgent;
  readonly view: ClusterView;
  readonly actuator: Actuator;
  readonly executor: Executor;
  readonly operator: Operator;
  readonly proposals: Proposals;
  readonly standing: StandingBook;
  readonly lesson: Lesson;
  /** Takes or keeps the lease. */
  readonly lead: () => Promise<boolean>;
  /** Told of what fails and is gone on without. */
  readonly onError: (error: unknown) => void;
}

/** A pass that is over. */
export interface EndedPass {
  /** Whether the cluster was observed. */
  readonly seen: boolean;
  readonly record: DecisionRecord;
  /** Duration of its steps. */
  readonly micros: Readonly<Partial<Record<StepName, number>>>;
  readonly delays: readonly ActuationDelay[];
}

/** Runs passes, one after another. */
export class Pass {
  readonly #with: PassParts;
  /** What the last pass found wrong with what it applied, for the next to act on. */
  #fault: string | null = null;
  #recommendation: Recommendation | null = null;

  constructor(parts: PassParts) {
    this.#with = parts;
  }

  /** Of the latest pass; null before the first. */
  get recommendation(): Recommendation | null {
    return this.#recommendation;
  }

  /** @throws {StoreError} when what was decided could not be recorded */
  async run(): Promise<EndedPass> {
    const { parts, view, actuator, executor, proposals, standing, lesson } = this.#with;
    const timer = new StepTimer(parts.nowMicros);
    let seen: ClusterState;
    try {
      seen = await timer.time("observe", () => view.observe());
    } catch (error) {
      return this.#blind(error, timer);
    }
    const observation = await timer.time("forecast", () => view.withForecast(seen));
    await this.#with.lead();
    const { effectiveMode } = standing;
    const target = view.target;
    const wish = await timer.time("propose", () => this.#wish(observation, target));
    const guarded = await timer.time("guard", () => executor.guard(wish, observation));
    const decision = await timer.time("decide", () => decide(wish, guarded, target, effectiveMode));
    const expectations = new Expectations(parts.context, observation);
    const explanation = await timer.time("explain", () => this.#explain(observation, target, decision, expectations));
    const { leader } = standing.now;
    const led = leader === null ? "" : `; nothing is sent: ${leader} leads`;
    const base = {
      ...executor.blank(observation.timeS, `${decision.reason}${led}`),
      observation: recordedObservation(observation),
      expected: expectations.of(decision.proposal.configuration),
      explanation,
    };
    const told = actuator.sent?.configuration ?? null;
    const executed = await timer.time("apply", () => executor.execute(decision, base, target));
    this.#fault = await timer.time("verify", () => view.verify(observation, told));
    const delays = view.arrived(observation);
    const proposal = effectiveMode === "advisory" ? await proposals.consider(executed, decision, target) : null;
    const whole = { ...executed, proposal, stepMicros: timer.micros };
    const record = await timer.time("record", () => executor.record(whole));
    this.#recommendation = recommendationOf(record, decision, parts.context.space);
    const step = { observation, target, decision, record };
    await timer.time("learn", () => lesson.learn(step, standing.now.mode));
    return { seen: true, record, micros: timer.micros, delays };
  }

  /** A decision that cannot be explained is made all the same. */
  #explain(
    observation: ClusterState,
    target: Configuration,
    decision: Decision,
    expectations: Expectations,
  ): Explanation | null {
    const { parts, standing, agent, onError } = this.#with;
    const { context, committedUsdPerHour } = parts;
    const { mode, leader } = standing.now;
    const known = { lattice: context.space, objective: context.objective, committedUsdPerHour };
    const { trust } = agent;
    try {
      return explanationOf({ observation, target, decision, expectations, ...known, mode, trust, leader });
    } catch (error) {
      onError(error);
      return null;
    }
  }

  #wish(observation: ClusterState, target: Configuration): Wish {
    const { agent, view, actuator, operator, standing } = this.#with;
    const off = standing.now.mode === "off";
    const { holdUntilS } = operator;
    const fault = this.#fault ?? view.lateness(observation);
    this.#fault = null;
    return wishOf({ agent, view, actuator, off, holdUntilS }, observation, target, fault);
  }

  /** A pass that saw nothing: the error is on record, the configuration is held. */
  async #blind(error: unknown, timer: StepTimer): Promise<EndedPass> {
    const { agent, view, actuator, executor, proposals, lesson } = this.#with;
    const message = error instanceof Error ? error.message : String(error);
    agent.watch(view.nowS, null, message);
    lesson.interrupt();
    await proposals.expire(view.nowS);
    const base = executor.blank(view.nowS, `${message}; the configuration is held`);
    const applied = view.observation === null ? (actuator.sent?.configuration ?? null) : view.target;
    const failed = { ...base, actor: "guard", outcome: "failed", applied, stepMicros: timer.micros } as const;
    const record = await timer.time("record", () => executor.record(failed));
    return { seen: false, record, micros: timer.micros, delays: [] };
  }
}
