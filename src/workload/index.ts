// Workloads: arrival models, traces and how a scenario's `workload:` block becomes either.

export * from "./clients.ts";
export * from "./excluded.ts";
export * from "./fit/fit-mmpp.ts";
export { type Mmpp2, mmpp2Of } from "./fit/match-dispersion.ts";
export { laterWorkload } from "./later.ts";
export * from "./markovian.ts";
export * from "./merge.ts";
export * from "./open-workload.ts";
export * from "./poisson.ts";
export * from "./rate-curve.ts";
export * from "./renewal.ts";
export { type BinnedCounts, binnedCounts, type CountsCut, countArrivals } from "./trace/binned-counts.ts";
export { readsClients } from "./trace/clients-file.ts";
export { parsePrometheus } from "./trace/prometheus.ts";
export { locate, readTrace, type TraceFormat, traceFormats } from "./trace/read-trace.ts";
export { type TraceData, traceDurationS } from "./trace/trace-data.ts";
export { dispersionAt, reportTrace, type TraceReport } from "./trace/trace-report.ts";
export { timesTrace } from "./trace/trace-rows.ts";
export { type TraceCut, traceWorkload } from "./trace/trace-workload.ts";
export type * from "./workload.ts";
export { type SingleWorkloadSpec, type WorkloadSpec, workloadSchema } from "./workload-spec.ts";
