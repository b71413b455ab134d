// The control loop of one cluster: observe, forecast, propose, guard, decide, explain, apply, verify, record, learn.
//
// Nothing reaches back: each step takes what the one before it gave. What the loop says it did is durable before it
// can be read; a failed observation is an error on record and holds the configuration.

import type { ClusterState, Configuration, DecisionRecord, Explanation, Mode } from "../core/index.ts";
import { writeCheckpoint } from "../store/index.ts";
import { Actuator } from "./actuator.ts";
import { type Decision, decide, keep, type Wish } from "./decide.ts";
import { Executor } from "./executor.ts";
import { Expectations } from "./expectation.ts";
import { explanationOf } from "./explanation.ts";
import { Lesson } from "./lesson.ts";
import { writes } from "./mode.ts";
import { type Answer, Operator } from "./operator.ts";
import type { ControlParts, LoopEvent } from "./parts.ts";
import type { ChangeProposal, Proposals } from "./proposals.ts";
import { recordedObservation } from "./record.ts";
import type { Resumption } from "./resume.ts";
import { StandingBook } from "./standing.ts";
import { type ClusterStatus, type Recommendation, recommendationOf } from "./status.ts";
import { StepTimer } from "./step-timer.ts";
import { Canaries } from "./trial.ts";
import type { TrustedAgent } from "./trusted-agent.ts";
import { ClusterView } from "./view.ts";
import { wishOf } from "./wish.ts";

/** The agent's checkpoint is written every so many passes. */
const CHECKPOINT_EVERY = 50;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Tunes one cluster, one pass at a time. Passes and commands never overlap. */
export class ControlLoop {
  readonly #parts: ControlParts;
  readonly #agent: TrustedAgent;
  readonly #standing: StandingBook;
  readonly #actuator: Actuator;
  readonly #resumption: Resumption;
  readonly #view: ClusterView;
  readonly #executor: Executor;
  readonly #operator: Operator;
  readonly #proposals: Proposals;
  readonly #lesson: Lesson;
  readonly #canaries: Canaries;
  readonly #listeners = new Set<(event: LoopEvent) => void>();
  #busy: Promise<unknown> = Promise.resolve();
  #fault: string | null = null;
  #recommendation: Recommendation | null = null;
  #passes = 0;

  constructor(parts: ControlParts, agent: TrustedAgent, resumption: Resumption, proposals: Proposals) {
    this.#parts = parts;
    this.#agent = agent;
    this.#resumption = resumption;
    this.#proposals = proposals;
    const standing = new StandingBook(parts.mode, parts.budgetUsdPerHour, parts.lease);
    const actuator = new Actuator(parts.adapter, parts.store.actuations, standing, resumption);
    const view = new ClusterView(parts, actuator, resumption);
    const trust = (): DecisionRecord["trust"] => agent.trust.trust;
    const onRecord = (record: DecisionRecord): void => this.#emit({ type: "decision", record });
    const executor = new Executor({ parts, view, actuator, standing, trust, onRecord });
    const { intervalS } = parts.context;
    this.#operator = new Operator({ view, actuator, executor, proposals, standing, agent, intervalS });
    const lesson = new Lesson(parts, agent);
    this.#canaries = new Canaries({ parts, actuator, executor, standing, lesson });
    this.#lesson = lesson;
    this.#standing = standing;
    this.#actuator = actuator;
    this.#view = view;
    this.#executor = executor;
  }

