// Agents learn; policies are their frozen, pure results, and PolicySpec is the only door out.

import type { Catalogue } from "./catalogue.ts";
import type { Proposal, Transition, Trust } from "./decision.ts";
import type { Configuration, Knob } from "./knob.ts";
import type { Limits, Optimizer, PerformanceModel } from "./model.ts";
import type { Objective } from "./objective.ts";
import type { PortablePolicy } from "./portable.ts";
import type { Random } from "./random.ts";
import type { KnobLattice } from "./space.ts";
import type { ClusterState } from "./state.ts";

/** JSON data. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** One input of an exported policy. */
export interface PolicyFeature {
  readonly name: string;
  readonly unit: string;
  /** Applied first: `log1p` is ln(1 + max(0, value)); as it is where absent. */
  readonly transform?: "log1p";
  /** The policy sees (value - offset) / scale. */
  readonly offset: number;
  readonly scale: number;
}

/** How a policy came to be. */
export interface TrainingSummary {
  readonly steps: number;
  readonly episodes: number;
  readonly meanReward: number | null;
  /** TensorFlow.js backend that trained its network, such as "wasm"; absent where no network was trained. */
  readonly backend?: string;
}

/** A policy as plain JSON: everything needed to run, explain or export it. */
export interface PolicySpec {
  readonly format: "trimtab-policy";
  readonly version: 1;
  /** Name of the agent or optimizer, which knows how to read `parameters`. */
  readonly kind: string;
  readonly features: readonly PolicyFeature[];
  readonly knobs: readonly Knob[];
  readonly parameters: Json;
  /** Bounds the guards enforce on the policy. */
  readonly bounds: { readonly initial: Configuration; readonly budgetUsdPerHour: number | null };
  readonly environment: string;
  readonly seed: number;
  readonly training: TrainingSummary;
  /** Of the canonical JSON of all other fields; hexadecimal. */
  readonly sha256: string;
}

/** A frozen decision rule: the same observation always gives the same configuration. */
export interface Policy {
  act(observation: ClusterState): Configuration;
  toJSON(): PolicySpec;
}

/** Everything an agent needs to go on as if never stopped. */
export interface AgentSnapshot {
  readonly agent: string;
  readonly version: number;
  readonly state: Json;
}

/** What an agent holds of one configuration at the present load, for people. */
export interface Belief {
  /** Probability that it meets the SLO, in [0, 1]. */
  readonly safe: number;
  /** How much the measurements of its region say of it: 0 nothing, 1 as much as one of its own. */
  readonly informed: number;
}

/** Arrivals in one window, as a trace or monitoring tells them. */
export interface ArrivalRecord {
  /** At the window's end. */
  readonly timeS: number;
  readonly durationS: number;
  readonly rateRps: number;
  /** Rates of equal sub-intervals, oldest first; may be empty. */
  readonly recentRatesRps: readonly number[];
}

/** A learner. Owns only its state; chance and time come from outside. */
export interface Agent {
  act(observation: ClusterState): Proposal;
  update(transition: Transition): void;
  /** Takes in arrivals of before it began, oldest first; absent where an agent learns nothing from arrivals alone. */
  recall?(arrivals: Iterable<ArrivalRecord>): void;
  /** Longer thinking, run off the decision path; `act` reads the last finished plan. */
  plan?(): void;
  /** Whether `plan` has anything to do now; it always has where this is absent. Cheap. */
  planDue?(): boolean;
  /** Greedy snapshot; later updates leave it alone. */
  policy(): Policy;
  save(): AgentSnapshot;
  /** What it holds of a configuration now; null for one it does not consider. Absent where it keeps no such thing. */
  believes?(configuration: Configuration): Belief | null;
  /** The configuration it would keep at the present load; null before it knows one. */
  incumbent?(): Configuration | null;
  /** How far its own policy has earned to act; absent where it acts without asking. */
  trust?(): Trust;
}

/** A profiled point the prior may see. */
export interface ProfilePoint {
  readonly host: string;
  readonly intraOpThreads?: number;
  readonly tensorParallel?: number;
  readonly memoryMb?: number;
  readonly batch: number;
  readonly serviceMs: number;
}

/** What an agent is made from. */
export interface AgentContext {
  readonly environment: string;
  readonly space: KnobLattice;
  readonly random: Random;
  readonly seed: number;
  readonly model: PerformanceModel;
  readonly objective: Objective;
  readonly profilePoints: readonly ProfilePoint[];
  readonly deviceRatios: Readonly<Record<string, number>>;
  readonly catalogue: Catalogue;
  readonly limits: Limits;
  /** A single machine instead of a catalogue. */
  readonly host: {
    readonly cores: number;
    readonly usdPerCoreHour: number;
    readonly usdPerModelInstanceHour: number;
  } | null;
  readonly initial: Configuration;
  readonly intervalS: number;
  /** Acts whenever the learner has not earned trust. */
  readonly optimizer: Optimizer;
}

/** A registry entry: how to make, restore and freeze one kind of agent. */
export interface AgentFactory {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  create(context: AgentContext): Agent;
  /** @throws {CheckpointError} when the snapshot is not this agent's */
  restore(context: AgentContext, snapshot: AgentSnapshot): Agent;
  /** The policy a spec of this kind describes. @throws {CheckpointError} when parameters do not fit */
  load(context: AgentContext, spec: PolicySpec): Policy;
  /**
   * The policy a spec of this kind describes without the agent, for programs that have neither; absent where it cannot
   * do without. @throws {CheckpointError} as `load` @throws {ExportError} when this one cannot do without
   */
  portable?(context: AgentContext, spec: PolicySpec): PortablePolicy;
}
