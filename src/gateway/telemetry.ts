// What the gateway tells a tuner of one model, as JSON: counters since its start, and what is new of arrivals and batches.
//
// Readers keep the last answer and take differences; `gateway` names the run, in which all counters began at 0.

import { z } from "zod";
import { bucketStartMs } from "../math/index.ts";
import type { Meter } from "./meter.ts";
import type { ServedModel } from "./model.ts";
import { modelConfigurationSchema } from "./settings.ts";

const counter = z.number().nonnegative();

const ringSchema = z.object({
  /** Place in the stream of the first value given. */
  from: z.number().int().nonnegative(),
  values: z.array(z.number()),
});

const meterSchema = z.object({
  arrived: counter,
  served: counter,
  offloaded: counter,
  cancelled: counter,
  retried: counter,
  failed: z.record(z.string(), counter),
  /** Requests by latency: lower and upper edge of the bucket in ms, and how many; empty buckets are left out. */
  latency: z.object({ sumMs: counter, buckets: z.array(z.tuple([z.number(), z.number(), counter])) }),
  /** Rows, batches, and their service times together, in ms; the function's batches are apart. */
  batches: z.array(z.tuple([counter, counter, counter])),
  functionBatches: z.object({ batches: counter, serviceMs: counter }),
  /** Times of arrivals, in ms of the gateway's clock. */
  arrivals: ringSchema,
  batchRows: ringSchema,
  batchMs: ringSchema,
});

/** The document. */
export const telemetrySchema = z.object({
  gateway: z.string(),
  model: z.string(),
  /** Of the gateway's clock, which began at 0. */
  nowMs: z.number().nonnegative(),
  configuration: modelConfigurationSchema,
  canary: z
    .object({
      share: z.number(),
      configuration: modelConfigurationSchema,
      /** When its metrics began, at 0. */
      sinceMs: z.number(),
      waiting: counter,
      meter: meterSchema,
    })
    .nullable(),
  waiting: counter,
  busySlotMs: counter,
  slotMs: counter,
  slots: counter,
  /** How many backends there are, and how many of them are up. */
  backends: z.object({ known: counter, ready: counter }),
  whole: meterSchema,
});

/** What the gateway tells of a model. */
export type Telemetry = z.output<typeof telemetrySchema>;

/** What it tells of a stream of traffic. */
export type MeterTelemetry = z.output<typeof meterSchema>;

/** From which places on a reader wants the records. */
export interface TelemetrySince {
  readonly arrivals: number;
  readonly batches: number;
}

/** A microsecond is fine enough, and keeps the document short. */
function rounded(values: Float64Array): number[] {
  return Array.from(values, (value) => Math.round(value * 1000) / 1000);
}

function meterTelemetry(meter: Meter, since: TelemetrySince): MeterTelemetry {
  const buckets: [number, number, number][] = [];
  meter.latency.counts.forEach((count, bucket) => {
    if (count > 0) buckets.push([bucketStartMs(bucket), bucketStartMs(bucket + 1), count]);
  });
  const arrivals = meter.arrivals.read(since.arrivals);
  const rows = meter.batchRows.read(since.batches);
  const times = meter.batchMs.read(since.batches);
  return {
    arrived: meter.arrived,
    served: meter.served,
    offloaded: meter.offloaded,
    cancelled: meter.cancelled,
    retried: meter.retried,
    failed: Object.fromEntries(meter.failed),
    latency: { sumMs: meter.latency.sumMs, buckets },
    batches: [...meter.bySize].map(([size, { batches, serviceMs }]) => [size, batches, serviceMs]),
    functionBatches: { ...meter.atFunction },
    arrivals: { from: arrivals.from, values: rounded(arrivals.values) },
    batchRows: { from: rows.from, values: [...rows.values] },
    batchMs: { from: times.from, values: rounded(times.values) },
  };
}

/** The document at a moment. @param since records of the whole traffic; a canary's are given whole */
export function telemetryOf(gateway: string, model: ServedModel, nowMs: number, since: TelemetrySince): Telemetry {
  const { canary, occupancy, pool } = model;
  occupancy.note(nowMs, pool.inFlight, pool.slots);
  return {
    gateway,
    model: model.settings.name,
    nowMs,
    configuration: model.configuration,
    canary:
      canary === null
        ? null
        : {
            share: canary.share,
            configuration: canary.configuration,
            sinceMs: model.canarySinceMs,
            waiting: model.canaryWaiting,
            meter: meterTelemetry(model.canaryMeter, { arrivals: 0, batches: 0 }),
          },
    waiting: model.waiting,
    busySlotMs: occupancy.busySlotMs,
    slotMs: occupancy.slotMs,
    slots: pool.slots,
    backends: { known: pool.backends.length, ready: pool.backends.filter(({ ready }) => ready).length },
    whole: meterTelemetry(model.whole, since),
  };
}
