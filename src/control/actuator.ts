// The one actuator: the only place that writes to a cluster, and it knows the mode.
//
// off, shadow, advisory   nothing is written, but in advisory what a person approved
// canary                  only on a share of the traffic
// active                  as decided
// Only the service that holds the cluster's lease writes. What is to be written is recorded, and durable, before it is
// sent: after a kill it is sent again. What failed half-way is put back at once, and at every pass until that succeeds.
// A canary that cannot be ended properly is ended by what the rest of the traffic runs, never taken on whole.

import {
  type Actor,
  ActuationError,
  type ClusterAdapter,
  type Configuration,
  type DecisionRecord,
  StateError,
  type Trial,
} from "../core/index.ts";
import { sameConfiguration } from "../spaces/index.ts";
import type { AppendLog } from "../store/index.ts";
import type { Decision } from "./decide.ts";
import type { Resumption } from "./resume.ts";
import type { StandingBook } from "./standing.ts";

/** How a change is tried where the mode allows no more: on this share of the traffic, and it stays there. */
const CAUTIOUS: Trial = { share: 1 / 8, stages: [{ windowShare: 1 }] };

/** Changes whose times are remembered, for change budgets. */
const CHANGES_REMEMBERED = 1000;

/** A configuration sent to a cluster. */
export interface Actuation {
  /** Id of the decision it belongs to. */
  readonly decision: string;
  readonly timeS: number;
  readonly configuration: Configuration;
  readonly actor: Actor;
  /** Of a canary, what the rest of the traffic runs; absent where all traffic runs the same. */
  readonly previous?: Configuration;
}

/** A canary that has been started. */
export interface RunningTrial {
  readonly trial: Trial;
  readonly configuration: Configuration;
  /** What the rest of the traffic runs, and what aborting goes back to. */
  readonly previous: Configuration;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Sends configurations to one cluster, and knows what was sent. */
export class Actuator {
  readonly #adapter: ClusterAdapter;
  readonly #log: AppendLog;
  readonly #standing: StandingBook;
  #lastChangeS: Readonly<Record<string, number>>;
  #changesS: readonly number[];
  #sent: Actuation | null;
  #fault: string | null = null;
  /** The canary that runs, and whether its stages are still to be watched. */
  #canary: { readonly trial: RunningTrial; taken: boolean } | null = null;
  /**
   * A change failed and left nobody knows what: this must be sent before anything is known to be in force. Whoever was
   * allowed to make the change is allowed to put it back.
   */
  #owed: { readonly configuration: Configuration; readonly approved: boolean } | null = null;

  constructor(adapter: ClusterAdapter, log: AppendLog, standing: StandingBook, resumption: Resumption) {
    this.#adapter = adapter;
    this.#log = log;
    this.#standing = standing;
    this.#sent = resumption.sent;
    this.#lastChangeS = resumption.lastChangeS;
    this.#changesS = resumption.changesS;
    const previous = resumption.sent?.previous;
    if (resumption.sent === null || previous === undefined) return;
    const { configuration } = resumption.sent;
    this.#canary = { trial: { trial: CAUTIOUS, configuration, previous }, taken: true };
  }

  /** What was last sent and accepted; null when nothing ever was. */
  get sent(): Actuation | null {
    return this.#sent;
  }

  /** Time of each knob's last change, by knob name. */
  get lastChangeS(): Readonly<Record<string, number>> {
    return this.#lastChangeS;
  }

  /** Times of the latest changes, ascending. */
  get changesS(): readonly number[] {
    return this.#changesS;
  }

  /** What went wrong since this was last asked; null when nothing did. */
  takeFault(): string | null {
    const fault = this.#fault;
    this.#fault = null;
    return fault;
  }

  /** The canary started since this was last asked; null when none was. */
  takeTrial(): RunningTrial | null {
    const canary = this.#canary;
    if (canary === null || canary.taken) return null;
    canary.taken = true;
    return canary.trial;
  }

  /** The canary in force; null when all traffic runs the same. */
  get canary(): RunningTrial | null {
    return this.#canary?.trial ?? null;
  }

  /** Others act on the cluster: what this service sent is no longer what is in force. */
  forget(): void {
    this.#sent = null;
    this.#canary = null;
    this.#owed = null;
  }

