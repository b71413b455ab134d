// How far service times reach above their mean: a deadline is kept by the slow batches, and profiles tell the mean.
//
// tail = Q_p(m) of the latest window, m = service time / mean at its batch size, p the percentile of the first SLO
// a batch fits the SLO when  wait + T_b <= share * SLO  and  wait + tail * T_b <= SLO

import type { ClusterState, Objective } from "../core/index.ts";
import { quantile } from "../math/index.ts";

/** Batches below which a window says nothing of its slowest few. */
const LEAST_BATCHES = 50;

/** Tail of a window's batch service times over their mean, at least 1; null where the cluster does not tell. */
export function measuredTail({ metrics, fleet }: ClusterState, { slo }: Objective): number | null {
  const multipliers = metrics.service?.multipliers;
  const types = Object.values(fleet).filter(({ ready }) => ready > 0).length;
  // Unlike machines share one mean a batch size, and are no scatter.
  if (multipliers === undefined || multipliers.length < LEAST_BATCHES || types > 1) return null;
  return Math.max(1, quantile(multipliers, slo[0].percentile));
}

/** The longest wait that leaves a batch of `serviceMs` in time; negative where none does. @param at share of the SLO */
export function slackMs({ slo }: Objective, serviceMs: number, tail: number, at: number): number {
  return Math.min(at * slo[0].latencyMs - serviceMs, slo[0].latencyMs - tail * serviceMs);
}
