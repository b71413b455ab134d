// Closed-form performance models: a fleet or host, and a batch buffer in front of functions.

export { type BufferPlan, type BufferPlanRequest, type PlannedBuffer, planBuffers } from "./buffer-plan.ts";
export { closedFormModel } from "./closed-form.ts";
export { type BatchingPoint, type BatchingResult, type BatchingSearch, searchBatching } from "./function-batching.ts";
export type { ModelPlan } from "./hosts.ts";
export { bufferLatency, type LatencyDistribution } from "./latency-mixture.ts";
