// The control loop: what watches a cluster, decides, acts and keeps a record of it.

export { continuingWorkload } from "./continuing-workload.ts";
export { changeText, configurationText, decisionLine } from "./decision-text.ts";
export { type EmbeddedStart, embeddedCluster } from "./embedded-cluster.ts";
export { fileLease, leaseFolder } from "./file-lease.ts";
export { dampedTrend } from "./forecast.ts";
export { ControlLoop } from "./loop.ts";
export { writes } from "./mode.ts";
export { type LoopOrder, type OpenLoop, openLoop } from "./open-loop.ts";
export type { Answer } from "./operator.ts";
export type { ControlParts, LoopEvent } from "./parts.ts";
export { type PlanHost, planHost } from "./plan-host.ts";
export { type MeasuredPoint, measurePoints, type ProfileStep } from "./profile-run.ts";
export { type ChangeProposal, type ProposalStatus, Proposals } from "./proposals.ts";
export { type DecisionPage, type DecisionQuery, readDecisions } from "./record.ts";
export { referenceSnapshot } from "./reference.ts";
export { type Resumption, readResumption, savedAgent, transitionSchema } from "./resume.ts";
export { type RunOptions, runLoop } from "./run.ts";
export type { ClusterStatus, Recommendation } from "./status.ts";
export { type StepName, stepNames } from "./step-timer.ts";
export { type Planner, Thoughts } from "./thoughts.ts";
export { TrustedAgent } from "./trusted-agent.ts";
export { convergenceFault, nextConvergence } from "./verify.ts";
