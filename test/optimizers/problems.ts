// Problems for optimizer tests: a small fleet, one machine, and functions alone, with every number stated here.
//
// c5.large serves one request in 210 ms (MArk's characterisation, systems.md 3), linear in the batch; the GPU type in
// 10 + 2.5 b ms; the function in 380 ms. Prices are in USD/h. So c5.large carries 1000/210 = 4.76 requests/s.

import type {
  Catalogue,
  ClusterState,
  Configuration,
  FleetCount,
  Forecast,
  FunctionType,
  InstanceType,
  Knob,
  Limits,
  Objective,
  PastWindow,
  TuningProblem,
  WindowMetrics,
} from "../../src/core/index.ts";
import { closedFormModel, type ModelPlan } from "../../src/performance/index.ts";
import type { ServiceProfile } from "../../src/profiles/service-profile.ts";
import { knobLattice } from "../../src/spaces/index.ts";

export function knob(name: string, values: Knob["values"]): Knob {
  return { name, values, actuation: "hot", actuationDelayS: 0, decideEveryS: 0 };
}

export function upTo(count: number): number[] {
  return Array.from({ length: count + 1 }, (_, n) => n);
}

function profile(name: string, serviceMs: ServiceProfile["serviceMs"]): ServiceProfile {
  return { name, serviceMs };
}

export function instanceType(name: string, fields: Partial<InstanceType>): InstanceType {
  return {
    name,
    kind: "vm",
    vcpus: 2,
    memoryGib: 4,
    gpus: 0,
    usdPerHour: 0.085,
    spotPriceRatio: 0.4,
    spotInterruptionsPerHour: 0.02,
    launchS: { constant: 140 },
    billing: { incrementS: 1, minimumS: 60, launchBilled: true },
    ...fields,
  };
}

export const functionType: FunctionType = {
  name: "function",
  usdPerGbS: 0.0000166667,
  usdPerRequest: 0.0000002,
  billingIncrementMs: 1,
  memoryMb: { min: 128, max: 10240, mbPerVcpu: 1769 },
  coldStartS: { constant: 2 },
  keepAliveS: 600,
  concurrencyLimit: 1000,
};

export const objective: Objective = {
  minimize: "cost",
  slo: [{ percentile: 0.98, latencyMs: 500 }],
  reward: { referenceUsdPerHour: 1, latency: 1, miss: 1, change: 0 },
};

/** A world: what can be rented and how fast it is. */
export interface World {
  readonly plan: ModelPlan;
  readonly knobs: readonly Knob[];
  readonly initial: Configuration;
}

const small = instanceType("c5.large", {});
const gpu = instanceType("g4dn.xlarge", { vcpus: 4, gpus: 1, usdPerHour: 0.526 });
const functionPlan = {
  type: functionType,
  profile: profile("function", ({ batch, memoryMb = 3008 }) => (380 * batch * 3008) / memoryMb),
  memoryMb: 3008,
  late: { share: 0, extraMs: 0 },
};

export const fleet: World = {
  plan: {
    pools: [
      { type: small, profile: profile("c5", ({ batch }) => 210 * batch) },
      { type: gpu, profile: profile("t4", ({ batch }) => 10 + 2.5 * batch) },
    ],
    host: null,
    function: functionPlan,
  },
  knobs: [
    knob("maxBatchSize", [1, 2, 4, 8, 16, 32]),
    knob("maxBatchDelayMs", [0, 10, 50, 100, 200]),
    knob("offloadThresholdMs", [0, 50, 100, 200, 250, 400, Infinity]),
    knob("instances.c5.large.onDemand", upTo(60)),
    knob("instances.c5.large.spot", upTo(60)),
    knob("instances.g4dn.xlarge.onDemand", upTo(4)),
  ],
  initial: {
    maxBatchSize: 1,
    maxBatchDelayMs: 0,
    offloadThresholdMs: Infinity,
    "instances.c5.large.onDemand": 10,
    "instances.c5.large.spot": 0,
    "instances.g4dn.xlarge.onDemand": 0,
  },
};

/** Small machines alone: nothing to offload to, nothing to batch. */
export const machines: World = {
  plan: { pools: fleet.plan.pools.slice(0, 1), host: null, function: null },
  knobs: [knob("instances.c5.large.onDemand", upTo(60))],
  initial: { "instances.c5.large.onDemand": 10 },
};

/** Small machines and functions, no batching. */
export const covered: World = {
  plan: { pools: fleet.plan.pools.slice(0, 1), host: null, function: functionPlan },
  knobs: [
    knob("offloadThresholdMs", [0, 50, 100, 200, 250, 400, Infinity]),
    knob("instances.c5.large.onDemand", upTo(60)),
  ],
  initial: { offloadThresholdMs: Infinity, "instances.c5.large.onDemand": 10 },
};

/** One machine of 16 cores: 20 ms and 4 ms per request, Amdahl with a tenth serial. */
export const host: World = {
  plan: {
    pools: [],
    host: {
      cores: 16,
      usdPerCoreHour: 1,
      usdPerModelInstanceHour: 0.25,
      profile: profile("host", ({ batch, intraOpThreads = 1 }) => (20 + 40 * batch) * (0.9 / intraOpThreads + 0.1)),
    },
    function: null,
  },
  knobs: [
    knob("concurrency", [1, 2, 4, 8, 16]),
    knob("intraOpThreads", [1, 2, 4, 8, 16]),
    knob("maxBatchSize", [1, 2, 4, 8]),
    knob("maxBatchDelayMs", [0, 10, 50]),
  ],
  initial: { concurrency: 2, intraOpThreads: 4, maxBatchSize: 1, maxBatchDelayMs: 0 },
};