  /** Calls a listener with every event from now on. @returns a function that ends it */
  subscribe(listener: (event: LoopEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Sends the last acknowledged configuration again, and completes the record of a pass a kill cut short. A canary the
   * stop cut short is ended. A cluster of our own that was never sent anything is sent the scenario's initial configuration.
   */
  resume(): Promise<void> {
    return this.#exclusively(async () => {
      const { sent } = this.#resumption;
      const leads = await this.#lead();
      if (sent === null) {
        const { context, sendsInitial } = this.#parts;
        const wish = keep(context.initial, "the scenario's initial configuration");
        if (sendsInitial && this.#standing.mayWrite(false)) await this.#executor.carryOut(wish, {});
        return;
      }
      const { actor, configuration, timeS, previous, recorded } = sent;
      if (leads && previous === undefined) await this.#actuator.resend();
      if (!recorded) {
        const base = this.#executor.blank(timeS, "sent before the service was stopped, recorded at its restart");
        const record = { ...base, actor, applied: configuration, proposed: configuration, outcome: "applied" as const };
        await this.#executor.record(record);
      }
      await this.#canaries.end("the service was stopped while it ran");
    });
  }

  /** One pass. @throws {StoreError} when what was decided could not be recorded */
  pass(): Promise<DecisionRecord> {
    return this.#exclusively(() => this.#pass());
  }

  /**
   * Lets the interval go by, taking a trial through its stages.
   * @param advance lets the cluster's time pass
   * @param signal cuts the interval short; what a canary did in part of a stage says nothing about it
   */
  async rest(advance: (seconds: number) => Promise<void>, signal?: AbortSignal): Promise<void> {
    const { intervalS } = this.#parts.context;
    const running = this.#actuator.takeTrial();
    let share = 0;
    const until = async (windowShare: number): Promise<void> => {
      const seconds = (windowShare - share) * intervalS;
      await advance(seconds);
      this.#view.elapse(seconds);
      share = windowShare;
    };
    if (running !== null) {
      for (const { windowShare } of running.trial.stages) {
        await until(windowShare);
        if (signal?.aborted === true) return;
        const goesOn = await this.#exclusively(() => this.#canaries.judge(running, windowShare));
        if (!goesOn) break;
      }
    }
    if (share < 1) await until(1);
  }

  /** @throws as {@link Operator.rollback} */
  rollback(): Promise<DecisionRecord> {
    return this.#exclusively(async () => {
      await this.#lead();
      return this.#operator.rollback();
    });
  }

  /** Proposals in `advisory`, oldest first. */
  proposals(): readonly ChangeProposal[] {
    return this.#proposals.list();
  }

  /** @throws {UnknownNameError} when nobody remembers one of that id */
  proposal(id: string): ChangeProposal {
    return this.#proposals.get(id);
  }

  /** @throws as {@link Operator.approve} */
  approve(id: string, answer: Answer): Promise<ChangeProposal> {
    return this.#exclusively(async () => {
      await this.#lead();
      return this.#operator.approve(id, answer);
    });
  }

  /** @throws as {@link Operator.reject} */
  reject(id: string, answer: Answer): Promise<ChangeProposal> {
    return this.#exclusively(() => this.#operator.reject(id, answer));
  }

  /** Sets the operator's ceiling, from the next write on. A canary that may then no longer be ended is ended first. */
  setMode(mode: Mode): Promise<void> {
    return this.#exclusively(async () => {
      if (!writes(mode)) await this.#canaries.end(`the mode goes to ${mode}`);
      this.#standing.setMode(mode);
      if (mode !== "advisory") await this.#proposals.supersede();
    });
  }

  /** Sets the budget; null for none. What is over it goes down at the next pass. */
  setBudget(usdPerHour: number | null): Promise<void> {
    return this.#exclusively(async () => this.#standing.setBudget(usdPerHour));
  }

  /** What is known between passes. */
  status(): ClusterStatus {
    const { trust, sinceS, reason, test } = this.#agent.trust;
    const { sent } = this.#actuator;
    const resumed = this.#resumption.sent;
    const { mode, budgetUsdPerHour, leader } = this.#standing.now;
    return {
      name: this.#parts.cluster,
      mode,
      leader,
      budgetUsdPerHour,
      trust: { trust, sinceS, reason, test },
      timeS: this.#view.nowS,
      configuration: sent?.configuration ?? null,
      configurationDecision: sent?.decision ?? null,
      running: this.#view.observation?.configuration ?? null,
      inFlight: this.#view.observation?.inFlight ?? null,
      lastGood: this.#view.lastGood,
      actuationDelayS: this.#view.delayS,
      pendingProposal: this.#proposals.pending?.id ?? null,
      decisions: this.#parts.store.decisions.length,
      lastDecision: this.#executor.lastRecord,
      resumed: resumed === null ? null : { decision: resumed.decision, configuration: resumed.configuration },
      policy: this.#agent.policy.toJSON(),
    };
  }

  /** The latest recommendation; null before the first, and in mode off. */
  recommendation(): Recommendation | null {
    return this.#standing.now.mode === "off" ? null : this.#recommendation;
  }

  /** Writes the agent's checkpoint. */
  save(): Promise<void> {
    return this.#exclusively(() => this.#save());
  }

  /** Ends what needs watching, and lets other services act on the cluster. */
  release(): Promise<void> {
    return this.#exclusively(async () => {
      await this.#canaries.end("the service stops");
      await this.#standing.release();
    });
  }

  async #pass(): Promise<DecisionRecord> {
    const timer = new StepTimer(this.#parts.nowMicros);
    let seen: ClusterState;
    try {
      seen = await timer.time("observe", () => this.#view.observe());
    } catch (error) {
      return this.#blind(error, timer);
    }
    const observation = await timer.time("forecast", () => this.#view.withForecast(seen));
    await this.#lead();
    const { effectiveMode } = this.#standing;
    const target = this.#view.target;
    const wish = await timer.time("propose", () => this.#wish(observation, target));
    const guarded = await timer.time("guard", () => this.#executor.guard(wish, observation));
    const decision = await timer.time("decide", () => decide(wish, guarded, target, effectiveMode));
    const expectations = new Expectations(this.#parts.context, observation);
    const explanation = await timer.time("explain", () => this.#explain(observation, target, decision, expectations));
    const { leader } = this.#standing.now;
    const led = leader === null ? "" : `; nothing is sent: ${leader} leads`;
    const base = {
      ...this.#executor.blank(observation.timeS, `${decision.reason}${led}`),
      observation: recordedObservation(observation),
      expected: expectations.of(decision.proposal.configuration),
      explanation,
    };
    const told = this.#actuator.sent?.configuration ?? null;
    const executed = await timer.time("apply", () => this.#executor.execute(decision, base, target));
    this.#fault = await timer.time("verify", () => this.#view.verify(observation, told));
    const delays = this.#view.arrived(observation);
    const proposal = effectiveMode === "advisory" ? await this.#proposals.consider(executed, decision, target) : null;
    const whole = { ...executed, proposal, stepMicros: timer.micros };
    const record = await timer.time("record", () => this.#executor.record(whole));
    this.#recommendation = recommendationOf(record, decision, this.#parts.context.space);
    const step = { observation, target, decision, record };
    await timer.time("learn", () => this.#lesson.learn(step, this.#standing.now.mode));
    this.#passes += 1;
    if (this.#passes % CHECKPOINT_EVERY === 0) await this.#save();
    this.#emit({ type: "pass", record, micros: timer.micros, delays });
    return record;
  }

  /** Takes or keeps the lease; what was sent is forgotten while others may act. @returns whether this service leads */
  async #lead(): Promise<boolean> {
    const leads = await this.#standing.hold();
    if (!leads) this.#actuator.forget();
    return leads;
  }

  /** A decision that cannot be explained is made all the same. */
  #explain(
    observation: ClusterState,
    target: Configuration,
    decision: Decision,
    expectations: Expectations,
  ): Explanation | null {
    const { context, committedUsdPerHour, cluster } = this.#parts;
    const { mode, leader } = this.#standing.now;
    const known = { lattice: context.space, objective: context.objective, committedUsdPerHour };
    const { trust } = this.#agent;
    try {
      return explanationOf({ observation, target, decision, expectations, ...known, mode, trust, leader });
    } catch (error) {
      this.#emit({ type: "error", cluster, error });
      return null;
    }
  }

  #wish(observation: ClusterState, target: Configuration): Wish {
    const off = this.#standing.now.mode === "off";
    const { holdUntilS } = this.#operator;
    const parts = { agent: this.#agent, view: this.#view, actuator: this.#actuator, off, holdUntilS };
    const fault = this.#fault ?? this.#view.lateness(observation);
    this.#fault = null;
    return wishOf(parts, observation, target, fault);
  }

  /** A pass that saw nothing: the error is on record, the configuration is held. */
  async #blind(error: unknown, timer: StepTimer): Promise<DecisionRecord> {
    const message = messageOf(error);
    this.#agent.watch(this.#view.nowS, null, message);
    this.#lesson.interrupt();
    await this.#proposals.expire(this.#view.nowS);
    const base = this.#executor.blank(this.#view.nowS, `${message}; the configuration is held`);
    const applied = this.#view.observation === null ? (this.#actuator.sent?.configuration ?? null) : this.#view.target;
    const failed = { ...base, actor: "guard", outcome: "failed", applied, stepMicros: timer.micros } as const;
    const record = await timer.time("record", () => this.#executor.record(failed));
    this.#emit({ type: "pass", record, micros: timer.micros, delays: [] });
    return record;
  }

  async #save(): Promise<void> {
    const { cluster, context, store } = this.#parts;
    const { snapshot, progress } = this.#agent.save();
    const { environment, seed } = context;
    const spec = this.#agent.policy.toJSON();
    const checkpoint = { agent: snapshot.agent, environment, seed, spec, snapshot, progress };
    try {
      await writeCheckpoint(store.checkpointPath, checkpoint);
    } catch (error) {
      this.#emit({ type: "error", cluster, error });
    }
  }

  #emit(event: LoopEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#busy.then(run);
    this.#busy = result.catch(() => undefined);
    return result;
  }
}
