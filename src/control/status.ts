// What can be asked of a control loop between its passes.

import type { Configuration, DecisionRecord, KnobLattice, KnobValue, Mode, PolicySpec, Vote } from "../core/index.ts";
import type { TrustState } from "../trust/index.ts";
import type { Decision } from "./decide.ts";
import type { GoodConfiguration } from "./last-good.ts";

/** What the loop would have the cluster run, and how sure it is. */
export interface Recommendation {
  readonly decision: string;
  readonly timeS: number;
  /** After the guards. */
  readonly target: Configuration;
  /** Before the guards. */
  readonly uncappedTarget: Configuration;
  /** Lowest and highest value of each knob the voices asked for. */
  readonly lowerBound: Configuration;
  readonly upperBound: Configuration;
  readonly by: DecisionRecord["actor"];
  readonly reason: string;
  readonly explanation: DecisionRecord["explanation"];
  readonly expected: DecisionRecord["expected"];
  readonly votes: readonly Vote[];
  readonly conditions: readonly { readonly type: "LowConfidence"; readonly reason: string }[];
}

/** A cluster as its control loop sees it. */
export interface ClusterStatus {
  readonly name: string;
  readonly mode: Mode;
  /** Another service that may act on the cluster; null when it is this one. */
  readonly leader: string | null;
  readonly budgetUsdPerHour: number | null;
  readonly trust: Pick<TrustState, "trust" | "sinceS" | "reason" | "test">;
  readonly timeS: number;
  /** Last configuration that was sent and recorded; what a restart sends again. Null when nothing ever was. */
  readonly configuration: Configuration | null;
  /** The decision that sent it; null when it was there before the loop. */
  readonly configurationDecision: string | null;
  readonly running: Configuration | null;
  readonly inFlight: Configuration | null;
  readonly lastGood: GoodConfiguration | null;
  /** Seconds each knob last took to come into force, as far as measured. */
  readonly actuationDelayS: Readonly<Record<string, number>>;
  /** The proposal that waits for an answer; null when none does. */
  readonly pendingProposal: string | null;
  readonly decisions: number;
  readonly lastDecision: DecisionRecord | null;
  /** What was sent again at the last start; null for a cluster attached since. */
  readonly resumed: { readonly decision: string; readonly configuration: Configuration } | null;
  readonly policy: PolicySpec;
}

function extreme(space: KnobLattice, choices: readonly Configuration[], highest: boolean): Configuration {
  const values: Record<string, KnobValue> = {};
  for (const knob of space.knobs) {
    const positions = choices.map((choice) => knob.values.indexOf(choice[knob.name] ?? "")).filter((at) => at >= 0);
    const value = knob.values[highest ? Math.max(...positions) : Math.min(...positions)];
    if (value !== undefined) values[knob.name] = value;
  }
  return values;
}

/** The recommendation a recorded decision amounts to. */
export function recommendationOf(record: DecisionRecord, decision: Decision, space: KnobLattice): Recommendation {
  const { trust } = record;
  const target = decision.proposal.configuration;
  const choices = [target, ...decision.votes.map((vote) => vote.configuration)];
  const doubt = { type: "LowConfidence" as const, reason: `trust is ${trust}: the optimizer's word counts` };
  return {
    decision: record.id,
    timeS: record.timeS,
    target,
    uncappedTarget: decision.proposed,
    lowerBound: extreme(space, choices, false),
    upperBound: extreme(space, choices, true),
    by: record.actor,
    reason: record.reason,
    explanation: record.explanation,
    expected: record.expected,
    votes: decision.votes,
    conditions: trust === "serving" ? [] : [doubt],
  };
}
