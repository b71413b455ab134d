// What a workload is: a stream of arrival times at the input of a cluster.

import type { Random } from "../core/index.ts";

/** Arrival times, handed out in blocks so that the simulator's loop makes no call per request. */
export interface ArrivalSource {
  /**
   * Writes the next arrival times (seconds since the workload's start, ascending) into `times`.
   * @returns how many were written; 0 at the end of the workload
   */
  fill(times: Float64Array): number;
}

/** A half-open stretch of time, in seconds since the workload's start. */
export interface TimeSpan {
  readonly fromS: number;
  readonly toS: number;
}

/** A source of arrivals: a trace, or a model. Opening it again with the same random gives the same arrivals. */
export interface Workload {
  readonly name: string;
  readonly durationS: number;
  /** Over the whole duration, missing data left out. */
  readonly meanRateRps: number;
  /** Missing data, ascending: the clock goes on, nothing counts. */
  readonly excluded: readonly TimeSpan[];
  open(random: Random): ArrivalSource;
  /** Expected rate at a moment; what a perfect forecast of the rate would know. */
  rateRps(timeS: number): number;
}
