// The control loop of one cluster: observe, forecast, propose, guard, decide, apply, verify, record, learn.
//
// Nothing reaches back: each step takes what the one before it gave. What the loop says it did is durable before it
// can be read; a failed observation is an error on record and holds the configuration.

import { type ClusterState, type Configuration, type DecisionRecord, type Mode, StateError } from "../core/index.ts";
import { applyGuards, type Guarded } from "../guards/index.ts";
import { writeCheckpoint } from "../store/index.ts";
import { Actuator, type RunningTrial } from "./actuator.ts";
import { decide, keep, type Wish } from "./decide.ts";
import { Lesson } from "./lesson.ts";
import { writes } from "./mode.ts";
import type { ControlParts, LoopEvent } from "./parts.ts";
import { emptyRecord, recordedObservation } from "./record.ts";
import { decisionId, type Resumption } from "./resume.ts";
import { type ClusterStatus, type Recommendation, recommendationOf } from "./status.ts";
import { StepTimer } from "./step-timer.ts";
import { stageWish } from "./trial.ts";
import type { TrustedAgent, Voices } from "./trusted-agent.ts";
import { ClusterView } from "./view.ts";

/** The agent's checkpoint is written every so many passes. */
const CHECKPOINT_EVERY = 50;

/** Intervals for which nothing is changed after the operator rolled back. */
const HOLD_INTERVALS = 10;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Tunes one cluster, one pass at a time. Passes and commands never overlap. */
export class ControlLoop {
  readonly #parts: ControlParts;
  readonly #agent: TrustedAgent;
  readonly #actuator: Actuator;
  readonly #resumption: Resumption;
  readonly #view: ClusterView;
  readonly #lesson: Lesson;
  readonly #listeners = new Set<(event: LoopEvent) => void>();
  #mode: Mode;
  #busy: Promise<unknown> = Promise.resolve();
  #fault: string | null = null;
  #holdUntilS = Number.NEGATIVE_INFINITY;
  #lastRecord: DecisionRecord | null = null;
  #recommendation: Recommendation | null = null;
  #passes = 0;

  constructor(parts: ControlParts, agent: TrustedAgent, resumption: Resumption) {
    this.#parts = parts;
    this.#agent = agent;
    this.#resumption = resumption;
    this.#mode = parts.mode;
    this.#lesson = new Lesson(parts, agent);
    this.#actuator = new Actuator(parts.adapter, parts.store.actuations, () => this.#mode, resumption);
    this.#view = new ClusterView(parts, this.#actuator, resumption);
  }

