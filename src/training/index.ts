// Training and evaluation.

export { type AcrossOptions, trainAcross } from "./across.ts";
export { type Bounds, type BoundsOf, boundsOf } from "./bounds/index.ts";
export {
  type Counterfactual,
  counterfactual,
  type Interval,
  LEAST_WINDOWS,
  type RecordedWindow,
  unbroken,
} from "./counterfactual.ts";
export { type CounterfactualHost, counterfactualHost } from "./counterfactual-host.ts";
export { type Decider, type EpisodeResult, runEpisode } from "./episode.ts";
export { type EvaluateOptions, type EvaluateProgress, type Evaluation, evaluate, type RunPolicy } from "./evaluate.ts";
export type { Ground } from "./grounds.ts";
export { type DatasetOrder, MinariWriter } from "./minari.ts";
export { type ComparedWindow, type OffPolicyEstimate, offPolicyEstimate } from "./off-policy.ts";
export { type PairedCost, pairedCost } from "./paired.ts";
export { DEFAULT_OPTIMIZER, findPolicy, openDecider, type PolicySource } from "./policies.ts";
export { type PolicyPool, policyPool, type TaskHearsay } from "./policy-pool.ts";
export { type RecordedPass, readPasses } from "./recorded-log.ts";
export { type Replay, type ReplayedDifference, type ReplayOptions, replay } from "./replay.ts";
export { runPolicy } from "./run-policy.ts";
export type { TimelineBin } from "./run-timeline.ts";
export { type PolicyRun, type PolicyScore, type SloScore, scoreOf } from "./scorecard.ts";
export { eventFileName, eventFileStart, eventRecords, type Scalar } from "./tensorboard.ts";
export { learningCurve, type TrainOptions, type TrainProgress, train } from "./train.ts";
export { type RunningTraining, startTraining, type TrainingRequest, type TrainingUpdate } from "./training-host.ts";
