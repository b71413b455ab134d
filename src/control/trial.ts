// Canaries: what becomes of one at the end of each of its stages, and when nobody can go on watching it.

import type { ClusterState, Mode, Slo } from "../core/index.ts";
import type { Actuator, RunningTrial } from "./actuator.ts";
import { keep, type Wish } from "./decide.ts";
import type { Executor } from "./executor.ts";
import type { Lesson } from "./lesson.ts";
import type { ControlParts } from "./parts.ts";
import type { StandingBook } from "./standing.ts";

/** All traffic back to what most of it runs. */
function back(running: RunningTrial, reason: string): Wish {
  return { ...keep(running.previous, reason), actor: "guard", rollback: true };
}

/**
 * Back to the configuration of before when the stage was too late; the canary's for all traffic when it was the last.
 * @param canary what the share of the traffic measured; null when the cluster does not tell
 * @returns null while the canary goes on: more stages follow, or the mode allows no more than a share
 */
function stageWish(
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
    return back(running, `the canary took ${measuredMs.toFixed(0)} ms, at most ${limitMs.toFixed(0)} ms`);
  }
  if (stage !== stages.at(-1) || mode === "canary") return null;
  return { ...keep(running.configuration, "the canary held: taken on whole"), actor: "agent" };
}

/** What a loop's canaries are watched with. */
export interface CanaryParts {
  readonly parts: ControlParts;
  readonly actuator: Actuator;
  readonly executor: Executor;
  readonly standing: StandingBook;
  readonly lesson: Lesson;
}

/** Sees the canaries of one loop through. */
export class Canaries {
  readonly #with: CanaryParts;

  constructor(parts: CanaryParts) {
    this.#with = parts;
  }

  /** At the end of a stage: whether the canary goes on. */
  async judge(running: RunningTrial, windowShare: number): Promise<boolean> {
    const { executor, lesson } = this.#with;
    const wish = await this.#stageWish(running, windowShare);
    if (wish === null) return true;
    if (wish.rollback) lesson.abort();
    await executor.carryOut(wish, wish.rollback ? running.configuration : running.previous);
    return false;
  }

  /** Ends the canary that runs, if any, while this service still may: nobody will watch it. */
  async end(why: string): Promise<void> {
    const { actuator, executor, standing, lesson } = this.#with;
    const running = actuator.canary;
    if (running === null || !standing.mayWrite(false)) return;
    lesson.abort();
    await executor.carryOut(back(running, `the canary ends: ${why}`), running.configuration);
  }

  async #stageWish(running: RunningTrial, windowShare: number): Promise<Wish | null> {
    const { parts, standing } = this.#with;
    try {
      const { canary } = await parts.adapter.observe();
      return stageWish(running, windowShare, canary, parts.context.objective.slo[0], standing.effectiveMode);
    } catch (error) {
      // A canary that cannot be seen is not left running.
      const why = error instanceof Error ? error.message : String(error);
      return back(running, `the canary could not be observed: ${why}`);
    }
  }
}
