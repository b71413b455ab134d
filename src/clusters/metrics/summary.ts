// Latency of a window from a summary's quantiles, which a server takes over its own last minute or so.
//
// Differs: there are no buckets, so the miss ratio is an upper bound: 1 - (the highest quantile that is in time).

import { type LatencyMetrics, ObservationError, type Slo } from "../../core/index.ts";
import { type Series, seriesText } from "./series.ts";

/** A summary at a window's end. */
export interface SummaryReading {
  readonly quantiles: readonly Series[];
  /** Milliseconds in a unit of the quantiles. */
  readonly unit: number;
  /** Requests that ended in the window; at least one. */
  readonly count: number;
  readonly meanMs: number;
  readonly dropped: number;
}

/**
 * The latency the quantiles tell.
 * @param source named in errors
 * @throws {ObservationError} when a quantile is missing, is no number, or there are several instances: quantiles of
 * different processes cannot be merged
 */
export function summaryLatency(
  { quantiles, unit, count, meanMs, dropped }: SummaryReading,
  slo: Slo,
  source: string,
): LatencyMetrics {
  const told = new Map<number, number>();
  for (const series of quantiles) {
    const quantile = Number(series.labels["quantile"]);
    const value = series.samples.at(-1)?.value ?? Number.NaN;
    if (told.has(quantile)) {
      throw new ObservationError(
        `${source}: latency: expected one summary, found two of ${seriesText(series)}: ` +
          "quantiles of several instances cannot be merged; observe a histogram instead",
      );
    }
    if (!Number.isFinite(value)) {
      throw new ObservationError(`${source}: latency: ${seriesText(series)}: expected a number, found ${value}`);
    }
    told.set(quantile, value * unit);
  }
  const at = (quantile: number): number => {
    const found = told.get(quantile);
    if (found !== undefined) return found;
    const known = [...told.keys()].sort((a, b) => a - b).join(", ");
    throw new ObservationError(
      `${source}: latency: expected the quantile ${quantile} among the summary's, found ${known}`,
    );
  };
  const inTime = [...told].filter(([, ms]) => ms <= slo.latencyMs).map(([quantile]) => quantile);
  return {
    meanMs,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    objectiveMs: at(slo.percentile),
    missRatio: ((1 - Math.max(0, ...inTime)) * count + dropped) / (count + dropped),
    resolution: 0,
  };
}
