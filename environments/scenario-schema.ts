// The scenario file: every key a scenario may have, checked once.

import { z } from "zod";
import { profileSchema } from "../src/profiles/index.ts";
import { workloadSchema } from "../src/workload/index.ts";
import { mechanismKeys, realityMechanismKeys } from "./mechanisms.ts";
import { priorPoint, taskKeys, taskName } from "./task-schema.ts";

const positive = z.number().positive().finite();
const nonNegative = z.number().nonnegative().finite();
const share = z.number().min(0).max(1);

const requestClass = z.strictObject({
  name: z.string().min(1),
  share,
  strict: z.boolean().default(true),
  /** Deadlines of the class over those of the SLO. */
  sloRatio: positive.default(1),
  size: z.strictObject({ mean: positive.default(1), cv: nonNegative.default(0) }).prefault({}),
});

const reality = z
  .strictObject({
    interference: nonNegative.default(0),
    oversubscription: nonNegative.default(1),
    serviceCv: nonNegative.default(0),
    stragglers: z.strictObject({ share, factor: positive }).default({ share: 0, factor: 1 }),
    concurrencyLock: z.number().int().positive().nullable().default(null),
    batchOverheadMs: nonNegative.default(0),
    ...realityMechanismKeys,
  })
  .prefault({});

/** All of a scenario file, unknown keys refused. */
export const scenarioSchema = z.strictObject({
  name: taskName,
  ...taskKeys,
  workload: workloadSchema,
  training: z.strictObject({ episodeS: positive.optional() }).prefault({}),
  models: z
    .array(z.strictObject({ name: z.string().min(1), profiles: z.record(z.string(), profileSchema) }))
    .length(1, "expected exactly one model: pipelines of several models are not simulated yet"),
  classes: z.array(requestClass).min(1).optional(),
  ...mechanismKeys,
  routing: z.enum(["central", "least-expected-wait", "weighted-round-robin"]).default("central"),
  queue: z.strictObject({ timeoutS: positive.optional(), limit: z.number().int().positive().optional() }).prefault({}),
  reality,
  prior: z
    .strictObject({ points: z.array(priorPoint).min(1), deviceRatios: z.record(z.string(), positive).default({}) })
    .optional(),
  window: z
    .strictObject({
      requests: z.number().int().positive().default(20_000),
      warmup: z.number().int().nonnegative().default(1000),
    })
    .prefault({}),
});

/** A checked scenario, defaults filled in. */
export type Scenario = z.output<typeof scenarioSchema>;
