// Arrival rates out of an observation: over the last seconds, at their peak, and where they are going.

import type { ClusterState, PastWindow } from "../core/index.ts";
import { recentWindows } from "./history.ts";

/** Mean rate over the last seconds; over the latest window where it is longer. */
export function meanRateRps(observation: ClusterState, seconds: number): number {
  const windows = recentWindows(observation, seconds);
  const durationS = windows.reduce((sum, window) => sum + window.durationS, 0);
  const requests = windows.reduce((sum, window) => sum + window.arrivalRateRps * window.durationS, 0);
  return durationS > 0 ? requests / durationS : observation.metrics.arrivals.rateRps;
}

/** Highest rate of any sub-interval of the last seconds. */
export function peakRateRps(observation: ClusterState, seconds: number): number {
  const peaks = recentWindows(observation, seconds).map((window) =>
    Math.max(window.peakRateRps, window.arrivalRateRps),
  );
  return Math.max(observation.metrics.arrivals.rateRps, ...peaks);
}

/**
 * The rate `aheadS` from now: the forecast's highest until then where there is a forecast, else the straight line
 * through the windows of the last seconds, never below 0.
 */
export function rateAheadRps(observation: ClusterState, seconds: number, aheadS: number): number {
  const { forecast } = observation;
  if (forecast !== null && forecast.ratesRps.length > 0) {
    const steps = Math.max(1, Math.ceil(aheadS / forecast.stepS));
    return Math.max(...forecast.ratesRps.slice(0, steps));
  }
  const windows = recentWindows(observation, seconds);
  return lineThrough(windows, observation.timeS + aheadS);
}

/** Least squares through the windows' middles, read at a moment. */
function lineThrough(windows: readonly PastWindow[], timeS: number): number {
  const n = windows.length;
  const middle = (window: PastWindow): number => window.timeS - window.durationS / 2;
  const meanT = windows.reduce((sum, window) => sum + middle(window), 0) / n;
  const meanRate = windows.reduce((sum, window) => sum + window.arrivalRateRps, 0) / n;
  let covariance = 0;
  let variance = 0;
  for (const window of windows) {
    covariance += (middle(window) - meanT) * (window.arrivalRateRps - meanRate);
    variance += (middle(window) - meanT) ** 2;
  }
  const slope = variance > 0 ? covariance / variance : 0;
  return Math.max(0, meanRate + slope * (timeS - meanT));
}
