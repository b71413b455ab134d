// Tabular Q-learning without sharing: what a configuration is worth is learnt from its own windows alone.
//
// Q(level, a) ← Q + (r + γ·max_b Q(level', b) - Q)/n;  ε-greedy.
// Source: C. Watkins, P. Dayan, "Q-learning", Machine Learning 8, 1992; sample averages as step sizes.
// Differs: an action is a whole configuration, not a move; the context is the load level; unmeasured actions have no
// value, so the greedy choice is among measured ones and exploring takes unmeasured ones first.

import { z } from "zod";
import { anyMove, type TableRule, tableAgent, tableSettings } from "./table-learner.ts";

const settingsSchema = z.strictObject(tableSettings);

const rule: TableRule = {
  explore(open, values, _level, random) {
    const unmeasured = open.filter((move) => values.get(move.key) === undefined);
    const move = anyMove(unmeasured.length > 0 ? unmeasured : open, random);
    return { move, reason: unmeasured.length > 0 ? "explores an unmeasured configuration" : "explores again" };
  },
  exploit(open, values) {
    let best: { move: (typeof open)[number]; value: number } | undefined;
    for (const move of open) {
      const value = values.get(move.key)?.value;
      if (value !== undefined && (best === undefined || value > best.value)) best = { move, value };
    }
    return best && { move: best.move, reason: `best measured reward ${best.value.toPrecision(4)}` };
  },
  learned() {},
  save: () => null,
  restore() {},
};

/** Q-learning over configurations, one table per load level. */
export const qTable = tableAgent("q-table", "tabular Q-learning, no sharing", settingsSchema, () => rule);
