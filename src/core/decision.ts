// Proposals, guards and the record of one pass of the control loop.

import type { Configuration } from "./knob.ts";
import type { Objective } from "./objective.ts";
import type { KnobLattice } from "./space.ts";
import type { ClusterState, WindowMetrics } from "./state.ts";

/** A canary: part of the traffic, for part of a window, in stages. */
export interface Trial {
  /** Share of the traffic in (0, 1]; 1 where the cluster cannot split. */
  readonly share: number;
  /** Shares of a window, ascending; over `abortLatencyRatio` × SLO at a stage's end rolls back. */
  readonly stages: readonly { readonly windowShare: number; readonly abortLatencyRatio?: number }[];
}

/** An action, and what an agent returns. */
export interface Proposal {
  readonly configuration: Configuration;
  readonly trial?: Trial;
  readonly reason: string;
  /** With which it was drawn from among all proposals; absent where it was not drawn. In (0, 1]. */
  readonly probability?: number;
}

/** The operator's ceiling on what may be done. */
export type Mode = "off" | "shadow" | "advisory" | "canary" | "active";

/** How far the learned policy is trusted, the least first but for one that lost it. */
export const trusts = ["bootstrapping", "learning", "serving", "suspended"] as const;
export type Trust = (typeof trusts)[number];

/** Who decided. */
export type Actor = "agent" | "optimizer" | "guard" | "operator";

/** What a guard may know. */
export interface GuardContext {
  readonly nowS: number;
  readonly running: Configuration;
  readonly inFlight: Configuration | null;
  /** Time of each knob's last change, by knob name; absent when never changed. */
  readonly lastChangeS: Readonly<Record<string, number>>;
  /** Times of the latest changes of the configuration, ascending; as far back as anybody remembers. */
  readonly changesS: readonly number[];
  readonly observation: ClusterState;
  readonly lattice: KnobLattice;
  readonly objective: Objective;
  readonly mode: Mode;
  /** Cost the configuration commits to when nothing is offloaded. */
  readonly committedUsdPerHour: (configuration: Configuration) => number;
  readonly budgetUsdPerHour: number | null;
}

/** What a guard made of a proposal; `reason` is present exactly when it changed something. */
export interface Verdict {
  readonly proposal: Proposal;
  readonly reason?: string;
}

/** A pure function that may change or refuse a proposal. Idempotent. */
export interface Guard {
  readonly name: string;
  check(proposal: Proposal, context: GuardContext): Verdict;
}

/** One guard's intervention. */
export interface GuardAction {
  readonly guard: string;
  readonly reason: string;
}

/** What one voice wants. */
export interface Vote {
  /** Name of the agent or optimizer. */
  readonly by: string;
  readonly type: "SET" | "AT_LEAST" | "AT_MOST";
  readonly configuration: Configuration;
  readonly reason: string;
}

/** One step of experience. */
export interface Transition {
  readonly observation: ClusterState;
  readonly proposed: Proposal;
  readonly applied: Configuration;
  readonly actor: Actor;
  /** Probability with which the actor chose it; 1 where deterministic. */
  readonly actionProbability: number;
  readonly reward: number;
  readonly next: ClusterState;
  readonly windowS: number;
  /** A canary that was rolled back. */
  readonly aborted: boolean;
  readonly truncated: boolean;
}

/** What somebody expects of a configuration in the coming interval. */
export interface Expectation {
  readonly objectiveMs: number;
  readonly costUsdPerHour: number;
}

/** The choice that came second. */
export interface RunnerUp {
  /** The voice that wanted it, or what it is: "what runs", "one step cheaper". */
  readonly by: string;
  readonly configuration: Configuration;
  readonly expected: Expectation | null;
  /** Why it was not taken. */
  readonly why: string;
}

/** A decision in words, for whoever has to answer for it. */
export interface Explanation {
  readonly saw: string;
  /** Of what was decided; null where nobody could say. */
  readonly expects: string | null;
  readonly runnerUp: RunnerUp | null;
  /** What would have to be otherwise for another decision, one condition each. */
  readonly changesMind: readonly string[];
  /** All of it as one readable text. */
  readonly text: string;
}

/** What can come of a decision. */
export const outcomes = ["applied", "held", "advised", "refused", "failed", "rolled-back", "rejected"] as const;

/** What came of a decision. */
export type Outcome = (typeof outcomes)[number];

/** One pass of the control loop, stored whole. */
export interface DecisionRecord {
  readonly id: string;
  /** Cluster time. */
  readonly timeS: number;
  readonly cluster: string;
  readonly mode: Mode;
  readonly trust: Trust;
  /** The observation without its history and raw samples, which the records before it hold. */
  readonly observation: {
    readonly metrics: Omit<WindowMetrics, "arrivals"> & { readonly arrivalRateRps: number };
    readonly configuration: Configuration;
    readonly inFlight: Configuration | null;
    readonly fleet: ClusterState["fleet"];
    /** Expected mean rate of the coming interval; null without a forecast. */
    readonly forecastRps: number | null;
  } | null;
  readonly votes: readonly Vote[];
  readonly actor: Actor;
  readonly proposed: Configuration | null;
  readonly applied: Configuration | null;
  readonly guards: readonly GuardAction[];
  readonly expected: Expectation | null;
  /** Filled in from the next window. */
  readonly measured: { readonly objectiveMs: number | null; readonly costUsdPerHour: number } | null;
  readonly outcome: Outcome;
  readonly reason: string;
  /** Null where nothing was weighed: a command, a pass that saw nothing. */
  readonly explanation: Explanation | null;
  /** The proposal it made, or answers; null where there is none. */
  readonly proposal: string | null;
  readonly policyId: string | null;
  /** Duration of each step of the pass, by its name. */
  readonly stepMicros: Readonly<Record<string, number>>;
}
