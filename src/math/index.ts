// Seeded chance, distributions, Markovian arrival processes, special functions and statistics.

export * from "./distributions.ts";
export * from "./gaussian-process.ts";
export * from "./keyed-random.ts";
export * from "./latency-histogram.ts";
export * from "./least-squares.ts";
export * from "./markov.ts";
export { randomInteger, SeededRandom } from "./seeded-random.ts";
export * from "./special.ts";
export * from "./statistics.ts";
