// Layered optimal switching: when to launch and when to drop the machines of a fleet, learnt from its own past.

export * from "./boosted-trees.ts";
export * from "./calendar.ts";
export * from "./choice.ts";
export * from "./decide.ts";
export * from "./features.ts";
export * from "./fluid-replay.ts";
export * from "./layers.ts";
export * from "./learn-kind.ts";
export * from "./moments.ts";
export * from "./overflow.ts";
export * from "./past.ts";
export * from "./policy-iteration.ts";
export * from "./rate-memory.ts";
export * from "./recorded-load.ts";
