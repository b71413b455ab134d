// Performance models and the analytic methods that use them: problem in, configuration out.

import type { Catalogue } from "./catalogue.ts";
import type { Proposal } from "./decision.ts";
import type { Configuration } from "./knob.ts";
import type { Objective } from "./objective.ts";
import type { KnobLattice } from "./space.ts";
import type { ClusterState, WindowMetrics } from "./state.ts";

/** A stationary load: rate and burstiness. */
export interface Load {
  readonly rateRps: number;
  /** Squared coefficient of variation of inter-arrival times; 1 for Poisson. */
  readonly scv?: number;
  /** Markovian arrival process, D0 and D1 row-major, shape [phases, phases], rates per second. */
  readonly map?: { readonly d0: readonly (readonly number[])[]; readonly d1: readonly (readonly number[])[] };
}

/** What a model expects of a configuration under a load. */
export interface Prediction {
  /** False when the load exceeds capacity; latencies are then the model's overload estimate. */
  readonly stable: boolean;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** At the percentile of the objective's first SLO. */
  readonly objectiveMs: number;
  /** In [0, 1]. */
  readonly missRatio: number;
  readonly utilization: number;
  readonly meanBatchSize: number;
  readonly offloadedShare: number;
  readonly costUsdPerHour: number;
}

/** Formulas and simulator alike; whoever asks cannot tell which answers. */
export interface PerformanceModel {
  readonly name: string;
  /** @param slowdown service times are scaled by e^slowdown; 0 when absent */
  predict(configuration: Configuration, load: Load, slowdown?: number): Prediction;
  /** Mean service time of a batch on one model instance of a host (an instance type, "host" or "function"). */
  serviceMs(host: string, configuration: Configuration, batchSize: number): number;
  /** Saturation throughput of one host of a type at the batch limit of the configuration that still fits the SLO. */
  capacityRps(host: string, configuration: Configuration): number;
}

/** Hard limits of a scenario; never exceeded, never a penalty. */
export interface Limits {
  readonly gpus?: number;
  readonly vcpus?: number;
  readonly usdPerHour?: number;
}

/** Everything an optimizer may use. */
export interface TuningProblem {
  readonly lattice: KnobLattice;
  readonly objective: Objective;
  readonly observation: ClusterState;
  readonly load: Load;
  /** Batch service time at the percentile of the first SLO over its mean, as measured; 1 where nobody tells. */
  readonly serviceTail: number;
  readonly model: PerformanceModel;
  readonly catalogue: Catalogue;
  readonly limits: Limits;
  /** What the scenario starts with. */
  readonly initial: Configuration;
  readonly intervalS: number;
}

/** An optimizer's answer; `explanation` says in words why, or which limit binds when infeasible. */
export interface Solution {
  readonly status: "optimal" | "feasible" | "infeasible";
  /** When infeasible: the configuration to hold, the one now in force. */
  readonly configuration: Configuration;
  readonly prediction: Prediction | null;
  readonly evaluations: number;
  readonly explanation: string;
}

/** An analytic method. Pure: windows and hold times are computed from the observation's history. */
export interface Optimizer {
  readonly name: string;
  solve(problem: TuningProblem): Solution;
}

/** A sequential search over configurations that does not own the loop. */
export interface Search {
  ask(): Proposal;
  tell(configuration: Configuration, measured: WindowMetrics): void;
  best(): Configuration;
}
