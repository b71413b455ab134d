// Observations and guard contexts made from the few facts a test is about.

import type { ClusterState, Configuration, WindowMetrics } from "../../src/core/index.ts";

/** The facts of an observation; the rest is a quiet window of 10 s. */
export interface StateFacts {
  readonly timeS: number;
  readonly configuration: Configuration;
  /** Configurations of past windows, oldest first, each 10 s long and ending at `timeS`. */
  readonly past?: readonly Configuration[];
  /** Null when nothing completed. */
  readonly missRatio?: number | null;
  readonly canary?: Configuration | null;
  readonly mask?: ClusterState["mask"];
  readonly fleet?: ClusterState["fleet"];
  /** On its way, as the cluster tells. */
  readonly onItsWay?: Configuration | null;
  /** Bucket the objective's percentile was read from. */
  readonly bucketMs?: readonly [number, number];
}

/** One window of 10 s at 100 requests per second. */
export function windowMetrics(missRatio: number | null = 0): WindowMetrics {
  return {
    durationS: 10,
    requests: 1000,
    arrivals: { rateRps: 100, recentRatesRps: [100, 100], dispersion: 1, peakToMedian: 1 },
    latency:
      missRatio === null
        ? null
        : { meanMs: 20, p50Ms: 18, p95Ms: 40, p99Ms: 60, objectiveMs: 60, missRatio, resolution: 0.01 },
    queueLength: 0,
    utilization: 0.5,
    meanBatchSize: 2,
    service: null,
    dropped: 0,
    offloadedShare: 0,
    costUsdPerHour: 1,
    costUsd: 10 / 3600,
  };
}

/** An observation made from the facts given. */
export function clusterState(facts: StateFacts): ClusterState {
  const { timeS, configuration, past = [], missRatio = 0, canary = null, mask = null, fleet = {} } = facts;
  const { onItsWay = null, bucketMs } = facts;
  const metrics = windowMetrics(missRatio);
  const latency =
    metrics.latency === null || bucketMs === undefined ? metrics.latency : { ...metrics.latency, bucketMs };
  return {
    timeS,
    metrics: { ...metrics, latency },
    fleet,
    configuration,
    inFlight: onItsWay,
    canary: canary === null ? null : { configuration: canary, metrics: windowMetrics(0) },
    forecast: null,
    mask,
    history: past.map((then, i) => ({
      timeS: timeS - 10 * (past.length - 1 - i),
      durationS: 10,
      arrivalRateRps: 100,
      peakRateRps: 100,
      objectiveMs: 60,
      missRatio: missRatio ?? 1,
      utilization: 0.5,
      queueLength: 0,
      costUsdPerHour: 1,
      configuration: then,
    })),
  };
}
