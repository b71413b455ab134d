// The reference problems of the search benchmark: what is fixed of them by definition, before loads and SLOs are computed.
//
// Six surfaces × three loads, wrong-physics variants, and held-out ones, made once the agents were frozen. Loads are shares of the highest true throughput
// instances·B/s(B) over the configurations that use at most all cores and serve a full batch within the cap;
// the SLO is 1.5 times the least latency that any configuration reaches at the heavy load.

/** Names of the three loads. */
export const LOADS = ["light", "medium", "heavy"] as const;

/** One of the three loads. */
export type LoadName = (typeof LOADS)[number];

/** A problem before its load is known. */
export interface ProblemDefinition {
  /** Folder the problem is written to. */
  readonly set: "reference" | "wrong-physics" | "held-out";
  readonly name: string;
  /** Loads that are written. */
  readonly written: readonly LoadName[];
  readonly description: string;
  readonly arrivals: "poisson" | "mmpp";
  /** Shares of the highest throughput, or rates where there is no limit. */
  readonly loads: Readonly<Record<LoadName, number>>;
  readonly loadsAre: "shares" | "ratesRps";
  /** Service time of a full batch above which a configuration does not count for the highest throughput. */
  readonly serviceCapMs: number | null;
  /** Mean stay in the high state of the MMPP; twice that in the low state. */
  readonly highStayS: number;
  readonly sloFactor: number;
  readonly percentile: number;
  readonly minimize: "cost" | "latency";
  /** Where the one ratio that the prior knows of every other device is measured; null where there is one device. */
  readonly ratioAt: { readonly tensorParallel: number; readonly batch: number } | null;
  /** The keys of the scenario file that are the same at every load. */
  readonly fixed: { readonly prior: object; readonly reality: object; readonly [key: string]: unknown };
}

const POISSON_SHARES = { light: 0.3, medium: 0.6, heavy: 0.85 };
const MMPP_SHARES = { light: 0.3, medium: 0.55, heavy: 0.7 };

const cpuReality = {
  interference: 0.15,
  oversubscription: 1.4,
  serviceCv: 0.05,
  stragglers: { share: 0.003, factor: 2.5 },
};

/** A CPU machine that serves one measured model. */
export function cpuProblem(
  name: string,
  file: string,
  cores: 16 | 18 | 24 | 8,
  arrivals: "poisson" | "mmpp",
  minimize: "cost" | "latency",
  serviceCapMs: number,
): ProblemDefinition {
  const concurrency =
    cores === 18 ? [1, 2, 3, 4, 5, 6, 8, 9, 12, 18] : [1, 2, 3, 4, 5, 6, 8, 10, 12, 16].filter((k) => k <= cores);
  return {
    set: "reference",
    name,
    written: LOADS,
    description: `${file} on ${cores} cores, ${arrivals}, least ${minimize === "cost" ? "cost within the SLO" : "p99"}`,
    arrivals,
    loads: arrivals === "poisson" ? POISSON_SHARES : MMPP_SHARES,
    loadsAre: "shares",
    serviceCapMs,
    highStayS: (2.5 * serviceCapMs) / 1000,
    sloFactor: 1.5,
    percentile: 0.99,
    minimize,
    ratioAt: null,
    fixed: {
      models: [{ name: file, profiles: { host: { file: `search/${file}.csv` } } }],
      knobs: {
        concurrency,
        intraOpThreads: [1, 2, 3, 4, 6, 8, 12, 16],
        maxBatchSize: [1, 2, 4, 8, 16, 32, 64],
        maxBatchDelayMs: [0, 2, 5, 10, 20, 50, 100],
      },
      initial: { concurrency: 1, intraOpThreads: cores === 8 ? 8 : 16, maxBatchSize: 1, maxBatchDelayMs: 0 },
      host: { cores, usdPerCoreHour: 1, usdPerModelInstanceHour: 0.25 },
      reality: cpuReality,
      prior: {
        points: [1, cores === 8 ? 8 : 16].flatMap((intraOpThreads) =>
          [1, 8, 32].map((batch) => ({ intraOpThreads, batch })),
        ),
      },
    },
  };
}

/** Functions behind a buffer, with no queue after it. */
export function functionProblem(name: string, file: string, memoryMb: readonly number[]): ProblemDefinition {
  return {
    set: "reference",
    name,
    written: LOADS,
    description: `${file} on functions, mmpp, least cost per request within the SLO`,
    arrivals: "mmpp",
    loads: { light: 2, medium: 8, heavy: 30 },
    loadsAre: "ratesRps",
    serviceCapMs: null,
    highStayS: 10,
    sloFactor: 1.5,
    percentile: 0.95,
    minimize: "cost",
    ratioAt: null,
    fixed: {
      models: [{ name: file, profiles: { function: { file: `search/${file}.csv` } } }],
      knobs: {
        functionMemoryMb: [...memoryMb],
        functionBatchSize: [1, 2, 3, 4, 5, 6, 8, 10, 12, 16],
        maxBatchDelayMs: [25, 50, 100, 150, 200, 300, 400, 600, 800, 1200],
      },
      initial: { functionMemoryMb: 3008, functionBatchSize: 1, maxBatchDelayMs: 25 },
      catalogue: { instances: [], functions: true, prices: "aws-us-east-1-2026-07" },
      reality: { serviceCv: 0.05, stragglers: { share: 0.005, factor: 2 } },
      prior: { points: [1280, 3008].flatMap((memory) => [1, 8, 16].map((batch) => ({ memoryMb: memory, batch }))) },
    },
  };
}

