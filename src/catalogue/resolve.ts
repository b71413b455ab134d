// The `catalogue:` block of a scenario: its schema, and what it names looked up in a price list.

import { z } from "zod";
import {
  type Catalogue,
  ConfigError,
  type FieldIssue,
  type FunctionType,
  type InstanceType,
  UnknownNameError,
} from "../core/index.ts";
import { type PriceSet, priceSets } from "./price-sets.ts";

const positive = z.number().positive().finite();
const nonNegative = z.number().nonnegative().finite();

/** A duration: seconds, or a distribution of them. */
export const durationSchema = z.union([
  nonNegative.transform((constant) => ({ constant })),
  z.strictObject({ constant: nonNegative }),
  z.strictObject({
    uniform: z
      .tuple([nonNegative, nonNegative])
      .refine(([low, high]) => high >= low, "expected [low, high] with high ≥ low"),
  }),
  z.strictObject({ exponential: positive }),
  z.strictObject({ lognormal: z.strictObject({ mean: positive, cv: nonNegative }) }),
]);

const billing = z.strictObject({ incrementS: positive, minimumS: nonNegative, launchBilled: z.boolean() });

const instanceOverride = z.strictObject({
  kind: z.enum(["vm", "container"]).optional(),
  vcpus: positive.optional(),
  memoryGib: positive.optional(),
  gpus: z.number().int().nonnegative().optional(),
  usdPerHour: nonNegative.optional(),
  spotPriceRatio: z.number().gt(0).max(1).nullable().optional(),
  spotInterruptionsPerHour: nonNegative.optional(),
  launchS: durationSchema.optional(),
  billing: billing.optional(),
});

const functionOverride = z.strictObject({
  usdPerGbS: nonNegative.optional(),
  usdPerRequest: nonNegative.optional(),
  billingIncrementMs: positive.optional(),
  coldStartS: durationSchema.optional(),
  keepAliveS: nonNegative.optional(),
  concurrencyLimit: z.number().int().positive().optional(),
});

/** The `catalogue:` block. `overrides` changes a listed type, or describes one the price list does not have. */
export const catalogueSchema = z.strictObject({
  instances: z.array(z.string().min(1)).default([]),
  spot: z.boolean().default(false),
  functions: z.boolean().default(false),
  prices: z.string().default("aws-us-east-1-2026-07"),
  overrides: z.record(z.string(), instanceOverride).default({}),
  function: functionOverride.prefault({}),
});

/** A checked `catalogue:` block. */
export type CatalogueSpec = z.output<typeof catalogueSchema>;

type InstanceOverride = z.output<typeof instanceOverride>;

/** What a type of the user's own has where it does not say. */
const unlisted: Omit<InstanceType, "name" | "usdPerHour"> = {
  kind: "vm",
  vcpus: 1,
  memoryGib: 1,
  gpus: 0,
  spotPriceRatio: null,
  spotInterruptionsPerHour: 0,
  launchS: { constant: 0 },
  billing: { incrementS: 1, minimumS: 0, launchBilled: true },
};

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function instanceOf(name: string, prices: PriceSet, override: InstanceOverride | undefined): InstanceType {
  const listed = prices.instances.find((type) => type.name === name);
  const changes = defined(override ?? {});
  if (listed !== undefined) return { ...listed, ...changes };
  if (changes.usdPerHour === undefined) {
    throw new UnknownNameError("catalogue.instances", name, [
      ...prices.instances.map((type) => type.name),
      "<a type of your own with usdPerHour in overrides>",
    ]);
  }
  return { ...unlisted, name, ...changes, usdPerHour: changes.usdPerHour };
}

/** @throws {UnknownNameError} for a price list the project does not know */
export function findPriceSet(name: string): PriceSet {
  const found = priceSets.find((set) => set.name === name);
  if (found === undefined)
    throw new UnknownNameError(
      "catalogue.prices",
      name,
      priceSets.map((set) => set.name),
    );
  return found;
}

/**
 * What a scenario can rent.
 * @throws {UnknownNameError} for a price list or an instance type that is in none
 * @throws {ConfigError} when a type is listed twice, or overridden without being listed
 */
export function resolveCatalogue(spec: CatalogueSpec): Catalogue {
  const prices = findPriceSet(spec.prices);
  const issues: FieldIssue[] = [
    ...Object.keys(spec.overrides)
      .filter((name) => !spec.instances.includes(name))
      .map((name) => ({
        path: `catalogue.overrides.${name}`,
        expected: `one of ${spec.instances.join(", ")}`,
        found: name,
      })),
    ...spec.instances
      .filter((name, i) => spec.instances.indexOf(name) !== i)
      .map((name) => ({ path: "catalogue.instances", expected: "each type once", found: name })),
  ];
  if (issues.length > 0) throw new ConfigError("catalogue", issues);
  const instances = spec.instances
    .map((name) => instanceOf(name, prices, spec.overrides[name]))
    .map((type) => (spec.spot ? type : { ...type, spotPriceRatio: null }));
  const called: FunctionType | null = spec.functions ? { ...prices.function, ...defined(spec.function) } : null;
  return { prices: prices.name, instances, function: called };
}
