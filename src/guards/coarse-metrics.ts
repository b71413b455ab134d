// Coarse metrics: a percentile that a histogram is too coarse to tell is no ground for a change.
//
// the percentile lies in bucket (l, u];  l ≥ SLO: missed, whatever it is;  u ≤ SLO and u - l ≤ 0.25·SLO: met, and known
// hold otherwise, and say which buckets to add

import type { Guard, GuardContext, Proposal, Verdict } from "../core/index.ts";
import { heldWhole } from "./hold.ts";

/** Widest bucket below the SLO, as a share of it: a step along a knob moves the tail by about as much. */
const WIDEST = 0.25;

/** Edges of the buckets to add grow by this factor. */
const RATIO = 1.2;

/** Most edges named. */
const MOST_EDGES = 12;

function inMs(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : Number(ms.toPrecision(3)).toString();
}

/** Edges that make a bucket fine enough, the SLO itself among them; ascending. */
export function edgesToAdd([lowerMs, upperMs]: readonly [number, number], sloMs: number): readonly number[] {
  const edges = [sloMs];
  for (let edge = sloMs / RATIO; edge > Math.max(lowerMs, sloMs / 4); edge /= RATIO) edges.unshift(edge);
  for (let edge = sloMs * RATIO; edge < Math.min(upperMs, sloMs * 2); edge *= RATIO) edges.push(edge);
  return edges.filter((edge) => edge > lowerMs && edge < upperMs).slice(-MOST_EDGES);
}

/** Holds everything while the objective's percentile is read from too wide a bucket. */
export function coarseMetrics(): Guard {
  return {
    name: "coarse-metrics",
    check(proposal: Proposal, context: GuardContext): Verdict {
      const bucket = context.observation.metrics.latency?.bucketMs;
      if (bucket === undefined) return { proposal };
      const [lowerMs, upperMs] = bucket;
      const [{ percentile, latencyMs: sloMs }] = context.objective.slo;
      if (lowerMs >= sloMs || (upperMs <= sloMs && upperMs - lowerMs <= WIDEST * sloMs)) return { proposal };
      const where = `p${Number((100 * percentile).toFixed(3))} is somewhere in ${inMs(lowerMs)} to ${inMs(upperMs)} ms`;
      const edges = edgesToAdd(bucket, sloMs).map(inMs).join(", ");
      return heldWhole(proposal, context, `${where}, the SLO at ${inMs(sloMs)} ms: add buckets at ${edges} ms`);
    },
  };
}
