// A window of a cluster behind the gateway: the difference of two of its telemetries, arrivals and service times in full.

import {
  type ArrivalMetrics,
  type LatencyMetrics,
  ObservationError,
  type ServiceMetrics,
  type Slo,
  type WindowMetrics,
} from "../core/index.ts";
import type { MeterTelemetry } from "../gateway/index.ts";
import { type LatencyBuckets, latencyOf } from "./latency-buckets.ts";

/** What was told of one stream of traffic at a moment. */
export interface MeterReading {
  readonly atMs: number;
  /** Null where the stream began then: all its counters were 0. */
  readonly meter: MeterTelemetry | null;
}

/** What a window says beside its traffic. */
export interface WindowSurroundings {
  readonly slo: Slo;
  readonly queueLength: number;
  /** In [0, 1]. */
  readonly utilization: number;
  /** Of the configuration, functions apart. */
  readonly committedUsdPerHour: number;
  readonly functionUsdPerSecond: number;
  readonly functionUsdPerCall: number;
}

/** Rates a window tells at most. */
const MOST_RATES = 12;

const LEAST_SECONDS_FOR_DISPERSION = 10;

/** Reasons by which a request was turned away or failed that are the client's own fault. */
const OWN_FAULTS = new Set(["bad-request"]);

function grown(before: number | undefined, after: number, what: string): number {
  const difference = after - (before ?? 0);
  if (difference >= 0) return difference;
  throw new ObservationError(`gateway: ${what}: expected a counter that grows, found ${before} and then ${after}`);
}

/** The histogram's occupied buckets with the gaps between them, as counted between two readings. */
function bucketsOf(before: MeterTelemetry | null, after: MeterTelemetry): LatencyBuckets {
  const known = new Map(before?.latency.buckets.map(([from, , count]) => [from, count]));
  const upToMs: number[] = [];
  const counts: number[] = [];
  for (const [from, to, count] of [...after.latency.buckets].sort(([a], [b]) => a - b)) {
    if (upToMs.at(-1) !== from) {
      upToMs.push(from);
      counts.push(0);
    }
    upToMs.push(to);
    counts.push(grown(known.get(from), count, "latency"));
  }
  return { upToMs, counts, sumMs: grown(before?.latency.sumMs, after.latency.sumMs, "latency") };
}

function countsPer(timesMs: Float64Array, lengthMs: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const timeMs of timesMs) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((timeMs * bins) / lengthMs)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

function arrivalsOf(before: MeterReading, after: MeterTelemetry, lengthMs: number): ArrivalMetrics {
  const first = before.meter?.arrived ?? 0;
  const arrived = grown(before.meter?.arrived, after.arrived, "arrivals");
  const rateRps = (arrived * 1000) / lengthMs;
  const timesMs = Float64Array.from(after.arrivals.values, (timeMs) => timeMs - before.atMs);
  // Of more arrivals than the gateway keeps only the last are known: no rates are told rather than those of a part.
  const whole = after.arrivals.from === first && timesMs.length === arrived;
  if (!whole) return { rateRps, recentRatesRps: [rateRps], dispersion: null, peakToMedian: null };
  const seconds = Math.floor(lengthMs / 1000);
  const bins = Math.min(MOST_RATES, Math.max(1, seconds));
  const recentRatesRps = countsPer(timesMs, lengthMs, bins).map((count) => (count * 1000 * bins) / lengthMs);
  const median = [...recentRatesRps].sort((a, b) => a - b)[recentRatesRps.length >> 1] ?? 0;
  return {
    rateRps,
    recentRatesRps,
    dispersion: seconds < LEAST_SECONDS_FOR_DISPERSION ? null : dispersionOf(countsPer(timesMs, lengthMs, seconds)),
    peakToMedian: median > 0 ? Math.max(...recentRatesRps) / median : null,
    timesMs,
  };
}

function dispersionOf(counts: readonly number[]): number | null {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  if (mean === 0) return null;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (counts.length - 1) / mean;
}

