// Measurement noise on a window: one factor on all latencies, one on all rates.

import type { Random, WindowMetrics } from "../core/index.ts";

/** A lognormal factor of mean 1, by Box and Muller (1958). */
function factor(cv: number, random: Random): number {
  const variance = Math.log1p(cv * cv);
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Math.exp(Math.sqrt(variance) * normal - variance / 2);
}

/** The same window, measured with lognormal noise of a coefficient of variation. Percentiles stay in order. */
export function blurred(metrics: WindowMetrics, cv: number, random: Random): WindowMetrics {
  const time = factor(cv, random);
  const rate = factor(cv, random);
  const { latency, arrivals } = metrics;
  return {
    ...metrics,
    arrivals: {
      ...arrivals,
      rateRps: arrivals.rateRps * rate,
      recentRatesRps: arrivals.recentRatesRps.map((one) => one * rate),
    },
    latency:
      latency === null
        ? null
        : {
            ...latency,
            meanMs: latency.meanMs * time,
            p50Ms: latency.p50Ms * time,
            p95Ms: latency.p95Ms * time,
            p99Ms: latency.p99Ms * time,
            objectiveMs: latency.objectiveMs * time,
          },
  };
}
