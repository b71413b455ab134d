// MArk's batching rule: which batch sizes a server may use, and how long it may wait for them.
//
// W + T_b <= RT_max    and    b / (W + T_b) >= 1 / T_1    =>    W = min(RT_max - T_b, b T_1 - T_b);   b fits when W >= 0
// Source: C. Zhang et al., "MArk", USENIX ATC 2019, section 4 (inequalities as in systems.md 3).
// Differs: W is the largest wait that satisfies both inequalities, where the paper takes RT_max - T_b and drops b if the
//   second fails; slow batches have to be in time too, where the cluster tells of them (service-tail.ts).

import type { Configuration, TuningProblem } from "../core/index.ts";
import { numbersOf } from "./fleet.ts";

/** The longest wait the rule allows a batch of `b` on a host, in ms; negative when b does not fit. */
export function allowedWaitMs(
  problem: TuningProblem,
  host: string,
  base: Configuration,
  b: number,
  deadlineMs: number,
): number {
  const batchMs = problem.model.serviceMs(host, base, b);
  if (b === 1) return batchMs <= deadlineMs ? 0 : -1;
  const slowestMs = problem.objective.slo[0].latencyMs - problem.serviceTail * batchMs;
  return Math.min(deadlineMs - batchMs, slowestMs, b * problem.model.serviceMs(host, base, 1) - batchMs);
}

/** Batch sizes to choose from, ascending; none where the lattice has no such knob. */
export function batchSizes(problem: TuningProblem): readonly number[] {
  return numbersOf(problem, "maxBatchSize");
}

/**
 * The batching knobs for hosts that share them: the largest of the sizes up to `b` that fits every host, and the longest
 * delay that does; the smallest size where none fits. Empty where the lattice has no batch knob.
 */
export function batchingFor(
  problem: TuningProblem,
  hosts: readonly string[],
  base: Configuration,
  b: number,
  deadlineMs: number,
): { readonly set: Configuration; readonly note: string } {
  const sizes = batchSizes(problem);
  const delays = numbersOf(problem, "maxBatchDelayMs");
  const waitOf = (size: number): number =>
    hosts.reduce((least, host) => Math.min(least, allowedWaitMs(problem, host, base, size, deadlineMs)), deadlineMs);
  const size = sizes.findLast((candidate) => candidate <= b && waitOf(candidate) >= 0) ?? sizes[0];
  if (size === undefined) return { set: {}, note: "" };
  const waitMs = waitOf(size);
  const delayMs = size === 1 ? delays[0] : (delays.findLast((value) => value <= waitMs + 1e-9) ?? delays[0]);
  return {
    set: { maxBatchSize: size, ...(delayMs === undefined ? {} : { maxBatchDelayMs: delayMs }) },
    note: size === 1 ? "; no batching" : `; batches of up to ${size} within ${delayMs ?? 0} ms`,
  };
}