function serviceOf(before: MeterTelemetry | null, after: MeterTelemetry): ServiceMetrics | null {
  const known = new Map(before?.batches.map(([rows, batches, serviceMs]) => [rows, { batches, serviceMs }]));
  const byBatch = after.batches
    .map(([batchSize, batches, serviceMs]) => ({
      batchSize,
      batches: grown(known.get(batchSize)?.batches, batches, "batches"),
      serviceMs: grown(known.get(batchSize)?.serviceMs, serviceMs, "service times"),
    }))
    .filter(({ batches }) => batches > 0)
    .sort((a, b) => a.batchSize - b.batchSize)
    .map(({ batchSize, batches, serviceMs }) => ({ batchSize, meanMs: serviceMs / batches, batches }));
  const batches = byBatch.reduce((sum, size) => sum + size.batches, 0);
  if (batches === 0) return null;
  const meanOf = new Map(byBatch.map(({ batchSize, meanMs }) => [batchSize, meanMs]));
  const multipliers = after.batchMs.values.flatMap((serviceMs, i) => {
    const meanMs = meanOf.get(after.batchRows.values[i] ?? 0);
    return meanMs === undefined || meanMs === 0 ? [] : [serviceMs / meanMs];
  });
  const meanMs = byBatch.reduce((sum, size) => sum + size.batches * size.meanMs, 0) / batches;
  return { meanMs, byBatch, multipliers: Float64Array.from(multipliers) };
}

/** Requests that got no answer of their model, by no fault of their own. */
function droppedOf(before: MeterTelemetry | null, after: MeterTelemetry): number {
  return Object.entries(after.failed)
    .filter(([reason]) => !OWN_FAULTS.has(reason))
    .reduce((sum, [reason, count]) => sum + grown(before?.failed[reason], count, "failures"), 0);
}

/**
 * What happened between two readings.
 * @throws {ObservationError} when a counter went back or no time has passed
 */
export function windowBetween(
  before: MeterReading,
  after: MeterReading & { readonly meter: MeterTelemetry },
  surroundings: WindowSurroundings,
): WindowMetrics {
  const lengthMs = after.atMs - before.atMs;
  if (!(lengthMs > 0))
    throw new ObservationError(`gateway: expected time to pass, found ${lengthMs} ms between readings`);
  const { slo, queueLength, utilization } = surroundings;
  const [old, now] = [before.meter, after.meter];
  const arrivals = arrivalsOf(before, now, lengthMs);
  const service = serviceOf(old, now);
  const dropped = droppedOf(old, now);
  const served = grown(old?.served, now.served, "served");
  const offloaded = grown(old?.offloaded, now.offloaded, "offloaded");
  const batches = service?.byBatch ?? [];
  const rows = batches.reduce((sum, { batchSize, batches: count }) => sum + batchSize * count, 0);
  const calls = grown(old?.functionBatches.batches, now.functionBatches.batches, "function calls");
  const functionMs = grown(old?.functionBatches.serviceMs, now.functionBatches.serviceMs, "function time");
  const functionUsd = (functionMs / 1000) * surroundings.functionUsdPerSecond + calls * surroundings.functionUsdPerCall;
  const hours = lengthMs / 3_600_000;
  const latency: LatencyMetrics | null = latencyOf(bucketsOf(old, now), slo, dropped);
  return {
    durationS: lengthMs / 1000,
    requests: grown(old?.arrived, now.arrived, "arrivals"),
    arrivals,
    latency,
    queueLength,
    utilization,
    meanBatchSize: service === null ? null : rows / batches.reduce((sum, { batches: count }) => sum + count, 0),
    service,
    dropped,
    offloadedShare: served > 0 ? offloaded / served : 0,
    costUsdPerHour: surroundings.committedUsdPerHour + functionUsd / hours,
    costUsd: surroundings.committedUsdPerHour * hours + functionUsd,
  };
}
