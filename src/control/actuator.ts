// The one actuator: the only place that writes to a cluster, and it knows the mode.
//
// off, shadow, advisory   nothing is written
// canary                  only on a share of the traffic
// active                  as decided
// What is to be written is recorded, and durable, before it is sent: after a kill it is sent again.

import {
  type Actor,
  ActuationError,
  type ClusterAdapter,
  type Configuration,
  type DecisionRecord,
  type Mode,
  StateError,
  type Trial,
} from "../core/index.ts";
import type { AppendLog } from "../store/index.ts";
import type { Decision } from "./decide.ts";
import { writes } from "./mode.ts";
import type { Resumption } from "./resume.ts";

/** Share of the traffic a change is tried on where the mode allows no more. */
const CANARY_SHARE = 1 / 8;

/** Changes whose times are remembered, for change budgets. */
const CHANGES_REMEMBERED = 1000;

/** A configuration sent to a cluster. */
export interface Actuation {
  /** Id of the decision it belongs to. */
  readonly decision: string;
  readonly timeS: number;
  readonly configuration: Configuration;
  readonly actor: Actor;
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
  readonly #mode: () => Mode;
  readonly #lastChangeS: Record<string, number>;
  #changesS: readonly number[];
  #sent: Actuation | null;
  #fault: string | null = null;
  #trial: RunningTrial | null = null;

  constructor(adapter: ClusterAdapter, log: AppendLog, mode: () => Mode, resumption: Resumption) {
    this.#adapter = adapter;
    this.#log = log;
    this.#mode = mode;
    this.#sent = resumption.sent;
    this.#lastChangeS = { ...resumption.lastChangeS };
    this.#changesS = resumption.changesS;
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
    const trial = this.#trial;
    this.#trial = null;
    return trial;
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
    if (!decision.send) return { ...record, applied: outcome === "held" ? target : null };
    const { configuration, trial } = proposal;
    const actuation = { decision: base.id, timeS: base.timeS, configuration, actor };
    const failure = await this.#send(actuation, trial);
    if (failure !== null) {
      await this.#log.append({ ...actuation, configuration: target, actor: "guard" });
      const refused = failure instanceof ActuationError && failure.left === "unchanged";
      this.#fault = `the cluster ${refused ? "refused" : "failed to take"} a change: ${message(failure)}`;
      const reason = `${this.#fault}; ${base.reason}`;
      return { ...record, applied: refused ? target : null, outcome: refused ? "refused" : "failed", reason };
    }
    for (const name of Object.keys(configuration)) {
      if (configuration[name] !== target[name]) this.#lastChangeS[name] = base.timeS;
    }
    this.#changesS = [...this.#changesS, base.timeS].slice(-CHANGES_REMEMBERED);
    this.#sent = actuation;
    this.#trial = trial === undefined ? null : { trial, configuration, previous: target };
    return { ...record, applied: configuration };
  }

  /** Sends the last configuration again, after a restart; nothing where the mode forbids it or none is known. */
  async resend(): Promise<void> {
    if (this.#sent === null || !writes(this.#mode())) return;
    try {
      await this.#adapter.apply(this.#sent.configuration);
    } catch (error) {
      // What runs is seen by the next pass; that it may not be what was sent is a fault until then.
      this.#fault = `the cluster failed to take what was in force before the restart: ${message(error)}`;
    }
  }

  async #send(actuation: Actuation, trial: Trial | undefined): Promise<unknown> {
    const mode = this.#mode();
    if (!writes(mode)) throw new StateError(`mode: expected canary or active for a change, found ${mode}`);
    const limited = mode === "canary" ? (trial ?? { share: CANARY_SHARE, stages: [{ windowShare: 1 }] }) : trial;
    await this.#log.append(actuation);
    try {
      await this.#adapter.apply(actuation.configuration, limited);
      return null;
    } catch (error) {
      return error ?? new Error("unknown failure");
    }
  }
}
