// What is known of a cluster at one moment, and of its past: the only input of a policy.

import type { Configuration } from "./knob.ts";

/** Latency of the requests completed in a window. */
export interface LatencyMetrics {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** At the percentile of the objective's first SLO. */
  readonly objectiveMs: number;
  /** Share of requests later than the first SLO's latency, drops included; in [0, 1]. */
  readonly missRatio: number;
  /** Relative width of the source histogram's bucket at the objective's percentile; 0 where exact. */
  readonly resolution: number;
  /** That bucket, lower and upper edge; the last one's upper edge is Infinity. Absent where exact. */
  readonly bucketMs?: readonly [number, number];
}

/** Mean service time of the batches of one size. */
export interface ServiceAtBatch {
  readonly batchSize: number;
  readonly meanMs: number;
  readonly batches: number;
}

/** Measured service times of a window; per batch size where the cluster tells. */
export interface ServiceMetrics {
  readonly meanMs: number;
  readonly byBatch?: readonly ServiceAtBatch[];
  /** Batch service times divided by the mean at their size, a sample of at most 2,048. */
  readonly multipliers?: Float64Array;
}

/** Arrivals at the input queue in a window, never completions. */
export interface ArrivalMetrics {
  readonly rateRps: number;
  /** Rates of equal sub-intervals of the window, oldest first. */
  readonly recentRatesRps: readonly number[];
  /** Variance over mean of counts per second; null where too few. */
  readonly dispersion: number | null;
  /** Highest sub-interval rate over the median one; null where the median is 0. */
  readonly peakToMedian: number | null;
  /** Arrival times since the window's start, in ms, ascending, where the cluster tells. */
  readonly timesMs?: Float64Array;
}

/** One measurement window, at the input for arrivals and at the output for latency. */
export interface WindowMetrics {
  readonly durationS: number;
  readonly requests: number;
  readonly arrivals: ArrivalMetrics;
  /** Null when nothing completed: there is no latency to speak of, and it is not zero. */
  readonly latency: LatencyMetrics | null;
  /** Requests waiting at the window's end. */
  readonly queueLength: number;
  /** Busy share of ready capacity, in [0, 1]. */
  readonly utilization: number;
  /** Null when no batch was served. */
  readonly meanBatchSize: number | null;
  readonly service: ServiceMetrics | null;
  readonly dropped: number;
  /** Share of requests served by functions, in [0, 1]. */
  readonly offloadedShare: number;
  readonly costUsdPerHour: number;
  readonly costUsd: number;
}

/** Instances of one type; spot ones are counted in `ready`, `launching` and `draining` too. */
export interface FleetCount {
  readonly ready: number;
  readonly launching: number;
  readonly draining: number;
  readonly spot: number;
}

/** A window of the bounded past: what the memory of a policy is made of. */
export interface PastWindow {
  /** At the window's end. */
  readonly timeS: number;
  readonly durationS: number;
  readonly arrivalRateRps: number;
  /** Highest rate over the window's sub-intervals. */
  readonly peakRateRps: number;
  readonly objectiveMs: number | null;
  readonly missRatio: number;
  readonly utilization: number;
  readonly queueLength: number;
  readonly costUsdPerHour: number;
  /** In force during the window. */
  readonly configuration: Configuration;
}

/** Arrival rates expected from now on. */
export interface Forecast {
  readonly method: string;
  readonly stepS: number;
  /** Mean rate of each coming step. */
  readonly ratesRps: readonly number[];
  /** Mean absolute relative error of past forecasts one step ahead; null before the first. */
  readonly error: number | null;
}

/** Everything a policy may know. Plain data; the same state always gives the same action. */
export interface ClusterState {
  /** Cluster time: since 1970-01-01 UTC where the cluster is real, since the workload's start where it is simulated. */
  readonly timeS: number;
  readonly metrics: WindowMetrics;
  /** By instance type. */
  readonly fleet: Readonly<Record<string, FleetCount>>;
  readonly configuration: Configuration;
  /** Accepted, not yet in force. */
  readonly inFlight: Configuration | null;
  readonly canary: { readonly configuration: Configuration; readonly metrics: WindowMetrics } | null;
  readonly forecast: Forecast | null;
  /** Values each knob may take now, where narrower than the lattice. */
  readonly mask: Readonly<Record<string, readonly (number | string)[]>> | null;
  /** Oldest first; at most `HISTORY_WINDOWS`, the latest being the window in `metrics`. */
  readonly history: readonly PastWindow[];
}

/** Length of the bounded history: an hour of 10-s windows. */
export const HISTORY_WINDOWS = 360;
