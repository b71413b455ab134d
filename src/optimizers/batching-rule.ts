// MArk's batching rule: the largest batch that keeps the deadline and serves at least as fast as no batching.
//
// W + T_b <= RT_max    and    b / (W + T_b) >= 1 / T_1    =>    W = min(RT_max - T_b, b T_1 - T_b),  the largest b, W >= 0
// Source: C. Zhang et al., "MArk", USENIX ATC 2019, section 4 (inequalities as in systems.md 3).
// Differs: W is the largest wait that satisfies both inequalities, where the paper takes RT_max - T_b and drops b if
//   the second fails; with one batch knob for several types, the batch whose cheapest type costs least per request wins, the smaller of equals.

import type { Configuration, TuningProblem } from "../core/index.ts";
import { capacityOf, numberAt, numbersOf, type ServerOption } from "./fleet.ts";

/** A batch size, how long to wait for it, and why. */
export interface Batching {
  readonly set: Configuration;
  readonly note: string;
}

/** The longest wait the rule allows a batch of `b` on a host, in ms; negative when it allows none. */
export function allowedWaitMs(
  problem: TuningProblem,
  host: string,
  base: Configuration,
  b: number,
  deadlineMs: number,
) {
  const batchMs = problem.model.serviceMs(host, base, b);
  if (b === 1) return batchMs <= deadlineMs ? 0 : -1;
  return Math.min(deadlineMs - batchMs, b * problem.model.serviceMs(host, base, 1) - batchMs);
}

/** Applies the rule to the options. Empty where the lattice has no batch knob. @param deadlineMs RT_max */
export function batchingRule(
  problem: TuningProblem,
  options: readonly ServerOption[],
  base: Configuration,
  deadlineMs: number,
): Batching {
  const sizes = numbersOf(problem, "maxBatchSize");
  const delays = numbersOf(problem, "maxBatchDelayMs");
  if (sizes.length === 0) return { set: {}, note: "" };
  let best = { unitCost: Number.POSITIVE_INFINITY, b: numberAt(base, "maxBatchSize", 1), waitMs: 0 };
  for (const b of sizes) {
    for (const option of options) {
      const waitMs = allowedWaitMs(problem, option.host, base, b, deadlineMs);
      if (waitMs < 0) continue;
      const sized = { ...base, maxBatchSize: b, ...(delays.length > 0 ? { maxBatchDelayMs: 0 } : {}) };
      const unitCost = Math.max(1e-12, option.usdPerHour) / capacityOf(problem, option, sized);
      if (unitCost < best.unitCost * (1 - 1e-6)) best = { unitCost, b, waitMs };
    }
  }
  const delayMs = best.b === 1 ? delays[0] : (delays.findLast((value) => value <= best.waitMs + 1e-9) ?? delays[0]);
  return {
    set: { maxBatchSize: best.b, ...(delayMs === undefined ? {} : { maxBatchDelayMs: delayMs }) },
    note: best.b === 1 ? "; no batching" : `; batches of ${best.b} within ${(delayMs ?? best.waitMs).toFixed(0)} ms`,
  };
}
