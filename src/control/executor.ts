// Carries decisions out and puts them on record: those of passes, of commands and of canaries alike.

import type { ClusterState, Configuration, DecisionRecord, Trust } from "../core/index.ts";
import { applyGuards, type Guarded } from "../guards/index.ts";
import type { Actuator } from "./actuator.ts";
import { type Decision, decide, type Wish } from "./decide.ts";
import type { ControlParts } from "./parts.ts";
import { emptyRecord } from "./record.ts";
import { decisionId } from "./resume.ts";
import type { StandingBook } from "./standing.ts";
import type { ClusterView } from "./view.ts";

/** What an executor works with. */
export interface ExecutorParts {
  readonly parts: ControlParts;
  readonly view: ClusterView;
  readonly actuator: Actuator;
  readonly standing: StandingBook;
  readonly trust: () => Trust;
  /** Called with every record, once it is durable. */
  readonly onRecord: (record: DecisionRecord) => void;
}

/** How a wish outside a pass is carried out. */
export interface CommandOptions {
  /** By a person, change by change: may be written in `advisory`. */
  readonly approved?: boolean;
  /** The proposal it answers. */
  readonly proposal?: string;
  /** Whether all guards are asked, not bounds and budget alone. */
  readonly guarded?: boolean;
}

/** Executes and records for one loop. */
export class Executor {
  readonly #with: ExecutorParts;
  #lastRecord: DecisionRecord | null = null;

  constructor(parts: ExecutorParts) {
    this.#with = parts;
  }

  /** The latest record; null before the first since the start. */
  get lastRecord(): DecisionRecord | null {
    return this.#lastRecord;
  }

  /** A record of which only the frame is known. */
  blank(timeS: number, reason: string): DecisionRecord {
    const { parts, standing, trust } = this.#with;
    const { cluster, store } = parts;
    const id = decisionId(cluster, store.decisions.length);
    return emptyRecord({ id, cluster, timeS, mode: standing.now.mode, trust: trust(), reason });
  }

  /** What the guards leave of a wish. Going back to what was good waits for no cooldown; bounds and budget hold all the same. */
  guard(wish: Wish, observation: ClusterState): Guarded {
    const { parts, view, standing } = this.#with;
    return applyGuards(wish.proposal, view.guardContext(observation, standing.now), wish.rollback ? [] : parts.guards);
  }

  /** Sends what was decided. @throws {StoreError} when it could not be recorded first */
  execute(decision: Decision, base: DecisionRecord, target: Configuration): Promise<DecisionRecord> {
    const { view } = this.#with;
    return this.#with.actuator.execute(decision, base, target).then((record) => {
      if (decision.send && record.applied === decision.proposal.configuration) {
        view.sent(base.timeS, target, decision.proposal.configuration);
      }
      return record;
    });
  }

  /** Makes a record durable and tells of it. @throws {StoreError} when it could not be */
  async record(record: DecisionRecord): Promise<DecisionRecord> {
    await this.#with.parts.store.decisions.append(record);
    this.#lastRecord = record;
    this.#with.onRecord(record);
    return record;
  }

  /** What the guards leave of a command's wish, and what would be done about it. */
  weigh(wish: Wish, target: Configuration, options: CommandOptions = {}): { guarded: Guarded; decision: Decision } {
    const { parts, view, standing } = this.#with;
    const seen = view.observation;
    const guards = options.guarded === true ? parts.guards : undefined;
    const guarded =
      seen === null
        ? { proposal: wish.proposal, actions: [] }
        : applyGuards(wish.proposal, view.guardContext(seen, standing.now), guards);
    const decision = decide(wish, guarded, target, standing.effectiveMode, options.approved ?? false);
    return { guarded, decision };
  }

  /** A decision outside a pass: a command, or the end of a canary's stage. */
  async carryOut(wish: Wish, target: Configuration, options: CommandOptions = {}): Promise<DecisionRecord> {
    const { decision } = this.weigh(wish, target, options);
    const base = { ...this.blank(this.#with.view.nowS, decision.reason), proposal: options.proposal ?? null };
    return this.record(await this.execute(decision, base, target));
  }
}
