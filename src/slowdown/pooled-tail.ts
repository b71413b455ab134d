// The tail of many windows, pooled from each window's own percentiles.
//
// P_w(> x): log share linear in log x between window w's percentiles, beyond the last as steep as before it, at most 1
// pooled percentile p: the x at which the mean of P_w(> x) over windows is 1 - p. Source: the law of total probability.

import { z } from "zod";
import type { LatencyMetrics } from "../core/index.ts";

/** Percentiles of one window: log latency in ms and log share of requests later, from common to rare. */
export const windowTailSchema = z
  .array(z.tuple([z.number(), z.number()]).readonly())
  .min(1)
  .readonly();
export type WindowTail = z.infer<typeof windowTailSchema>;

/** Latencies nearer than this in log are one. */
const LEAST_STEP = 1e-3;

/** Latencies below this in ms are this: a window may show none at all. */
const LEAST_MS = 1e-6;

/** Steepness of a tail of which one percentile is known: nearly a wall. */
const WALL = 20;

/** Halvings of the interval in which the pooled percentile lies. */
const HALVINGS = 40;

/** The tail of a window. @param percentile of `objectiveMs`, in (0, 1) */
export function windowTail(latency: LatencyMetrics, percentile: number): WindowTail {
  const points: [number, number][] = [
    [latency.p50Ms, 0.5],
    [latency.p95Ms, 0.05],
    [latency.p99Ms, 0.01],
    [latency.objectiveMs, 1 - percentile],
  ];
  points.sort(([, a], [, b]) => b - a);
  const tail: [number, number][] = [];
  for (const [latencyMs, share] of points) {
    const logShare = Math.log(share);
    const before = tail.at(-1);
    if (before !== undefined && before[1] - logShare < LEAST_STEP) continue;
    const logMs = Math.log(Math.max(LEAST_MS, latencyMs));
    tail.push([before === undefined ? logMs : Math.max(logMs, before[0] + LEAST_STEP), logShare]);
  }
  return tail;
}

/** The same tail at latencies exp(by) times as long. */
export function shiftedTail(tail: WindowTail, by: number): WindowTail {
  return tail.map(([logMs, logShare]) => [logMs + by, logShare]);
}

/** Steepness of a tail between its points `at` and `at + 1`. */
function steepness(tail: WindowTail, at: number): number {
  const [one, other] = [tail[at], tail[at + 1]];
  return one === undefined || other === undefined ? WALL : (one[1] - other[1]) / (other[0] - one[0]);
}

/** The point that a tail is drawn on from: the one before `next`, the last but one at most. @param next -1 for none */
function pointBefore(tail: WindowTail, next: number): number {
  return Math.max(0, Math.min(tail.length - 2, (next < 0 ? tail.length : next) - 1));
}

/** Share of a window's requests later than a latency. */
function shareLater(tail: WindowTail, logMs: number): number {
  const at = pointBefore(
    tail,
    tail.findIndex(([x]) => x >= logMs),
  );
  const [x, logShare] = tail[at] ?? [logMs, 0];
  return Math.exp(Math.min(0, logShare - steepness(tail, at) * (logMs - x)));
}

/** Log of the latency that a share of a window's requests exceeds. @param share in (0, 1) */
export function logLatencyAt(tail: WindowTail, share: number): number {
  const logShare = Math.log(share);
  const at = pointBefore(
    tail,
    tail.findIndex(([, other]) => other <= logShare),
  );
  const [x, known] = tail[at] ?? [0, logShare];
  return x + (known - logShare) / steepness(tail, at);
}

/** Log of the latency that a share of all windows' requests exceeds. @param share in (0, 1) */
export function pooledLogLatency(tails: readonly WindowTail[], share: number): number {
  const each = tails.map((tail) => logLatencyAt(tail, share));
  let [low, high] = [Math.min(...each), Math.max(...each)];
  for (let halving = 0; halving < HALVINGS && high - low > 1e-9; halving++) {
    const middle = (low + high) / 2;
    const later = tails.reduce((sum, tail) => sum + shareLater(tail, middle), 0) / tails.length;
    if (later > share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