  /** Calls a listener with every event from now on. @returns a function that ends it */
  subscribe(listener: (event: LoopEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Sends the last acknowledged configuration again, and completes the record of a pass a kill cut short.
   * A cluster of our own that was never sent anything is sent the scenario's initial configuration.
   */
  resume(): Promise<void> {
    return this.#exclusively(async () => {
      const { sent } = this.#resumption;
      if (sent === null) {
        const { context, sendsInitial } = this.#parts;
        const { initial } = context;
        if (sendsInitial && writes(this.#mode))
          await this.#carryOut(keep(initial, "the scenario's initial configuration"), {});
        return;
      }
      await this.#actuator.resend();
      if (sent.recorded) return;
      const { actor, configuration, timeS } = sent;
      const base = this.#blank(timeS, "sent before the service was stopped, recorded at its restart");
      await this.#record({ ...base, actor, applied: configuration, proposed: configuration, outcome: "applied" });
    });
  }

  /** One pass. @throws {StoreError} when what was decided could not be recorded */
  pass(): Promise<DecisionRecord> {
    return this.#exclusively(() => this.#pass());
  }

  /** Lets the interval go by, taking a trial through its stages. @param advance lets the cluster's time pass */
  async rest(advance: (seconds: number) => Promise<void>): Promise<void> {
    const { intervalS } = this.#parts.context;
    const running = this.#actuator.takeTrial();
    let share = 0;
    const until = async (windowShare: number): Promise<void> => {
      const seconds = (windowShare - share) * intervalS;
      await advance(seconds);
      this.#view.elapse(seconds);
      share = windowShare;
    };
    for (const stage of running?.trial.stages ?? []) {
      await until(stage.windowShare);
      const goesOn = await this.#exclusively(() => this.#judge(running, stage.windowShare));
      if (!goesOn) break;
    }
    if (share < 1) await until(1);
  }

  /**
   * Goes back to the last good configuration at once, and holds it for a while.
   * @throws {StateError} when the mode forbids writing, or nothing good is known
   */
  rollback(): Promise<DecisionRecord> {
    return this.#exclusively(async () => {
      if (!writes(this.#mode)) throw new StateError(`rollback: expected mode canary or active, found ${this.#mode}`);
      const target = this.#view.target;
      const good = this.#view.goodBefore();
      if (good === null) throw new StateError("rollback: expected an earlier good configuration, found none");
      const reason = `rolled back by the operator to what was good at ${Math.round(good.timeS)} s`;
      this.#agent.watch(this.#view.nowS, null, reason);
      this.#holdUntilS = this.#view.nowS + HOLD_INTERVALS * this.#parts.context.intervalS;
      this.#actuator.takeTrial();
      return this.#carryOut({ ...keep(good.configuration, reason), rollback: true }, target);
    });
  }

  /** Sets the operator's ceiling, from the next write on. */
  setMode(mode: Mode): Promise<void> {
    return this.#exclusively(async () => {
      this.#mode = mode;
    });
  }

  /** What is known between passes. */
  status(): ClusterStatus {
    const { trust, sinceS, reason, test } = this.#agent.trust;
    const { sent } = this.#actuator;
    const resumed = this.#resumption.sent;
    return {
      name: this.#parts.cluster,
      mode: this.#mode,
      trust: { trust, sinceS, reason, test },
      timeS: this.#view.nowS,
      configuration: sent?.configuration ?? null,
      configurationDecision: sent?.decision ?? null,
      running: this.#view.observation?.configuration ?? null,
      inFlight: this.#view.observation?.inFlight ?? null,
      lastGood: this.#view.lastGood,
      decisions: this.#parts.store.decisions.length,
      lastDecision: this.#lastRecord,
      resumed: resumed === null ? null : { decision: resumed.decision, configuration: resumed.configuration },
      policy: this.#agent.policy.toJSON(),
    };
  }

  /** The latest recommendation; null before the first, and in mode off. */
  recommendation(): Recommendation | null {
    return this.#mode === "off" ? null : this.#recommendation;
  }

