// What a simulation comes to: cost, latency, SLO attainment and the flow of requests.

import type { HourScore } from "./score.ts";

/** Sums over everything that counts; see {@link SimulationTotals.flow} for what does not. */
export interface SimulationTotals {
  /** Arrived while scoring was on, and served, dropped, or already later than every SLO. */
  readonly requests: number;
  readonly served: number;
  readonly dropped: number;
  /** Served by functions. */
  readonly offloaded: number;
  readonly usd: number;
  readonly usdBySource: { readonly onDemand: number; readonly spot: number; readonly functions: number };
  /** Machine-hours by type. */
  readonly instanceHours: Readonly<Record<string, number>>;
  /** Of the requests served; NaN where there are none. */
  readonly latency: { readonly meanMs: number; readonly p50Ms: number; readonly p95Ms: number; readonly p99Ms: number };
  /** Occupied buckets, ascending: upper edge and count. */
  readonly histogram: readonly { readonly upToMs: number; readonly count: number }[];
  /** Share of requests within each SLO, drops and overdue ones counted as misses; 1 where there are none. */
  readonly attained: readonly number[];
  readonly perHour: readonly HourScore[];
  /** Over the whole run, scored or not. */
  readonly flow: {
    readonly arrived: number;
    readonly served: number;
    readonly dropped: number;
    readonly inSystem: number;
  };
  readonly events: {
    readonly launches: number;
    readonly failedLaunches: number;
    readonly refusedLaunches: number;
    readonly spotNotices: number;
    readonly losses: number;
    readonly crashes: number;
    readonly zoneOutages: number;
    readonly calls: number;
    readonly coldStarts: number;
    readonly throttled: number;
    /** Requests given back by a lost machine. */
    readonly retried: number;
  };
}
