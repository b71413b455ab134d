// The schema of an observation that comes from outside: everything a policy may know, little of it required.

import { z } from "zod";
import type { ClusterState, WindowMetrics } from "../core/index.ts";
import { configurationSchema } from "./policy-spec-schema.ts";

const ratio = z.number().min(0).max(1);
const positive = z.number().nonnegative();

/** The last bucket's upper edge is the text "Infinity" in JSON. */
const edge = z.union([positive, z.literal("Infinity").transform(() => Number.POSITIVE_INFINITY)]);

const latencySchema = z.strictObject({
  meanMs: positive,
  p50Ms: positive,
  p95Ms: positive,
  p99Ms: positive,
  objectiveMs: positive,
  missRatio: ratio,
  resolution: positive.default(0),
  bucketMs: z.tuple([positive, edge]).exactOptional(),
});

const arrivalsSchema = z.strictObject({
  rateRps: positive,
  recentRatesRps: z.array(positive).max(3600).default([]),
  dispersion: positive.nullable().default(null),
  peakToMedian: positive.nullable().default(null),
  timesMs: z.array(z.number()).max(200_000).optional(),
});

const serviceSchema = z.strictObject({
  meanMs: positive,
  byBatch: z
    .array(z.strictObject({ batchSize: positive, meanMs: positive, batches: positive }))
    .max(1024)
    .optional(),
  multipliers: z.array(z.number()).max(2048).optional(),
});

const metricsSchema = z.strictObject({
  durationS: z.number().positive(),
  requests: positive,
  arrivals: arrivalsSchema,
  latency: latencySchema.nullable().default(null),
  queueLength: positive.default(0),
  utilization: ratio.default(0),
  meanBatchSize: positive.nullable().default(null),
  service: serviceSchema.nullable().default(null),
  dropped: positive.default(0),
  offloadedShare: ratio.default(0),
  costUsdPerHour: positive.default(0),
  costUsd: positive.default(0),
});

const pastWindowSchema = z.strictObject({
  timeS: z.number(),
  durationS: z.number().positive(),
  arrivalRateRps: positive,
  peakRateRps: positive,
  objectiveMs: positive.nullable(),
  missRatio: ratio,
  utilization: ratio,
  queueLength: positive,
  costUsdPerHour: positive,
  configuration: configurationSchema,
});

/** An observation as JSON. */
export const stateSchema = z.strictObject({
  timeS: z.number(),
  metrics: metricsSchema,
  fleet: z
    .record(z.string(), z.strictObject({ ready: positive, launching: positive, draining: positive, spot: positive }))
    .default({}),
  configuration: configurationSchema,
  inFlight: configurationSchema.nullable().default(null),
  canary: z.strictObject({ configuration: configurationSchema, metrics: metricsSchema }).nullable().default(null),
  forecast: z
    .strictObject({
      method: z.string(),
      stepS: z.number().positive(),
      ratesRps: z.array(positive).max(1000),
      error: positive.nullable(),
    })
    .nullable()
    .default(null),
  mask: z
    .record(z.string(), z.array(z.union([z.number(), z.string()])))
    .nullable()
    .default(null),
  history: z.array(pastWindowSchema).max(360).default([]),
});

type StateJson = z.infer<typeof stateSchema>;

function metricsOf({ arrivals, service, ...metrics }: StateJson["metrics"]): WindowMetrics {
  const { timesMs, ...rates } = arrivals;
  const known = timesMs === undefined ? rates : { ...rates, timesMs: Float64Array.from(timesMs) };
  if (service === null) return { ...metrics, arrivals: known, service };
  const { meanMs, byBatch, multipliers } = service;
  return {
    ...metrics,
    arrivals: known,
    service: {
      meanMs,
      ...(byBatch === undefined ? {} : { byBatch }),
      ...(multipliers === undefined ? {} : { multipliers: Float64Array.from(multipliers) }),
    },
  };
}

/** The observation that was sent. */
export function stateFrom(json: StateJson): ClusterState {
  const { metrics, canary, ...state } = json;
  return {
    ...state,
    metrics: metricsOf(metrics),
    canary: canary === null ? null : { configuration: canary.configuration, metrics: metricsOf(canary.metrics) },
  };
}
