// A fleet agent's state and policies as JSON: what is written, and what is believed of what is read.

import { z } from "zod";
import { CheckpointError, type PolicySpec } from "../src/core/index.ts";
import { checkPolicySeal } from "../src/spaces/index.ts";
import { BoostedTrees, type Choice, featureNames, readCalendar } from "../src/switching/index.ts";
import { beliefsSchema, experienceSchema, type FleetBeliefs } from "./fleet-beliefs.ts";
import { RULES } from "./fleet-lattice.ts";
import { tallyShape } from "./training-tally.ts";

const numbers = z.array(z.number());
const treesSchema = z.object({
  depth: z.number().int().min(1).max(16),
  base: z.number(),
  features: z.array(
    z
      .number()
      .int()
      .min(0)
      .max(featureNames(true).length - 1),
  ),
  thresholds: numbers,
  leaves: numbers,
});
/** What was written without one has none. */
const reserve = z.number().nonnegative().default(0);
const used = { kind: z.string(), waitS: z.number().nonnegative(), reserve, spotShare: z.number().min(0).max(1) };

/** JSON form of a choice. */
export const choiceSchema = z.discriminatedUnion("rule", [
  z.object({
    rule: z.literal("learnt"),
    margin: z.number(),
    rules: z.object({ up: treesSchema, keep: treesSchema }),
    calendar: z.string().nullable(),
    ...used,
  }),
  z.object({ rule: z.literal("mixed"), holdS: z.number().positive(), ...used }),
  z.object({ rule: z.literal("static"), count: z.number().int().nonnegative(), ...used }),
]);

const pointSchema = z.object({
  kind: z.string(),
  rule: z.enum(RULES),
  margin: z.number(),
  reserve,
  holdS: z.number(),
  waitMs: z.number(),
  spotShare: z.number(),
});

/** Parameters of a policy. */
const parametersSchema = z.object({ choice: choiceSchema.nullable(), beliefs: beliefsSchema, why: z.string() });

/** An agent between two nights. */
export const stateSchema = z.object({
  settings: z.record(z.string(), z.unknown()),
  memory: z.object({
    counts: z.string(),
    stretches: z.array(z.object({ at: z.number().int(), fromS: z.number() })),
    recentRps: z.number(),
    lastS: z.number().nullable(),
  }),
  stream: z.object({
    ring: numbers,
    base: numbers,
    slots: z.number().int(),
    burstS: z.number(),
    sinceS: z.number(),
  }),
  experience: experienceSchema,
  beliefs: beliefsSchema,
  choice: choiceSchema.nullable(),
  why: z.string(),
  point: pointSchema.nullable(),
  seen: z.array(z.object({ point: pointSchema, value: z.number(), weight: z.number() })),
  elapsedS: z.number(),
  nights: z.number().int(),
  nightS: z.number(),
  chosenS: z.number(),
  /** A snapshot without it knows of one regime alone. */
  regimeS: z.number().default(0),
  checkedS: z.number(),
  usdSinceChosen: z.number(),
  ...tallyShape,
});
export type FleetState = z.infer<typeof stateSchema>;

/** A choice as JSON data. */
export function choiceData(choice: Choice | null): z.infer<typeof choiceSchema> | null {
  if (choice === null || choice.rule !== "learnt") return choice;
  const plain = ({ depth, base, features, thresholds, leaves }: ReturnType<BoostedTrees["toJSON"]>) => ({
    depth,
    base,
    features: [...features],
    thresholds: [...thresholds],
    leaves: [...leaves],
  });
  const { up, keep } = choice.rules;
  return {
    ...choice,
    rules: { up: plain(up.toJSON()), keep: plain(keep.toJSON()) },
    calendar: choice.calendar?.save() ?? null,
  };
}

/** The choice that data describes. @throws {RangeError} when trees or calendar do not fit together */
export function readChoice(data: z.infer<typeof choiceSchema> | null): Choice | null {
  if (data === null || data.rule !== "learnt") return data;
  return {
    ...data,
    rules: { up: new BoostedTrees(data.rules.up), keep: new BoostedTrees(data.rules.keep) },
    calendar: data.calendar === null ? null : readCalendar(data.calendar),
  };
}

/** Data that fits a schema. @throws {CheckpointError} naming the field that does not */
export function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CheckpointError(`${what}.${issue?.path.join(".")}: ${issue?.message}`);
}

/** What `make` makes. @throws {CheckpointError} where data does not fit together */
export function fitting<T>(what: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw new CheckpointError(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** What the policy of a spec does, and why. @throws {CheckpointError} when it is of another kind, or damaged */
export function readParameters(
  name: string,
  spec: PolicySpec,
): { readonly choice: Choice | null; readonly beliefs: FleetBeliefs; readonly why: string } {
  if (spec.kind !== name) throw new CheckpointError(`policy kind: expected ${name}, found ${spec.kind}`);
  const { choice, beliefs, why } = checked(parametersSchema, spec.parameters, "policy parameters");
  checkPolicySeal(spec);
  return { choice: fitting(`policy of ${name}`, () => readChoice(choice)), beliefs, why };
}
