// Deciding: from what the voices want and the guards left of it to one value that says what is done and why.

import type { Actor, Configuration, DecisionRecord, GuardAction, Mode, Proposal, Vote } from "../core/index.ts";
import type { Guarded } from "../guards/index.ts";
import { sameConfiguration } from "../spaces/index.ts";
import { changeText, reasonText } from "./decision-text.ts";
import { writes } from "./mode.ts";

/** What somebody wants to be in force. */
export interface Wish {
  readonly proposal: Proposal;
  readonly actor: Actor;
  readonly votes: readonly Vote[];
  readonly policyId: string | null;
  /** Back to a configuration known to be good. */
  readonly rollback: boolean;
}

/** The operator's word, with nobody else asked: `configuration`, for the reason given. */
export function keep(configuration: Configuration, reason: string): Wish {
  return { proposal: { configuration, reason }, actor: "operator", votes: [], policyId: null, rollback: false };
}

/** What is done about a wish; nothing has been sent yet. */
export interface Decision {
  readonly proposal: Proposal;
  readonly proposed: Configuration;
  readonly actor: Actor;
  readonly votes: readonly Vote[];
  readonly guards: readonly GuardAction[];
  readonly policyId: string | null;
  /** Whether the proposal goes to the cluster. */
  readonly send: boolean;
  /** By a person, change by change. */
  readonly approved: boolean;
  readonly outcome: DecisionRecord["outcome"];
  readonly reason: string;
}

/**
 * @param target configuration in force, or on its way
 * @param approved whether a person said yes to this change, which `advisory` asks for
 */
export function decide(wish: Wish, guarded: Guarded, target: Configuration, mode: Mode, approved = false): Decision {
  const { proposal, actions } = guarded;
  const changed = !sameConfiguration(proposal.configuration, target);
  const send = changed && (writes(mode) || (approved && mode === "advisory"));
  const untouched = sameConfiguration(proposal.configuration, wish.proposal.configuration);
  const outcome = !changed ? "held" : !send ? "advised" : wish.rollback ? "rolled-back" : "applied";
  const change = changed
    ? `${changeText(target, proposal.configuration)} (${wish.proposal.reason})`
    : wish.proposal.reason;
  return {
    proposal,
    proposed: wish.proposal.configuration,
    actor: untouched ? wish.actor : "guard",
    votes: wish.votes,
    guards: actions,
    policyId: wish.policyId,
    send,
    approved,
    outcome,
    reason: reasonText(change, actions),
  };
}
