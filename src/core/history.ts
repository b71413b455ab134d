// The bounded past of a cluster: what every adapter remembers of the windows it has told.

import type { Configuration } from "./knob.ts";
import { HISTORY_WINDOWS, type PastWindow, type WindowMetrics } from "./state.ts";

/** What is kept of a window once it is past. */
export function pastWindow(timeS: number, metrics: WindowMetrics, configuration: Configuration): PastWindow {
  const { arrivals, latency } = metrics;
  return {
    timeS,
    durationS: metrics.durationS,
    arrivalRateRps: arrivals.rateRps,
    peakRateRps: arrivals.recentRatesRps.reduce((peak, rate) => Math.max(peak, rate), arrivals.rateRps),
    objectiveMs: latency?.objectiveMs ?? null,
    missRatio: latency?.missRatio ?? (metrics.dropped > 0 ? 1 : 0),
    utilization: metrics.utilization,
    queueLength: metrics.queueLength,
    costUsdPerHour: metrics.costUsdPerHour,
    configuration,
  };
}

/** The last windows, oldest first. Each answer is a value of its own: later windows leave it alone. */
export class History {
  #windows: readonly PastWindow[] = [];

  /** Adds the latest window. @returns the history that ends with it, at most `HISTORY_WINDOWS` long */
  add(timeS: number, metrics: WindowMetrics, configuration: Configuration): readonly PastWindow[] {
    const kept = this.#windows.length < HISTORY_WINDOWS ? this.#windows : this.#windows.slice(1);
    this.#windows = [...kept, pastWindow(timeS, metrics, configuration)];
    return this.#windows;
  }
}
