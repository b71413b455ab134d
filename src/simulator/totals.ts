// What a simulation comes to: cost, latency, SLO attainment and the flow of requests.

import type { ClusterParts } from "./cluster-parts.ts";
import type { FleetCounts } from "./fleet.ts";
import type { RequestFlow } from "./request-flow.ts";
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
  /** By hour of the simulation, up to the last with a cost. */
  readonly usdByHour: readonly number[];
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

/** Hours so far, what is still there and too late for every SLO among their requests. */
export function hoursOf({ score, clock }: ClusterParts, flow: RequestFlow): HourScore[] {
  const overdue: number[] = [];
  const limitS = score.longestLimitMs / 1000;
  flow.forEachInSystem((arrivalS) => {
    if (clock.timeS - arrivalS > limitS && score.counts(arrivalS)) overdue.push(arrivalS);
  });
  return score.perHour(overdue);
}

/** Sums up; the accounts must be up to the moment. */
export function totalsOf(parts: ClusterParts, flow: RequestFlow, counts: Readonly<FleetCounts>): SimulationTotals {
  const { score, billing, pools, plan, calls } = parts;
  let inSystem = 0;
  flow.forEachInSystem(() => {
    inSystem += 1;
  });
  const perHour = hoursOf(parts, flow);
  const requests = perHour.reduce((sum, hour) => sum + hour.requests, 0);
  const { histogram } = score;
  const [onDemand = 0, spot = 0, functions = 0] = billing.usd;
  return {
    requests,
    served: histogram.count,
    dropped: score.dropped,
    offloaded: score.offloaded,
    usd: onDemand + spot + functions,
    usdByHour: [...billing.usdByHour],
    usdBySource: { onDemand, spot, functions },
    instanceHours: Object.fromEntries(pools.map(({ name }, pool) => [name, (billing.machineS[pool] ?? 0) / 3600])),
    latency: {
      meanMs: histogram.meanMs,
      p50Ms: histogram.quantileMs(0.5),
      p95Ms: histogram.quantileMs(0.95),
      p99Ms: histogram.quantileMs(0.99),
    },
    histogram: histogram.occupied(),
    attained: plan.slo.map((_, slo) =>
      requests === 0 ? 1 : perHour.reduce((sum, hour) => sum + (hour.within[slo] ?? 0), 0) / requests,
    ),
    perHour,
    flow: { arrived: flow.arrived, served: flow.served, dropped: flow.dropped, inSystem },
    events: {
      ...counts,
      calls: calls.calls,
      coldStarts: calls.coldStarts,
      throttled: calls.throttled,
      retried: flow.retried,
    },
  };
}
