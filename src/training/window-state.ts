// The state of a cluster that is measured window by window: before the first one, and after each.

import {
  type ClusterState,
  type Configuration,
  HISTORY_WINDOWS,
  type PastWindow,
  type WindowMetrics,
} from "../core/index.ts";

/** What is known before anything was measured: the load and the configuration to start from. */
export function stateBefore(initial: Configuration, rateRps: number): ClusterState {
  return {
    timeS: 0,
    metrics: {
      durationS: 0,
      requests: 0,
      arrivals: { rateRps, recentRatesRps: [], dispersion: null, peakToMedian: null },
      latency: null,
      queueLength: 0,
      utilization: 0,
      meanBatchSize: null,
      service: null,
      dropped: 0,
      offloadedShare: 0,
      costUsdPerHour: 0,
      costUsd: 0,
    },
    fleet: {},
    configuration: initial,
    inFlight: null,
    canary: null,
    forecast: null,
    mask: null,
    history: [],
  };
}

/** The state after a window served in a configuration. */
export function stateAfter(state: ClusterState, configuration: Configuration, metrics: WindowMetrics): ClusterState {
  const timeS = state.timeS + metrics.durationS;
  const past: PastWindow = {
    timeS,
    durationS: metrics.durationS,
    arrivalRateRps: metrics.arrivals.rateRps,
    peakRateRps: Math.max(metrics.arrivals.rateRps, ...metrics.arrivals.recentRatesRps),
    objectiveMs: metrics.latency?.objectiveMs ?? null,
    missRatio: metrics.latency?.missRatio ?? 0,
    utilization: metrics.utilization,
    queueLength: metrics.queueLength,
    costUsdPerHour: metrics.costUsdPerHour,
    configuration,
  };
  return { ...state, timeS, metrics, configuration, history: [...state.history, past].slice(-HISTORY_WINDOWS) };
}
