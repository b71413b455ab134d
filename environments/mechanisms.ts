// The simulator's further mechanisms as a scenario switches them on: failures, zones, markets, buffers, telemetry.

import { z } from "zod";
import { durationSchema } from "../src/catalogue/index.ts";
import type { SimulationPlan } from "../src/simulator/plan.ts";

const positive = z.number().positive().finite();
const nonNegative = z.number().nonnegative().finite();
const share = z.number().min(0).max(1);
const MAX_CAPACITY_STEPS = 100_000;

const capacity = z
  .array(z.strictObject({ fromS: nonNegative, machines: z.number().int().nonnegative() }))
  .min(1)
  .max(MAX_CAPACITY_STEPS)
  .refine((steps) => steps.every((step, i) => i === 0 || step.fromS > (steps[i - 1]?.fromS ?? 0)), {
    message: "expected steps in ascending time",
  });

/** Keys of a scenario that switch mechanisms on; each is off where it is absent. */
export const mechanismKeys = {
  /** What the cluster tells beyond counters and histograms; `region-sim` needs both. */
  telemetry: z
    .strictObject({ arrivalTimes: z.boolean().default(false), serviceTimes: z.boolean().default(false) })
    .optional(),
  /** Metrics late, lost or blurred. */
  observation: z
    .strictObject({ delayS: nonNegative.default(0), lossShare: share.default(0), noiseCv: nonNegative.default(0) })
    .optional(),
  /** Batching buffers by request size. */
  buffers: z
    .strictObject({
      sizeBounds: z
        .array(positive)
        .min(1)
        .max(64)
        .refine((bounds) => bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] ?? 0)), {
          message: "expected ascending sizes",
        }),
      padding: z.boolean().default(true),
    })
    .optional(),
  /** What goes wrong with machines. */
  failures: z
    .strictObject({
      launchFailureShare: share.default(0),
      crashesPerHour: nonNegative.default(0),
      launchRetryS: positive.default(30),
      spotNoticeS: nonNegative.default(120),
      lostRequests: z.enum(["retry", "drop"]).default("retry"),
      zones: z
        .strictObject({
          count: z.number().int().positive().max(64).default(3),
          outagesPerHour: nonNegative.default(0),
          outageS: durationSchema.default({ constant: 1800 }),
        })
        .default({ count: 1, outagesPerHour: 0, outageS: { constant: 0 } }),
    })
    .optional(),
  /** Markets and quotas, by instance type. */
  markets: z
    .record(
      z.string(),
      z.strictObject({
        quota: z.number().int().nonnegative().optional(),
        onDemandCapacity: capacity.optional(),
        spotCapacity: capacity.optional(),
        weight: positive.optional(),
      }),
    )
    .default({}),
} as const;

/** Further keys of `function:`. */
export const functionMechanismKeys = {
  overflow: z.enum(["queue", "drop"]).optional(),
  coldStartBilled: z.boolean().optional(),
} as const;

/** Further keys of `reality:`. */
export const realityMechanismKeys = {
  serviceDistribution: z.enum(["lognormal", "exponential"]).optional(),
  interOpShare: share.optional(),
  commonRandomNumbers: z.boolean().optional(),
} as const;

/** An object without the fields that are undefined. */
export function given<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> };
}

interface Mechanisms {
  readonly telemetry?: SimulationPlan["telemetry"] | undefined;
  readonly observation?: SimulationPlan["observation"] | undefined;
  readonly buffers?: SimulationPlan["buffers"] | undefined;
  readonly failures?: SimulationPlan["failures"] | undefined;
  readonly limits: { readonly gpus?: number | undefined; readonly vcpus?: number | undefined };
}

/** The parts of a plan that the mechanisms of a scenario make. */
export function mechanismsOf(scenario: Mechanisms): Partial<SimulationPlan> {
  const { telemetry, observation, buffers, failures, limits } = scenario;
  const quotas = given(limits);
  return given({
    telemetry,
    observation,
    buffers,
    failures,
    quotas: Object.keys(quotas).length > 0 ? quotas : undefined,
  });
}