  /** The cluster's clock was set: what is remembered with times goes with it. */
  shift(seconds: number): void {
    const moved = Object.entries(this.#lastChangeS).map(([name, timeS]) => [name, timeS + seconds]);
    this.#lastChangeS = Object.fromEntries(moved);
    this.#changesS = this.#changesS.map((timeS) => timeS + seconds);
  }

  /**
   * Carries out a decision. A cluster that refuses or fails is not an exception here but an outcome: the record says
   * so, and a restart sends what was in force before.
   * @param base the record so far
   * @param target configuration in force, or on its way
   * @returns the record with what was done
   * @throws {StoreError} when what is to be sent could not be recorded; it is then not sent
   */
  async execute(decision: Decision, base: DecisionRecord, target: Configuration): Promise<DecisionRecord> {
    const { actor, guards, policyId, proposed, votes, outcome, proposal } = decision;
    const record = { ...base, actor, guards, policyId, proposed, votes, outcome };
    if (!decision.send) return this.#settled({ ...record, applied: outcome === "held" ? target : null });
    const { configuration } = proposal;
    const whole = this.#whole(target);
    const trial = sameConfiguration(configuration, whole) ? undefined : this.#limited(proposal.trial);
    const sent = { decision: base.id, timeS: base.timeS, configuration, actor };
    const actuation = trial === undefined ? sent : { ...sent, previous: whole };
    const failure = await this.#send(actuation, trial, decision.approved);
    if (failure !== null) {
      const back: Actuation = { ...sent, configuration: this.#owed?.configuration ?? whole, actor: "guard" };
      return this.#failed(failure, { ...record, applied: target }, back, decision.approved);
    }
    const turned = Object.keys(configuration).filter((name) => configuration[name] !== target[name]);
    this.#lastChangeS = { ...this.#lastChangeS, ...Object.fromEntries(turned.map((name) => [name, base.timeS])) };
    this.#changesS = [...this.#changesS, base.timeS].slice(-CHANGES_REMEMBERED);
    this.#sent = actuation;
    this.#owed = null;
    this.#canary = trial === undefined ? null : { trial: { trial, configuration, previous: whole }, taken: false };
    return { ...record, applied: configuration };
  }

  /** Sends the last configuration again, after a restart; nothing where it may not be or none is known. */
  async resend(): Promise<void> {
    if (this.#sent === null || !this.#standing.mayWrite(false)) return;
    const failure = await this.#put(this.#sent.configuration);
    if (failure === null) return;
    // What runs is seen by the next pass; that it may not be what was sent is a fault until then.
    this.#fault = `the cluster failed to take what was in force before the restart: ${message(failure)}`;
    this.#owed = { configuration: this.#sent.configuration, approved: false };
  }

  /** What all traffic runs, or the rest of it beside a canary. */
  #whole(target: Configuration): Configuration {
    return this.#canary?.trial.previous ?? target;
  }

  /** As much of a trial as the mode allows. */
  #limited(trial: Trial | undefined): Trial | undefined {
    return this.#standing.effectiveMode === "canary" ? (trial ?? CAUTIOUS) : trial;
  }

  /** A decision that sends nothing: unless nobody knows what is in force; what is owed is then sent. */
  async #settled(record: DecisionRecord): Promise<DecisionRecord> {
    const owed = this.#owed;
    if (owed === null || !this.#standing.mayWrite(owed.approved)) return record;
    const { configuration } = owed;
    const failure = await this.#putBack({ decision: record.id, timeS: record.timeS, configuration, actor: "guard" });
    if (failure === null) {
      return { ...record, applied: configuration, reason: `${record.reason}; put back after the failed change` };
    }
    this.#fault = `the cluster failed to take back a change: ${message(failure)}`;
    return { ...record, applied: null, outcome: "failed", reason: `${this.#fault}; ${record.reason}` };
  }

  /** @param back what is to be in force again */
  async #failed(failure: unknown, record: DecisionRecord, back: Actuation, approved: boolean): Promise<DecisionRecord> {
    await this.#log.append(back);
    const refused = failure instanceof ActuationError && failure.left === "unchanged";
    this.#fault = `the cluster ${refused ? "refused" : "failed to take"} a change: ${message(failure)}`;
    const reason = `${this.#fault}; ${record.reason}`;
    const { configuration } = back;
    // A canary that was to end and did not is not left running either.
    if (!refused || this.#canary !== null) this.#owed = { configuration, approved };
    if (refused) return { ...record, outcome: "refused", reason };
    const again = await this.#putBack(back);
    if (again === null) return { ...record, applied: configuration, outcome: "failed", reason: `${reason}; put back` };
    return { ...record, applied: null, outcome: "failed", reason: `${reason}; putting back failed too` };
  }

  /** @returns why the cluster did not take it; null when it did */
  async #putBack(back: Actuation): Promise<unknown> {
    const failure = await this.#put(back.configuration);
    if (failure !== null) return failure;
    this.#owed = null;
    this.#sent = back;
    this.#canary = null;
    return null;
  }

  async #send(actuation: Actuation, trial: Trial | undefined, approved: boolean): Promise<unknown> {
    if (!this.#standing.mayWrite(approved)) {
      throw new StateError(`mode: expected canary or active for a change, found ${this.#standing.effectiveMode}`);
    }
    // Leadership may have gone since the pass began.
    if (!(await this.#standing.hold())) return new ActuationError(`${this.#standing.now.leader} leads`);
    await this.#log.append(actuation);
    return this.#put(actuation.configuration, trial);
  }

  /** @returns why the cluster did not take it; null when it did */
  async #put(configuration: Configuration, trial?: Trial): Promise<unknown> {
    try {
      await this.#adapter.apply(configuration, trial);
      return null;
    } catch (error) {
      return error ?? new Error("unknown failure");
    }
  }
}
