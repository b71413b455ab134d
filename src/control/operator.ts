// The operator's commands to a loop: back to what was good, yes or no to a proposal. Each leaves a record.

import { type Configuration, type DecisionRecord, StateError } from "../core/index.ts";
import { sameConfiguration } from "../spaces/index.ts";
import type { Actuator } from "./actuator.ts";
import { keep } from "./decide.ts";
import type { Executor } from "./executor.ts";
import { writes } from "./mode.ts";
import type { ChangeProposal, Proposals } from "./proposals.ts";
import type { StandingBook } from "./standing.ts";
import type { TrustedAgent } from "./trusted-agent.ts";
import type { ClusterView } from "./view.ts";

/** Intervals for which nothing is changed after the operator rolled back. */
const HOLD_INTERVALS = 10;

/** What the commands work with. */
export interface OperatorParts {
  readonly view: ClusterView;
  readonly actuator: Actuator;
  readonly executor: Executor;
  readonly proposals: Proposals;
  readonly standing: StandingBook;
  readonly agent: TrustedAgent;
  readonly intervalS: number;
}

/** Who answers, and with which words. */
export interface Answer {
  readonly by: string;
  readonly note: string | null;
}

/** Commands to one loop; the loop sees to it that none overlaps a pass. */
export class Operator {
  readonly #with: OperatorParts;
  #holdUntilS = Number.NEGATIVE_INFINITY;

  constructor(parts: OperatorParts) {
    this.#with = parts;
  }

  /** Until when nothing is changed, because the operator rolled back. */
  get holdUntilS(): number {
    return this.#holdUntilS;
  }

  /**
   * Goes back to the last good configuration at once, and holds it for a while.
   * @throws {StateError} when nothing may be written, or nothing good is known
   */
  rollback(): Promise<DecisionRecord> {
    const { view, actuator, executor, standing, agent, intervalS } = this.#with;
    const mode = standing.effectiveMode;
    if (!writes(mode)) throw new StateError(`rollback: expected mode canary or active, found ${this.#found()}`);
    const target = view.target;
    const good = view.goodBefore();
    if (good === null) throw new StateError("rollback: expected an earlier good configuration, found none");
    const reason = `rolled back by the operator to what was good at ${Math.round(good.timeS)} s`;
    agent.watch(view.nowS, null, reason);
    this.#holdUntilS = view.nowS + HOLD_INTERVALS * intervalS;
    actuator.takeTrial();
    return executor.carryOut({ ...keep(good.configuration, reason), rollback: true }, target);
  }

  /**
   * Carries a proposal out, guards asked again.
   * @throws {UnknownNameError} when there is none of that id
   * @throws {StateError} when it may no longer be answered, the cluster has changed, or a guard now holds it
   */
  async approve(id: string, answer: Answer): Promise<ChangeProposal> {
    const { view, executor, proposals, standing } = this.#with;
    const proposal = await proposals.answerable(id, view.nowS);
    if (standing.effectiveMode !== "advisory") {
      throw new StateError(`proposal ${id}: expected mode advisory, found ${this.#found()}`);
    }
    const target = this.#unchanged(proposal);
    const words = answer.note === null ? "" : ` (${answer.note})`;
    const wish = {
      ...keep(proposal.proposed, `approved by ${answer.by}${words}: ${proposal.reason}`),
      votes: proposal.votes,
    };
    const options = { approved: true, guarded: true, proposal: id };
    const { guarded } = executor.weigh(wish, target, options);
    if (!sameConfiguration(guarded.proposal.configuration, proposal.proposed)) {
      const found = guarded.actions.map(({ guard, reason }) => `${guard}: ${reason}`).join("; ");
      throw new StateError(`proposal ${id}: expected the guards to let it through, found ${found}`);
    }
    const record = await executor.carryOut(wish, target, options);
    return proposals.answer(proposal, "approved", { ...answer, timeS: view.nowS }, record.id);
  }

  /**
   * Turns a proposal down; it is not made again before it would have expired.
   * @throws {UnknownNameError} when there is none of that id
   * @throws {StateError} when it may no longer be answered
   */
  async reject(id: string, answer: Answer): Promise<ChangeProposal> {
    const { view, executor, proposals } = this.#with;
    const proposal = await proposals.answerable(id, view.nowS);
    const words = answer.note === null ? "" : `: ${answer.note}`;
    const blank = executor.blank(view.nowS, `rejected by ${answer.by}${words}`);
    const { proposed, votes } = proposal;
    const record = await executor.record({ ...blank, votes, proposed, outcome: "rejected", proposal: id });
    return proposals.answer(proposal, "rejected", { ...answer, timeS: view.nowS }, record.id);
  }

  #unchanged({ id, current }: ChangeProposal): Configuration {
    const { target } = this.#with.view;
    if (sameConfiguration(target, current)) return target;
    const [expected, found] = [current, target].map((one) => JSON.stringify(one));
    throw new StateError(`proposal ${id}: expected the cluster at ${expected}, found ${found}`);
  }

  #found(): string {
    const { mode, leader } = this.#with.standing.now;
    return leader === null ? mode : `${mode}, and ${leader} leads`;
  }
}
