// What a cluster tells of itself: the window's counters as a real one would give them, never hidden state.

import type { ClusterState, Configuration, FleetCount, WindowMetrics } from "../core/index.ts";
import { type Lane, waitingIn } from "./lane.ts";
import type { WindowMeter } from "./window-meter.ts";

/** What an observation is made from. */
export interface ObservationParts {
  readonly timeS: number;
  readonly windows: readonly [WindowMeter, WindowMeter];
  readonly lanes: readonly [Lane, Lane];
  readonly utilization: number;
  readonly fleet: Readonly<Record<string, FleetCount>>;
  readonly configuration: Configuration;
  readonly inFlight: Configuration | null;
  readonly canary: { readonly configuration: Configuration; readonly share: number } | null;
  /** Of what is rented now; used where the window has no length. */
  readonly usdPerHour: number;
}

function windowMetrics(
  window: WindowMeter,
  timeS: number,
  queueLength: number,
  utilization: number,
  usdPerHour: number,
): WindowMetrics {
  const durationS = timeS - window.startS;
  const served = window.histogram.count;
  return {
    durationS,
    requests: window.arrived,
    arrivals: window.arrivalMetrics(durationS),
    latency: window.latency(),
    queueLength,
    utilization,
    meanBatchSize: window.batches > 0 ? window.batchedRequests / window.batches : null,
    service: window.serviceMetrics(),
    dropped: window.dropped,
    offloadedShare: served > 0 ? window.offloaded / served : 0,
    costUsdPerHour: durationS > 0 ? (window.costUsd * 3600) / durationS : usdPerHour,
    costUsd: window.costUsd,
  };
}

/** The state of a cluster at a moment, its past left out. */
export function clusterState(parts: ObservationParts): Omit<ClusterState, "history" | "forecast" | "mask"> {
  const { timeS, windows, lanes, utilization, canary } = parts;
  const waiting = lanes.map(waitingIn);
  const whole = (waiting[0] ?? 0) + (waiting[1] ?? 0);
  return {
    timeS,
    metrics: windowMetrics(windows[0], timeS, whole, utilization, parts.usdPerHour),
    fleet: parts.fleet,
    configuration: parts.configuration,
    inFlight: parts.inFlight,
    canary:
      canary === null
        ? null
        : {
            configuration: canary.configuration,
            metrics: windowMetrics(
              windows[1],
              timeS,
              canary.share >= 1 ? whole : (waiting[1] ?? 0),
              utilization,
              parts.usdPerHour,
            ),
          },
  };
}
