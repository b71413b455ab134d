// What a simulation is made from: a scenario with every name resolved.

import type { Configuration, FunctionType, InstanceType, Knob, Slo } from "../core/index.ts";
import type { ServiceProfile } from "../profiles/service-profile.ts";
import type { Workload } from "../workload/workload.ts";

/** How a batch finds a host. `central`: one queue, a free model instance takes the oldest requests. */
export type Routing = "central" | "least-expected-wait" | "weighted-round-robin";

/** A kind of request. */
export interface RequestClass {
  readonly name: string;
  /** Share of all requests; shares sum to 1. */
  readonly share: number;
  /** Only strict requests are offloaded by predicted wait where classes differ. */
  readonly strict: boolean;
  /** Sizes relative to the profile's request, mean and coefficient of variation (lognormal). */
  readonly size: { readonly mean: number; readonly cv: number };
}

/** The gap between profile and reality: known to the simulator, hidden from policies. */
export interface Reality {
  /** Service × (1 + interference·(k·r - r)/C) for k model instances of r threads on C cores. */
  readonly interference: number;
  /** Service × max(1, k·r/C)^oversubscription. */
  readonly oversubscription: number;
  /** Coefficient of variation of lognormal batch service times. */
  readonly serviceCv: number;
  readonly stragglers: { readonly share: number; readonly factor: number };
  /** No more than this many model instances of a host run at once; null for no lock. */
  readonly concurrencyLock: number | null;
  /** Added to each batch when more than one model instance runs: overhead·(1 + b/16). */
  readonly batchOverheadMs: number;
}

/** Machines of one instance type that may be rented. */
export interface PoolPlan {
  readonly type: InstanceType;
  readonly profile: ServiceProfile;
}

/** The function service requests are offloaded to. */
export interface FunctionPlan {
  readonly type: FunctionType;
  readonly profile: ServiceProfile;
  /** Where no knob sets it. */
  readonly memoryMb: number;
  /** Share of warm calls that come late, and by how much. */
  readonly late: { readonly share: number; readonly extraMs: number };
}

/** A single machine instead of rented ones. */
export interface HostPlan {
  readonly cores: number;
  readonly usdPerCoreHour: number;
  readonly usdPerModelInstanceHour: number;
  readonly profile: ServiceProfile;
}

/** A scenario with every name resolved; all that a simulation needs but chance. */
export interface SimulationPlan {
  readonly workload: Workload;
  readonly classes: readonly RequestClass[];
  readonly pools: readonly PoolPlan[];
  readonly host: HostPlan | null;
  readonly function: FunctionPlan | null;
  readonly routing: Routing;
  readonly reality: Reality;
  readonly slo: readonly [Slo, ...Slo[]];
  readonly knobs: readonly Knob[];
  readonly initial: Configuration;
  /** Requests waiting longer are dropped; Infinity for never. */
  readonly queueTimeoutS: number;
  /** A request that finds this many waiting is dropped; Infinity for no limit. */
  readonly queueLimit: number;
  /** Totals count from here on. */
  readonly scoreFromS: number;
}
