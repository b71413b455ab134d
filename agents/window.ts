// A window long enough to mean something, gathered from the intervals a cluster is observed in.

import type { LatencyMetrics, ServiceAtBatch, ServiceMetrics, WindowMetrics } from "../src/core/index.ts";

/** A window with work waiting and nothing served counts as this multiple of the SLO. */
const STALLED_SLO_RATIO = 10;

/** Multipliers a window holds at most. */
const MOST_MULTIPLIERS = 2048;

/** The interval with a latency in any case: stalled ones count as ten times the SLO; null when nothing came. */
export function withLatency(metrics: WindowMetrics, sloMs: number): WindowMetrics | null {
  if (metrics.latency !== null) return metrics;
  if (metrics.queueLength === 0) return null;
  const late = STALLED_SLO_RATIO * sloMs;
  const latency = {
    meanMs: late,
    p50Ms: late,
    p95Ms: late,
    p99Ms: late,
    objectiveMs: late,
    missRatio: 1,
    resolution: 0,
  };
  return { ...metrics, requests: Math.max(metrics.requests, metrics.queueLength), latency };
}

function joinedLatency(a: LatencyMetrics, b: LatencyMetrics, share: number): LatencyMetrics {
  const mix = (x: number, y: number): number => x + share * (y - x);
  const mixLog = (x: number, y: number): number => Math.exp(mix(Math.log(x), Math.log(y)));
  return {
    meanMs: mix(a.meanMs, b.meanMs),
    p50Ms: mixLog(a.p50Ms, b.p50Ms),
    p95Ms: mixLog(a.p95Ms, b.p95Ms),
    p99Ms: mixLog(a.p99Ms, b.p99Ms),
    objectiveMs: mixLog(a.objectiveMs, b.objectiveMs),
    missRatio: mix(a.missRatio, b.missRatio),
    resolution: Math.max(a.resolution, b.resolution),
  };
}

function batchesOf(metrics: WindowMetrics): number {
  return metrics.meanBatchSize === null ? 0 : metrics.requests / metrics.meanBatchSize;
}

function joinedService(a: WindowMetrics, b: WindowMetrics): ServiceMetrics | null {
  if (a.service === null || b.service === null) return a.service ?? b.service;
  const [first, second] = [batchesOf(a), batchesOf(b)];
  const meanMs = (a.service.meanMs * first + b.service.meanMs * second) / (first + second || 1);
  if (a.service.byBatch === undefined || b.service.byBatch === undefined) return { meanMs };
  const bySize = new Map<number, ServiceAtBatch>();
  for (const one of [...a.service.byBatch, ...b.service.byBatch]) {
    const known = bySize.get(one.batchSize);
    const batches = one.batches + (known?.batches ?? 0);
    const mean = ((known?.meanMs ?? 0) * (known?.batches ?? 0) + one.meanMs * one.batches) / batches;
    bySize.set(one.batchSize, { batchSize: one.batchSize, meanMs: mean, batches });
  }
  const byBatch = [...bySize.values()].sort((x, y) => x.batchSize - y.batchSize);
  const multipliers = [...(a.service.multipliers ?? []), ...(b.service.multipliers ?? [])].slice(0, MOST_MULTIPLIERS);
  return { meanMs, byBatch, multipliers: Float64Array.from(multipliers) };
}

/** Two stretches of one configuration as one; means weighted by requests, service by batches. */
export function joinWindows(a: WindowMetrics, b: WindowMetrics): WindowMetrics {
  const requests = a.requests + b.requests;
  const share = requests === 0 ? 0.5 : b.requests / requests;
  const durationS = a.durationS + b.durationS;
  const timeShare = durationS === 0 ? 0.5 : b.durationS / durationS;
  const mix = (x: number, y: number): number => x + timeShare * (y - x);
  const batches = batchesOf(a) + batchesOf(b);
  const times =
    a.arrivals.timesMs === undefined || b.arrivals.timesMs === undefined
      ? undefined
      : Float64Array.from([...a.arrivals.timesMs, ...b.arrivals.timesMs.map((time) => time + 1000 * a.durationS)]);
  return {
    durationS,
    requests,
    arrivals: {
      rateRps: mix(a.arrivals.rateRps, b.arrivals.rateRps),
      recentRatesRps: [...a.arrivals.recentRatesRps, ...b.arrivals.recentRatesRps],
      dispersion: null,
      peakToMedian: null,
      ...(times === undefined ? {} : { timesMs: times }),
    },
    latency:
      a.latency === null || b.latency === null ? (a.latency ?? b.latency) : joinedLatency(a.latency, b.latency, share),
    queueLength: b.queueLength,
    utilization: mix(a.utilization, b.utilization),
    meanBatchSize: batches === 0 ? null : requests / batches,
    service: joinedService(a, b),
    dropped: a.dropped + b.dropped,
    offloadedShare: mix(a.offloadedShare, b.offloadedShare),
    costUsdPerHour: mix(a.costUsdPerHour, b.costUsdPerHour),
    costUsd: a.costUsd + b.costUsd,
  };
}
