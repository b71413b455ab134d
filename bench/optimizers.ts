// `trimtab bench optimizers`: the batch model against simulation, and how long each optimizer thinks.

import { type BatchModelResult, measureBatchModel } from "./batch-model.ts";
import { measureBatchSearch, measureGreedyPlan, measureSolveTimes, type Timing } from "./solve-times.ts";

/** What the command prints. */
export interface OptimizerBench {
  readonly batchModel: BatchModelResult;
  readonly solveMs: Readonly<Record<string, Timing>>;
  /** BATCH's full search. */
  readonly batchSearch: { readonly points: number; readonly ms: Timing };
  /** MArk's plan. */
  readonly greedyPlan: { readonly types: number; readonly steps: number; readonly ms: Timing };
}

/** Runs all measurements; about half a minute. */
export function benchOptimizers(): OptimizerBench {
  return {
    batchModel: measureBatchModel(),
    solveMs: measureSolveTimes(),
    batchSearch: measureBatchSearch(),
    greedyPlan: measureGreedyPlan(),
  };
}
