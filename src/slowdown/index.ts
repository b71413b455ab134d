// What careful searches share: the prior and its tables, regions, the risk bank, the canary and the cone.

export * from "./batch-server.ts";
export * from "./batch-tail.ts";
export * from "./beliefs.ts";
export * from "./calibration.ts";
export * from "./canary.ts";
export * from "./candidate-set.ts";
export * from "./change-test.ts";
export * from "./cone.ts";
export * from "./dispersion.ts";
export * from "./gaussian-residual.ts";
export * from "./incumbent.ts";
export * from "./latency-table.ts";
export * from "./load-model.ts";
export * from "./normal-curve.ts";
export * from "./observations.ts";
export * from "./observed.ts";
export * from "./pooled-tail.ts";
export * from "./regions.ts";
export * from "./residual.ts";
export * from "./risk-bank.ts";
export * from "./search.ts";
export * from "./search-contract.ts";
export * from "./service-fit.ts";
export * from "./service-surface.ts";
export * from "./trend.ts";
export * from "./window-reading.ts";
