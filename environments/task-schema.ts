// What every tuning task states, in a scenario and in a cluster file alike: SLO, objective, prices, knobs, limits.

import { z } from "zod";
import { catalogueSchema } from "../src/catalogue/index.ts";
import type { KnobValue } from "../src/core/index.ts";
import { isKnobName, knobNames } from "./knobs.ts";
import { functionMechanismKeys } from "./mechanisms.ts";

const positive = z.number().positive().finite();
const nonNegative = z.number().nonnegative().finite();
const share = z.number().min(0).max(1);

/** Infinity is a knob value ("never"): `.inf` in YAML, the text "Infinity" in JSON. */
const knobNumber = z
  .preprocess(
    (value) => (value === "Infinity" ? Number.POSITIVE_INFINITY : value),
    z.custom<number>((value) => typeof value === "number" && !Number.isNaN(value), "expected a number or .inf"),
  )
  .meta({ type: "number" });

/** Values of one knob; a lattice axis longer than this is surely a mistake. */
const MAX_KNOB_VALUES = 1000;

const knobValues = z.union([
  z
    .array(z.union([knobNumber, z.string().min(1)]))
    .min(1)
    .max(MAX_KNOB_VALUES),
  z
    .strictObject({ from: z.number().finite(), to: z.number().finite(), step: positive.default(1) })
    .refine(({ from, to, step }) => to >= from && (to - from) / step < MAX_KNOB_VALUES, {
      message: `expected to ≥ from and fewer than ${MAX_KNOB_VALUES} steps`,
    })
    .transform(({ from, to, step }): KnobValue[] =>
      Array.from({ length: Math.floor((to - from) / step + 1e-9) + 1 }, (_, i) => from + i * step),
    ),
]);

const knobName = z.string().refine(isKnobName, { message: `expected one of ${knobNames.join(", ")}` });

const slo = z.strictObject({ percentile: z.number().gt(0).lt(1), latencyMs: positive });

const objective = z
  .strictObject({
    minimize: z.enum(["cost", "latency"]).default("cost"),
    weights: z
      .strictObject({
        latency: nonNegative.default(4),
        miss: nonNegative.default(10),
        change: nonNegative.default(0.05),
      })
      .prefault({}),
    referenceUsdPerHour: positive.optional(),
  })
  .prefault({});

/** A profiled point, for the prior. */
export const priorPoint = z.strictObject({
  host: z.string().min(1).optional(),
  intraOpThreads: positive.optional(),
  tensorParallel: positive.optional(),
  memoryMb: positive.optional(),
  batch: positive,
  /** What the profile says when absent. */
  serviceMs: positive.optional(),
});

/** Name of a scenario. */
export const taskName = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "expected lower-case words joined by hyphens");

/** Keys of a file that say what is tuned, towards what, within which limits. */
export const taskKeys = {
  description: z.string().optional(),
  slo: z.array(slo).min(1),
  objective,
  catalogue: catalogueSchema.optional(),
  host: z
    .strictObject({
      cores: z.number().int().positive(),
      usdPerCoreHour: nonNegative,
      usdPerModelInstanceHour: nonNegative.default(0),
    })
    .optional(),
  function: z
    .strictObject({
      memoryMb: positive.default(3008),
      late: z.strictObject({ share, extraMs: nonNegative }).default({ share: 0, extraMs: 0 }),
      ...functionMechanismKeys,
    })
    .prefault({}),
  limits: z.strictObject({ gpus: z.number().int().nonnegative().optional(), vcpus: positive.optional() }).prefault({}),
  knobs: z.record(knobName, knobValues).refine((knobs) => Object.keys(knobs).length > 0, "expected at least one knob"),
  actuation: z
    .record(
      knobName,
      z.strictObject({
        class: z.enum(["hot", "reload", "restart", "provision"]).optional(),
        delayS: nonNegative.optional(),
        decideEveryS: nonNegative.optional(),
      }),
    )
    .default({}),
  initial: z.record(z.string(), z.union([knobNumber, z.string()])),
  budget: z.strictObject({ usdPerHour: positive }).optional(),
  intervalS: positive.default(60),
} as const;
