// What a simulation is made from: a scenario with every name resolved.

import type { Configuration, DurationSpec, FunctionType, InstanceType, Knob, Slo } from "../core/index.ts";
import type { ServiceProfile } from "../profiles/service-profile.ts";
import type { Workload } from "../workload/workload.ts";

/**
 * How a batch finds a machine. `central`: one queue, a free model instance takes the oldest requests.
 * The others form batches in front by size or delay and queue them at the machine chosen.
 */
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
  /** Deadlines of this class over those of the SLO; 1 when absent. */
  readonly sloRatio?: number;
}

/** Separate batching buffers by request size. */
export interface BufferPlan {
  /** Ascending upper bounds of all buffers but the last, which takes the rest. */
  readonly sizeBounds: readonly number[];
  /** Whether every request of a batch costs as much as its largest; else as its mean. */
  readonly padding: boolean;
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
  /** Shape of service noise; `exponential` has coefficient of variation 1. Lognormal when absent. */
  readonly serviceDistribution?: "lognormal" | "exponential";
  /**
   * Whether chance in service and in calls belongs to the request, whatever was served before it: runs of the same
   * arrivals then differ by what was decided alone. Otherwise draws go in turn to whoever starts next.
   */
  readonly commonRandomNumbers?: boolean;
  /** Share of a request's work that independent branches of the model's graph can do in parallel; 0 when absent. */
  readonly interOpShare?: number;
}

/** How many machines a provider can give from a moment on; ascending in time, unlimited before the first. */
export type CapacityTrace = readonly { readonly fromS: number; readonly machines: number }[];

/** Machines of one instance type that may be rented. */
export interface PoolPlan {
  readonly type: InstanceType;
  readonly profile: ServiceProfile;
  /** Most machines of the type at once, both markets together; no limit when absent. */
  readonly quota?: number;
  /** Capacity of the on-demand market: launches beyond it fail. */
  readonly onDemandCapacity?: CapacityTrace;
  /** Capacity of the spot market: launches beyond it fail, running machines beyond it get notice. */
  readonly spotCapacity?: CapacityTrace;
  /** Weight of one machine in weighted round robin; its throughput when absent. */
  readonly weight?: number;
}

/** What goes wrong with machines. */
export interface FailurePlan {
  /** Share of launches that fail after the launch delay. */
  readonly launchFailureShare: number;
  /** Crashes of a ready machine per hour; a replacement is launched. */
  readonly crashesPerHour: number;
  /** A launch that failed or found no capacity is tried again after this. */
  readonly launchRetryS: number;
  /** From the spot notice to the loss; the machine takes no new work meanwhile. */
  readonly spotNoticeS: number;
  /** What becomes of requests in service on a lost machine. */
  readonly lostRequests: "retry" | "drop";
  /** Machines are spread over zones, each of which fails as a whole and takes no launches until repaired. */
  readonly zones: { readonly count: number; readonly outagesPerHour: number; readonly outageS: DurationSpec };
}

/** The function service requests are offloaded to. */
export interface FunctionPlan {
  readonly type: FunctionType;
  readonly profile: ServiceProfile;
  /** Where no knob sets it. */
  readonly memoryMb: number;
  /** Share of warm calls that come late, and by how much. */
  readonly late: { readonly share: number; readonly extraMs: number };
  /** What happens to a call beyond the concurrency limit; queued when absent. */
  readonly overflow?: "queue" | "drop";
  /** Whether cold starts are billed; false when absent. */
  readonly coldStartBilled?: boolean;
}

/** A single machine instead of rented ones. */
export interface HostPlan {
  readonly cores: number;
  readonly usdPerCoreHour: number;
  readonly usdPerModelInstanceHour: number;
  readonly profile: ServiceProfile;
}

/** Quality of what the cluster tells of itself. */
export interface ObservationPlan {
  /** Metrics describe the cluster as it was this long ago. */
  readonly delayS: number;
  /** Share of observations that never arrive. */
  readonly lossShare: number;
  /** Coefficient of variation of multiplicative lognormal noise on latencies and rates. */
  readonly noiseCv: number;
}

/** What the cluster tells beyond counters and histograms. */
export interface TelemetryPlan {
  /** Arrival times of each window, at most 100,000. */
  readonly arrivalTimes: boolean;
  /** Mean service time by batch size and a sample of service multipliers. */
  readonly serviceTimes: boolean;
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
  /** One buffer when absent. */
  readonly buffers?: BufferPlan;
  /** Nothing fails but spot machines, by their type's rate, when absent. */
  readonly failures?: FailurePlan;
  /** Limits over all rented machines; no limit when absent. */
  readonly quotas?: { readonly vcpus?: number; readonly gpus?: number };
  /** Immediate, complete and exact when absent. */
  readonly observation?: ObservationPlan;
  /** Neither when absent. */
  readonly telemetry?: TelemetryPlan;
}