/** A buffer in front of functions. */
export const functions: World = {
  plan: { pools: [], host: null, function: functionPlan },
  knobs: [
    knob("functionMemoryMb", [1024, 2048, 3008, 6016, 10240]),
    knob("functionBatchSize", [1, 2, 4, 8]),
    knob("maxBatchDelayMs", [0, 25, 50, 100, 200]),
  ],
  initial: { functionMemoryMb: 3008, functionBatchSize: 1, maxBatchDelayMs: 0 },
};

/** What varies from one moment to another. */
export interface Moment {
  readonly rateRps?: number;
  readonly windowS?: number;
  readonly timeS?: number;
  readonly configuration?: Configuration;
  readonly inFlight?: Configuration | null;
  readonly utilization?: number;
  readonly queueLength?: number;
  /** Earlier windows, oldest first; the latest is made from the moment itself. */
  readonly past?: readonly (Partial<PastWindow> & { readonly arrivalRateRps: number })[];
  readonly peakRps?: number;
  readonly dispersion?: number | null;
  readonly forecast?: Forecast | null;
  readonly mask?: ClusterState["mask"];
  readonly limits?: Limits;
  readonly slo?: Objective["slo"];
  readonly meanBatchSize?: number;
  /** Before anything was measured: no history, a window of no length. */
  readonly unmeasured?: boolean;
}

const latencyMs = 300;

/** A cluster state, its history made of windows of equal length that end at `timeS`. */
export function state(world: World, moment: Moment = {}): ClusterState {
  const windowS = moment.windowS ?? 60;
  const rateRps = moment.rateRps ?? 20;
  const configuration = { ...world.initial, ...moment.configuration };
  const past = [...(moment.past ?? []), { arrivalRateRps: rateRps }];
  const timeS = moment.timeS ?? 36_000;
  const peakRps = moment.peakRps ?? rateRps;
  const utilization = moment.utilization ?? 0.5;
  const queueLength = moment.queueLength ?? 0;
  const metrics: WindowMetrics = {
    durationS: moment.unmeasured === true ? 0 : windowS,
    requests: Math.round(rateRps * windowS),
    arrivals: {
      rateRps,
      recentRatesRps: [rateRps, peakRps],
      dispersion: moment.dispersion ?? null,
      peakToMedian: rateRps > 0 ? peakRps / rateRps : null,
    },
    latency: {
      meanMs: latencyMs / 2,
      p50Ms: latencyMs / 2,
      p95Ms: latencyMs,
      p99Ms: latencyMs,
      objectiveMs: latencyMs,
      missRatio: 0,
      resolution: 0.01,
    },
    queueLength,
    utilization,
    meanBatchSize: moment.meanBatchSize ?? 1,
    service: { meanMs: 210 },
    dropped: 0,
    offloadedShare: 0,
    costUsdPerHour: 1,
    costUsd: windowS / 3600,
  };
  const history = past.map(
    (window, i): PastWindow => ({
      timeS: timeS - (past.length - 1 - i) * windowS,
      durationS: windowS,
      peakRateRps: i === past.length - 1 ? peakRps : window.arrivalRateRps,
      objectiveMs: latencyMs,
      missRatio: 0,
      utilization,
      queueLength: i === past.length - 1 ? queueLength : 0,
      costUsdPerHour: 1,
      configuration,
      ...window,
    }),
  );
  const counts: Record<string, FleetCount> = {};
  for (const { type } of world.plan.pools) {
    const number = (market: string): number => Number(configuration[`instances.${type.name}.${market}`] ?? 0);
    const spot = number("spot");
    counts[type.name] = { ready: number("onDemand") + spot, launching: 0, draining: 0, spot };
  }
  return {
    timeS,
    metrics,
    fleet: counts,
    configuration,
    inFlight: moment.inFlight ?? null,
    canary: null,
    forecast: moment.forecast ?? null,
    mask: moment.mask ?? null,
    history: moment.unmeasured === true ? [] : history,
  };
}

/** The problem a moment poses in a world. */
export function problem(world: World, moment: Moment = {}): TuningProblem {
  const observation = state(world, moment);
  const goal: Objective = { ...objective, slo: moment.slo ?? objective.slo };
  const batchOneNeedsNoDelay = (c: Configuration): boolean => {
    const batch = c["maxBatchSize"] ?? c["functionBatchSize"];
    return batch !== 1 || (c["maxBatchDelayMs"] ?? 0) === 0;
  };
  const catalogue: Catalogue = {
    prices: "test",
    instances: world.plan.pools.map((pool) => pool.type),
    function: world.plan.function?.type ?? null,
  };
  const { rateRps, dispersion } = observation.metrics.arrivals;
  return {
    lattice: knobLattice(world.knobs, batchOneNeedsNoDelay),
    objective: goal,
    observation,
    load: dispersion === null ? { rateRps } : { rateRps, scv: dispersion },
    serviceTail: 1,
    model: closedFormModel(world.plan, goal),
    catalogue,
    limits: moment.limits ?? {},
    initial: world.initial,
    intervalS: moment.windowS ?? 60,
  };
}

/** Every world, by name. */
export const worlds: Readonly<Record<string, World>> = { fleet, machines, covered, host, functions };
