// Uniform exploration: measures configurations at random and keeps the best; the floor every learner must beat.
//
// Each step: a uniform open move; the policy is the configuration of greatest mean reward.

import { z } from "zod";
import { anyMove, type TableRule, tableAgent, tableSettings } from "./table-learner.ts";

const settingsSchema = z.strictObject({ ...tableSettings, epsilon: z.literal(1).default(1) });

const rule: TableRule = {
  explore: (open, _values, _level, random) => ({ move: anyMove(open, random), reason: "uniform" }),
  exploit: (open, _values, _level, random) => ({ move: anyMove(open, random), reason: "uniform" }),
  learned() {},
  save: () => null,
  restore() {},
};

/** Uniform exploration; its policy is the best configuration it has seen. */
export const random = tableAgent("random", "uniform exploration, keeps the best", settingsSchema, () => rule);
