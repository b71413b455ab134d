// A dialect: under which names a serving system tells what a window is made of.

import { z } from "zod";
import type { Selector } from "./series.ts";

/** Milliseconds in a unit of time. */
export const unitMs = { s: 1000, ms: 1, us: 1e-3 } as const;

// Leading colons are part of a name: TensorFlow Serving's all start with one.
const nameSchema = z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, "expected a metric name");
const namesSchema = z.array(nameSchema).min(1);
export const matchSchema = z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string());

/** A name, or names of which each instance is read by the first it has, or names with labels. */
export const selectorSchema = z
  .union([nameSchema, namesSchema, z.strictObject({ names: namesSchema, match: matchSchema.default({}) })])
  .transform((given): Selector => {
    if (typeof given === "string") return { names: [given], match: {} };
    return "match" in given ? given : { names: given, match: {} };
  });

const unitSchema = z.enum(["s", "ms", "us"]);

const selectorsSchema = z.array(selectorSchema).min(1);

/** Requests as they enter; or, where only those that leave are counted, they and the gauges of those inside. */
const arrivalsSchema = z.union([
  z.strictObject({ entered: selectorSchema }),
  z.strictObject({ left: selectorsSchema, inside: selectorsSchema }),
]);

/** Names without `_bucket`, `_sum` and `_count`. */
const latencySchema = z.union([
  z.strictObject({ histogram: selectorSchema, unit: unitSchema }),
  z.strictObject({ summary: selectorSchema, unit: unitSchema }),
]);

/** A gauge in [0, 1] once scaled, averaged; or busy time over that of an instance's parallel `lanes`. */
const utilizationSchema = z.union([
  z.strictObject({ gauge: selectorSchema, scale: z.number().positive().default(1) }),
  z.strictObject({ busy: selectorSchema, unit: unitSchema, lanes: z.number().positive() }),
]);

/** What a cluster file may say of each metric; null says that there is no such thing. */
export const dialectFields = {
  arrivals: arrivalsSchema,
  latency: latencySchema,
  /** Gauges of waiting requests, added up. */
  queue: selectorsSchema,
  utilization: utilizationSchema,
  /** Mean batch size is items over batches. */
  batch: z.strictObject({ items: selectorSchema, batches: selectorSchema }).nullable(),
  /** Service time of a batch: its sum and how many. */
  service: z.strictObject({ total: selectorSchema, batches: selectorSchema, unit: unitSchema }).nullable(),
  /** Requests that got no answer. A series that is not there yet counted none. */
  dropped: selectorSchema.nullable(),
  /** Requests served by functions. */
  offloaded: selectorSchema.nullable(),
};

export const dialectSchema = z.strictObject(dialectFields);

/** Everything a window is made of. */
export type Dialect = z.output<typeof dialectSchema>;

/** A dialect as a preset writes it: what a system does not tell is left to the cluster file. */
export type Preset = Partial<z.input<typeof dialectSchema>>;
