// What one configuration showed at one load level, window after window.

import { z } from "zod";
import { logLatencyAt, pooledLogLatency, shiftedTail, type WindowTail, windowTailSchema } from "./pooled-tail.ts";

/** What a configuration showed at one load level, over all its windows there. */
export interface Observed {
  readonly count: number;
  /** Log of the tail latency over all windows' requests: late windows hold most of the late ones. */
  readonly logLatency: number;
  /** Tails of the last windows. */
  readonly tails: readonly WindowTail[];
  readonly logCost: number;
  /** Mean slowdown of its windows by latency. */
  readonly slowdown: number;
  /** Mean slowdown of its service times; null where they are not told. */
  readonly service: number | null;
  /** Mean batch size of its last window; null where it is not told. */
  readonly batch: number | null;
}

/** One window, reduced to what is remembered. */
export interface Sample {
  readonly value: number;
  readonly weight: number;
  /** At the objective's percentile, as it counts. */
  readonly logLatency: number;
  readonly tail: WindowTail;
  readonly logCost: number;
  /** Of its service times; null where they are not told. */
  readonly service: number | null;
  readonly batch: number | null;
}

/** Windows of one configuration whose tails are kept. */
const MOST_TAILS = 64;

/** JSON form of what a configuration showed. */
export const observedSchema = z.object({
  count: z.number().int(),
  logLatency: z.number(),
  tails: z.array(windowTailSchema).readonly().default([]),
  logCost: z.number(),
  slowdown: z.number(),
  service: z.number().nullable(),
  batch: z.number().nullable(),
});

function meanWith(mean: number, value: number, count: number): number {
  return mean + (value - mean) / count;
}

/** What is known with one more window. @param lateShare of requests later than the objective's percentile */
export function observedWith(known: Observed | undefined, sample: Sample, lateShare: number): Observed {
  const { value, logLatency, tail, logCost, service, batch } = sample;
  const counted = shiftedTail(tail, logLatency - logLatencyAt(tail, lateShare));
  if (known === undefined) {
    return { count: 1, logLatency, tails: [counted], logCost, slowdown: value, service, batch };
  }
  const count = known.count + 1;
  const tails = [...known.tails, counted].slice(-MOST_TAILS);
  return {
    count,
    logLatency: pooledLogLatency(tails, lateShare),
    tails,
    logCost: meanWith(known.logCost, logCost, count),
    slowdown: meanWith(known.slowdown, value, count),
    service: service === null ? known.service : meanWith(known.service ?? service, service, count),
    batch,
  };
}

/** As saved; where no tails were, the latency stands for one window's. */
export function restoredObserved(saved: z.infer<typeof observedSchema>, lateShare: number): Observed {
  const tails = saved.tails.length > 0 ? saved.tails : [[[saved.logLatency, Math.log(lateShare)] as const]];
  return { ...saved, tails };
}