/** A pool of GPUs that serves a large model with tensor parallelism. */
function llmProblem(name: string, file: string): ProblemDefinition {
  return {
    set: "reference",
    name,
    written: LOADS,
    description: `${file} on a pool of at most 16 GPUs, poisson, least cost within the SLO`,
    arrivals: "poisson",
    loads: POISSON_SHARES,
    loadsAre: "shares",
    serviceCapMs: 9000,
    highStayS: 0,
    sloFactor: 1.5,
    percentile: 0.95,
    minimize: "cost",
    ratioAt: { tensorParallel: 8, batch: 8 },
    fixed: {
      models: [
        {
          name: file,
          profiles: Object.fromEntries(
            ["a100-80gb", "h100-80gb-pcap", "h100-80gb"].map((type) => [type, { file: `search/${file}.csv` }]),
          ),
        },
      ],
      knobs: {
        instanceType: ["a100-80gb", "h100-80gb-pcap", "h100-80gb"],
        replicas: [1, 2, 3, 4, 5, 6, 7, 8],
        tensorParallel: [2, 4, 8],
        maxBatchSize: [1, 2, 4, 8, 16, 32, 64],
        maxBatchDelayMs: [0, 100, 250, 500, 1000, 2000],
      },
      initial: { instanceType: "a100-80gb", replicas: 2, tensorParallel: 8, maxBatchSize: 1, maxBatchDelayMs: 0 },
      catalogue: {
        instances: ["a100-80gb", "h100-80gb-pcap", "h100-80gb"],
        overrides: {
          "a100-80gb": { usdPerHour: 1, gpus: 1 },
          "h100-80gb-pcap": { usdPerHour: 1.6, gpus: 1 },
          "h100-80gb": { usdPerHour: 1.8, gpus: 1 },
        },
      },
      limits: { gpus: 16 },
      reality: { serviceCv: 0.12, stragglers: { share: 0.002, factor: 2 } },
      prior: {
        points: [2, 8].flatMap((tensorParallel) =>
          [1, 8, 32].map((batch) => ({ host: "a100-80gb", tensorParallel, batch })),
        ),
      },
    },
  };
}

const resnet16 = cpuProblem("resnet16", "resnet-cloudlab", 16, "poisson", "cost", 200);
const bert16 = cpuProblem("bert16", "bert-cloudlab", 16, "mmpp", "cost", 250);
const resnet18 = cpuProblem("resnet18", "resnet-skylake2x", 18, "poisson", "latency", 250);
const bert18 = cpuProblem("bert18", "bert-skylake2x", 18, "mmpp", "latency", 250);

/** Memory sizes the functions were measured at. */
const MEASURED_MEMORY_MB = Array.from({ length: 28 }, (_, i) => 1280 + 64 * i);

/** The six surfaces of the reference set. */
export const REFERENCE: readonly ProblemDefinition[] = [
  resnet16,
  bert16,
  resnet18,
  bert18,
  functionProblem("function", "lambda-tf-resnetv2", MEASURED_MEMORY_MB),
  llmProblem("llm", "llama2-70b-512-128"),
];

/** A problem whose reality holds something the prior has no word for. */
function wrong(
  name: string,
  base: ProblemDefinition,
  reality: object,
  changes: Partial<ProblemDefinition> = {},
): ProblemDefinition {
  const fixed = { ...base.fixed, reality: { ...base.fixed.reality, ...reality } };
  return { ...base, name, set: "wrong-physics", written: ["medium"], fixed, ...changes };
}

/** Problems on which the model of the searches is wrong. */
export const WRONG_PHYSICS: readonly ProblemDefinition[] = [
  wrong("lock", bert18, { concurrencyLock: 6 }, { written: LOADS }),
  wrong("overhead", resnet16, { batchOverheadMs: 20 }),
  wrong("noisy-service", bert16, { serviceCv: 0.2 }),
  wrong("stragglers", resnet18, { stragglers: { share: 0.02, factor: 2.5 } }),
  wrong("long-bursts", bert18, {}, { highStayS: 10 * bert18.highStayS }),
  wrong("tight-slo", resnet16, {}, { sloFactor: 1.2 }),
  wrong("loose-slo", bert16, {}, { sloFactor: 2 }),
];

/** Problems of the same kind that the agents were not developed on: other limits, other surfaces, another machine. */
export const HELD_OUT: readonly ProblemDefinition[] = [
  wrong("sharing", bert16, { interference: 0.6 }, { set: "held-out" }),
  wrong("narrow-lock", resnet18, { concurrencyLock: 4 }, { set: "held-out" }),
  wrong("slow-batches", bert18, { batchOverheadMs: 40 }, { set: "held-out" }),
  wrong(
    "scattered-functions",
    functionProblem("function", "lambda-mxnet-resnet50", MEASURED_MEMORY_MB),
    { serviceCv: 0.25, stragglers: { share: 0.03, factor: 3 } },
    { set: "held-out" },
  ),
  wrong(
    "small-machine",
    cpuProblem("small", "bert-cloudlab", 8, "poisson", "latency", 500),
    { stragglers: { share: 0.02, factor: 4 } },
    { set: "held-out" },
  ),
];
