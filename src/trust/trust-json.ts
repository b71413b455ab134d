// The lifecycle's memory as JSON, for the checkpoint it is kept in.

import { z } from "zod";
import { CheckpointError, type Json, toJson, trusts } from "../core/index.ts";
import type { TrustState } from "./trust.ts";

const evidenceSchema = z.strictObject({
  timeS: z.number(),
  loadLevel: z.number().int(),
  advantage: z.number(),
  source: z.enum(["measured", "corrected"]),
});

const testSchema = z.strictObject({
  passed: z.boolean(),
  windows: z.number().int(),
  loadLevels: z.number().int(),
  meanAdvantage: z.number().nullable(),
  lowerBound: z.number().nullable(),
  reason: z.string(),
});

const stateSchema: z.ZodType<TrustState> = z.strictObject({
  trust: z.enum(trusts),
  sinceS: z.number(),
  reason: z.string(),
  healthyWindows: z.number().int().nonnegative(),
  levels: z.array(z.number().int()),
  evidence: z.array(evidenceSchema),
  test: testSchema.nullable(),
});

/** The state as JSON. */
export function trustJson(state: TrustState): Json {
  return toJson(state);
}

/** The state that was saved. @throws {CheckpointError} when it is not one */
export function trustFromJson(saved: unknown): TrustState {
  const parsed = stateSchema.safeParse(saved);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CheckpointError(`trust ${issue?.path.join(".")}: ${issue?.message}`);
}
