// Runs an evaluation for a command: policies on all cores, how far it is on stderr, every run kept for a report.

import { keptBounds } from "../../bench/bounds-cache.ts";
import { loadScenario, type OpenScenario } from "../../environments/index.ts";
import { cacheFolder, dataFolder } from "../config.ts";
import { type EvaluateOptions, type Evaluation, evaluate, type PolicyRun, policyPool } from "../training/index.ts";
import { startProgress } from "./output.ts";

/** An evaluation with its runs. */
export interface EvaluationRun {
  readonly evaluation: Evaluation;
  readonly runs: readonly PolicyRun[];
}

/**
 * Evaluates policies side by side.
 * @param scenario as the command line took it: workers open it anew
 * @throws as `evaluate`
 */
export async function runEvaluation(
  open: OpenScenario,
  scenario: string,
  options: Pick<EvaluateOptions, "policies" | "seeds" | "bound" | "sweep">,
): Promise<EvaluationRun> {
  const runs: PolicyRun[] = [];
  const progress = startProgress("evaluate");
  const pool = policyPool(scenario, dataFolder());
  try {
    const evaluation = await evaluate(open, {
      ...options,
      boundsOf: await keptBounds(await loadScenario(scenario), dataFolder(), cacheFolder()),
      nowMs: () => performance.now(),
      run: pool.run,
      onRun: (run) => runs.push(run),
      onProgress: ({ share, what }) => progress.update(share, what),
    });
    return { evaluation, runs };
  } finally {
    progress.stop();
    await pool.close();
  }
}
