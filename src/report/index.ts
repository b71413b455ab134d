// Reports: one self-contained page for an evaluation or a training.

export type { LearningCurve } from "./learning-curve.ts";
export type { CheckpointSource, Provenance } from "./provenance.ts";
export { type ReportInput, reportPage } from "./report.ts";
