// The cluster file: how a real cluster is reached, what may be turned on it, and how far the service may go.

import { z } from "zod";
import { adapters } from "../src/clusters/index.ts";
import { changeBudgetSchema } from "../src/guards/index.ts";
import { profileSchema } from "../src/profiles/index.ts";
import { modeSchema } from "../src/store/index.ts";
import { priorPoint, taskKeys, taskName } from "./task-schema.ts";

const positive = z.number().positive().finite();

/** Keys of every cluster, real or simulated, that say who tunes it and how far they may go. */
const controlKeys = {
  /** The operator's ceiling: a cluster is watched until somebody says otherwise. */
  mode: modeSchema.default("shadow"),
  agent: z.string().min(1).max(200).optional(),
  optimizer: z.string().min(1).max(200).optional(),
  seed: z.number().int().nonnegative().default(1),
  /** How much may be changed, how often, and at which hours nothing is. */
  changes: z.strictObject({ budgets: z.array(changeBudgetSchema).max(100).default([]) }).prefault({}),
  /** For how long a proposal may be answered after the service last wanted it. */
  proposals: z.strictObject({ expireAfterS: positive.optional() }).prefault({}),
} as const;

/** Names of variables, so that a file holds no secret. */
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable");

const adapterNames = adapters.map(({ name }) => name);

/** An adapter and how it reaches its cluster. */
const reachKeys = {
  adapter: z.string().refine((name) => adapterNames.includes(name), {
    message: `expected one of simulated, ${adapterNames.join(", ")}`,
  }),
  /** The adapter's own; its entry in the registry checks them. */
  options: z.record(z.string(), z.unknown()).default({}),
  /** The variable that holds the secret of each role, such as { token: SERVING_TOKEN }. */
  credentialsEnv: z.record(z.string(), variable).default({}),
} as const;

const reachSchema = z.strictObject(reachKeys);

/** All of a cluster file, unknown keys refused. */
export const clusterFileSchema = z.strictObject({
  name: taskName,
  ...reachKeys,
  /** Tells the metrics, where the adapter tells none or others are wanted; the adapter then only turns knobs. */
  observer: reachSchema.optional(),
  ...controlKeys,
  ...taskKeys,
  models: z
    .array(z.strictObject({ name: z.string().min(1), profiles: z.record(z.string(), profileSchema).default({}) }))
    .length(1)
    .prefault([{ name: "model" }]),
  /** Measured points; `trimtab profile --cluster` writes them. */
  prior: z
    .strictObject({
      points: z.array(priorPoint.required({ serviceMs: true })).min(1),
      deviceRatios: z.record(z.string(), positive).default({}),
    })
    .optional(),
});

/** A simulated cluster: its scenario says everything else. */
export const simulatedFileSchema = z.strictObject({
  name: taskName,
  adapter: z.literal("simulated"),
  /** One that ships. */
  scenario: taskName,
  ...controlKeys,
  /** Simulated seconds a second. */
  speed: positive.default(600),
});

/** An adapter of a checked cluster file. */
export type ReachOf = z.output<typeof reachSchema>;
/** A checked cluster file. */
export type ClusterFile = z.output<typeof clusterFileSchema>;
/** A checked file of a simulated cluster. */
export type SimulatedFile = z.output<typeof simulatedFileSchema>;