  /** Writes the agent's checkpoint. */
  save(): Promise<void> {
    return this.#exclusively(() => this.#save());
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
    const target = this.#view.target;
    const wish = await timer.time("propose", () => this.#propose(observation, target));
    const guarded = await timer.time("guard", () => this.#guard(wish, observation));
    const decision = await timer.time("decide", () => decide(wish, guarded, target, this.#mode));
    const base = {
      ...this.#blank(observation.timeS, decision.reason),
      observation: recordedObservation(observation),
      expected: this.#view.expected(decision.proposal.configuration, observation),
    };
    const told = this.#actuator.sent?.configuration ?? null;
    const executed = await timer.time("apply", () => this.#actuator.execute(decision, base, target));
    this.#fault = await timer.time("verify", () => this.#view.verify(observation, told));
    const record = await timer.time("record", () => this.#record({ ...executed, stepMicros: timer.micros }));
    this.#recommendation = recommendationOf(record, decision, this.#parts.context.space);
    await timer.time("learn", () => this.#lesson.learn({ observation, target, decision, record }, this.#mode));
    this.#passes += 1;
    if (this.#passes % CHECKPOINT_EVERY === 0) await this.#save();
    this.#emit({ type: "pass", record, micros: timer.micros });
    return record;
  }

  #propose(observation: ClusterState, target: Configuration): Wish {
    const fault = this.#agent.watch(observation.timeS, observation, this.#fault ?? this.#actuator.takeFault());
    this.#fault = null;
    if (this.#mode === "off") return keep(target, "mode off: nothing is proposed");
    let voices: Voices;
    try {
      voices = this.#agent.propose(observation);
    } catch (error) {
      const reason = `the optimizer failed: ${messageOf(error)}; the configuration is held`;
      return { ...keep(target, reason), actor: "guard" };
    }
    const { votes } = voices;
    if (observation.timeS < this.#holdUntilS) {
      return { ...keep(target, `held until ${Math.round(this.#holdUntilS)} s after the operator's rollback`), votes };
    }
    const suspect = fault !== null && this.#actuator.sent?.actor === "agent";
    const good = suspect ? this.#view.goodAtThisLoad(observation) : null;
    if (good === null) return { ...voices, rollback: false };
    const reason = `${fault}: back to what was good at ${Math.round(good.timeS)} s`;
    return { ...keep(good.configuration, reason), actor: "guard", votes, rollback: true };
  }

  #guard(wish: Wish, observation: ClusterState): Guarded {
    // Going back to what was good waits for no cooldown; bounds and budget hold all the same.
    return applyGuards(
      wish.proposal,
      this.#view.guardContext(observation, this.#mode),
      wish.rollback ? [] : this.#parts.guards,
    );
  }

  async #record(record: DecisionRecord): Promise<DecisionRecord> {
    await this.#parts.store.decisions.append(record);
    this.#lastRecord = record;
    this.#emit({ type: "decision", record });
    return record;
  }

  /** A decision outside a pass: a command, or the end of a canary's stage. */
  async #carryOut(wish: Wish, target: Configuration): Promise<DecisionRecord> {
    const seen = this.#view.observation;
    const guarded =
      seen === null
        ? { proposal: wish.proposal, actions: [] }
        : applyGuards(wish.proposal, this.#view.guardContext(seen, this.#mode));
    const decision = decide(wish, guarded, target, this.#mode);
    const base = this.#blank(this.#view.nowS, decision.reason);
    return this.#record(await this.#actuator.execute(decision, base, target));
  }

  /** A pass that saw nothing: the error is on record, the configuration is held. */
  async #blind(error: unknown, timer: StepTimer): Promise<DecisionRecord> {
    const message = messageOf(error);
    this.#agent.watch(this.#view.nowS, null, message);
    this.#lesson.interrupt();
    const base = this.#blank(this.#view.nowS, `${message}; the configuration is held`);
    const applied = this.#view.observation === null ? (this.#actuator.sent?.configuration ?? null) : this.#view.target;
    const failed = { ...base, actor: "guard", outcome: "failed", applied, stepMicros: timer.micros } as const;
    const record = await timer.time("record", () => this.#record(failed));
    this.#emit({ type: "pass", record, micros: timer.micros });
    return record;
  }

  /** At the end of a stage: whether the canary goes on. */
  async #judge(running: RunningTrial | null, windowShare: number): Promise<boolean> {
    if (running === null) return false;
    const wish = await this.#stageWish(running, windowShare);
    if (wish === null) return true;
    if (wish.rollback) this.#lesson.abort();
    await this.#carryOut(wish, wish.rollback ? running.configuration : running.previous);
    return false;
  }

  async #stageWish(running: RunningTrial, windowShare: number): Promise<Wish | null> {
    try {
      const { canary } = await this.#parts.adapter.observe();
      return stageWish(running, windowShare, canary, this.#parts.context.objective.slo[0], this.#mode);
    } catch (error) {
      // A canary that cannot be seen is not left running.
      const reason = `the canary could not be observed: ${messageOf(error)}`;
      return { ...keep(running.previous, reason), actor: "guard", rollback: true };
    }
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

  #blank(timeS: number, reason: string): DecisionRecord {
    const { cluster, store } = this.#parts;
    const id = decisionId(cluster, store.decisions.length);
    return emptyRecord({ id, cluster, timeS, mode: this.#mode, trust: this.#agent.trust.trust, reason });
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
