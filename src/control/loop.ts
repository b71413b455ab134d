// The control loop of one cluster: passes (pass.ts), the time between them, and what people ask of it, one at a time.
//
// What the loop says it did is durable before it can be read.

import type { DecisionRecord, Mode } from "../core/index.ts";
import { writeCheckpoint } from "../store/index.ts";
import { Actuator } from "./actuator.ts";
import { keep } from "./decide.ts";
import { Executor } from "./executor.ts";
import { Lesson } from "./lesson.ts";
import { writes } from "./mode.ts";
import { type Answer, Operator } from "./operator.ts";
import type { ControlParts, LoopEvent } from "./parts.ts";
import { Pass } from "./pass.ts";
import type { ChangeProposal, Proposals } from "./proposals.ts";
import type { Resumption } from "./resume.ts";
import { StandingBook } from "./standing.ts";
import type { ClusterStatus, Recommendation } from "./status.ts";
import { Canaries } from "./trial.ts";
import type { TrustedAgent } from "./trusted-agent.ts";
import { ClusterView } from "./view.ts";

/** The agent's checkpoint is written every so many passes. */
const CHECKPOINT_EVERY = 50;

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
  readonly #pass: Pass;
  readonly #canaries: Canaries;
  readonly #listeners = new Set<(event: LoopEvent) => void>();
  #busy: Promise<unknown> = Promise.resolve();
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
    this.#standing = standing;
    this.#actuator = actuator;
    this.#view = view;
    this.#executor = executor;
    const lead = (): Promise<boolean> => this.#lead();
    const onError = (error: unknown): void => this.#emit({ type: "error", cluster: parts.cluster, error });
    const acting = { agent, view, actuator, executor, proposals, standing, lesson, operator: this.#operator };
    this.#pass = new Pass({ ...acting, parts, lead, onError });
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
    return this.#exclusively(async () => {
      const { seen, ...ended } = await this.#pass.run();
      if (seen) this.#passes += 1;
      if (seen && this.#passes % CHECKPOINT_EVERY === 0) await this.#save();
      this.#emit({ type: "pass", ...ended });
      return ended.record;
    });
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
    return this.#standing.now.mode === "off" ? null : this.#pass.recommendation;
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

  /** Takes or keeps the lease; what was sent is forgotten while others may act. @returns whether this service leads */
  async #lead(): Promise<boolean> {
    const leads = await this.#standing.hold();
    if (!leads) this.#actuator.forget();
    return leads;
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
