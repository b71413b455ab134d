// Latency of a window from the buckets of a server's histogram, as Prometheus clients count them.
//
// quantile q: linear inside the bucket that holds request q·n      (Prometheus, `histogram_quantile`)
// late: requests above the SLO, linear inside the bucket that holds it
// Differs: the last bucket has no upper edge; its quantiles are given as its lower edge, and `bucketMs` says so.

import { type LatencyMetrics, ObservationError, type Slo } from "../core/index.ts";

/** A histogram's counters at one moment. */
export interface LatencyBuckets {
  /** Upper edges, ascending; the last is Infinity. Shape [buckets] */
  readonly upToMs: readonly number[];
  /** Requests in each bucket alone, not up to its edge. Shape [buckets] */
  readonly counts: readonly number[];
  readonly sumMs: number;
}

/**
 * What was counted between two moments.
 * @param source named in errors
 * @throws {ObservationError} when a counter went back (the server was restarted) or the edges differ
 */
export function bucketsBetween(before: LatencyBuckets, after: LatencyBuckets, source: string): LatencyBuckets {
  if (before.upToMs.join() !== after.upToMs.join()) {
    const [expected, found] = [before, after].map(({ upToMs }) => upToMs.join(", "));
    throw new ObservationError(`${source}: latency buckets: expected edges at ${expected} ms, found ${found} ms`);
  }
  const counts = after.counts.map((count, i) => count - (before.counts[i] ?? 0));
  const sumMs = after.sumMs - before.sumMs;
  if (counts.every((count) => count >= 0) && sumMs >= 0) return { upToMs: after.upToMs, counts, sumMs };
  throw new ObservationError(`${source}: latency buckets: expected counters that grow, found some that went back`);
}

/** Index of the bucket that holds the request of a rank, and how many requests lie below it. */
function bucketOfRank(counts: readonly number[], rank: number): { readonly bucket: number; readonly below: number } {
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) return { bucket, below };
    below += count;
  }
  return { bucket: counts.length - 1, below };
}

function edges(upToMs: readonly number[], bucket: number): readonly [number, number] {
  return [bucket === 0 ? 0 : (upToMs[bucket - 1] ?? 0), upToMs[bucket] ?? Number.POSITIVE_INFINITY];
}

function quantileMs({ upToMs, counts }: LatencyBuckets, q: number, total: number): number {
  const { bucket, below } = bucketOfRank(counts, q * total);
  const [lower, upper] = edges(upToMs, bucket);
  if (upper === Number.POSITIVE_INFINITY) return lower;
  return lower + ((upper - lower) * (q * total - below)) / (counts[bucket] ?? 1);
}

function laterThan({ upToMs, counts }: LatencyBuckets, latencyMs: number): number {
  return counts.reduce((late, count, bucket) => {
    const [lower, upper] = edges(upToMs, bucket);
    if (lower >= latencyMs) return late + count;
    if (upper <= latencyMs) return late;
    return late + (upper === Number.POSITIVE_INFINITY ? count : (count * (upper - latencyMs)) / (upper - lower));
  }, 0);
}

/**
 * The latency of a window; null when nothing completed in it.
 * @param slo the first: the percentile of `objectiveMs` and what counts as late
 * @param dropped requests that got no answer, which count as late
 */
export function latencyOf(buckets: LatencyBuckets, slo: Slo, dropped: number): LatencyMetrics | null {
  const total = buckets.counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const { bucket } = bucketOfRank(buckets.counts, slo.percentile * total);
  const bucketMs = edges(buckets.upToMs, bucket);
  const objectiveMs = quantileMs(buckets, slo.percentile, total);
  return {
    meanMs: buckets.sumMs / total,
    p50Ms: quantileMs(buckets, 0.5, total),
    p95Ms: quantileMs(buckets, 0.95, total),
    p99Ms: quantileMs(buckets, 0.99, total),
    objectiveMs,
    missRatio: (laterThan(buckets, slo.latencyMs) + dropped) / (total + dropped),
    resolution: objectiveMs > 0 ? Math.min(1, (bucketMs[1] - bucketMs[0]) / objectiveMs) : 1,
    bucketMs,
  };
}
