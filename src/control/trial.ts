// Trials: what becomes of a canary at the end of one of its stages.

import type { ClusterAdapter, ClusterState, Mode, Slo } from "../core/index.ts";
import type { RunningTrial } from "./actuator.ts";
import { keep, type Wish } from "./decide.ts";

/**
 * Back to the configuration of before when the stage was too late; the canary's for all traffic when it was the last.
 * @param canary what the share of the traffic measured; null when the cluster does not tell
 * @returns null while the canary goes on: more stages follow, or the mode allows no more than a share
 */
export function stageWish(
  running: RunningTrial,
  windowShare: number,
  canary: ClusterState["canary"],
  slo: Slo,
  mode: Mode,
): Wish | null {
  const { stages } = running.trial;
  const stage = stages.find((candidate) => candidate.windowShare === windowShare);
  const limitMs = (stage?.abortLatencyRatio ?? Number.POSITIVE_INFINITY) * slo.latencyMs;
  const measuredMs = canary?.metrics.latency?.objectiveMs ?? null;
  if (measuredMs !== null && measuredMs > limitMs) {
    const reason = `the canary took ${measuredMs.toFixed(0)} ms, at most ${limitMs.toFixed(0)} ms`;
    return { ...keep(running.previous, reason), actor: "guard", rollback: true };
  }
  if (stage !== stages.at(-1) || mode === "canary") return null;
  return { ...keep(running.configuration, "the canary held: taken on whole"), actor: "agent" };
}

/** What is wished at the end of a stage, the cluster asked; null while the canary goes on. */
export async function watchStage(
  running: RunningTrial,
  windowShare: number,
  adapter: ClusterAdapter,
  slo: Slo,
  mode: Mode,
): Promise<Wish | null> {
  try {
    const { canary } = await adapter.observe();
    return stageWish(running, windowShare, canary, slo, mode);
  } catch (error) {
    // A canary that cannot be seen is not left running.
    const reason = `the canary could not be observed: ${error instanceof Error ? error.message : String(error)}`;
    return { ...keep(running.previous, reason), actor: "guard", rollback: true };
  }
}
