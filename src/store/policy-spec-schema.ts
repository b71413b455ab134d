// The schema of a policy spec read from outside: a checkpoint, an exported file, a request.

import { z } from "zod";
import type { Json, PolicySpec } from "../core/index.ts";

/** A knob value; the text "Infinity" is the number. */
export const knobValueSchema = z
  .union([z.number(), z.string()])
  .transform((value) => (value === "Infinity" ? Number.POSITIVE_INFINITY : value));

/** A value for every knob, by knob name. */
export const configurationSchema = z.record(z.string(), knobValueSchema);

/** Any JSON data, left as it is. */
export const jsonSchema: z.ZodType<Json> = z.json();

const knobSchema = z.strictObject({
  name: z.string().min(1),
  values: z.array(knobValueSchema).min(1),
  actuation: z.enum(["hot", "reload", "restart", "provision"]),
  actuationDelayS: z.number().nonnegative(),
  decideEveryS: z.number().nonnegative(),
});

/** A policy as plain JSON. */
export const policySpecSchema: z.ZodType<PolicySpec, unknown> = z.strictObject({
  format: z.literal("trimtab-policy"),
  version: z.literal(1),
  kind: z.string().min(1),
  features: z.array(
    z.strictObject({
      name: z.string().min(1),
      unit: z.string(),
      transform: z.literal("log1p").exactOptional(),
      offset: z.number(),
      scale: z.number(),
    }),
  ),
  knobs: z.array(knobSchema).min(1),
  parameters: jsonSchema,
  bounds: z.strictObject({ initial: configurationSchema, budgetUsdPerHour: z.number().nullable() }),
  environment: z.string().min(1),
  seed: z.number().int(),
  training: z.strictObject({
    steps: z.number().int().nonnegative(),
    episodes: z.number().int().nonnegative(),
    meanReward: z.number().nullable(),
    backend: z.string().exactOptional(),
  }),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits"),
});
