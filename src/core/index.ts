// Contracts and errors, the vocabulary every other folder shares.

export * from "./agent.ts";
export * from "./catalogue.ts";
export * from "./cluster.ts";
export * from "./decision.ts";
export * from "./environment.ts";
export * from "./errors.ts";
export * from "./exporter.ts";
export * from "./history.ts";
export * from "./json.ts";
export * from "./knob.ts";
export * from "./lease.ts";
export * from "./model.ts";
export * from "./objective.ts";
export * from "./portable.ts";
export * from "./random.ts";
export * from "./reward.ts";
export * from "./space.ts";
export * from "./state.ts";
