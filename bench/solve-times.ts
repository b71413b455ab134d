// How long optimizers think: every one on a fleet of four kinds of server with an hour of history, and the two searches
// whose size the field quotes.

import type {
  Catalogue,
  ClusterState,
  FunctionType,
  InstanceType,
  Knob,
  Objective,
  PastWindow,
  TuningProblem,
} from "../src/core/index.ts";
import { mmpp, quantile, SeededRandom } from "../src/math/index.ts";
import { createOptimizer, greedyPlan, optimizers, type PlanOption } from "../src/optimizers/index.ts";
import { closedFormModel, searchBatching } from "../src/performance/index.ts";
import { knobLattice } from "../src/spaces/index.ts";

const WARMUP_SOLVES = 30;
const SOLVES = 200;
const HISTORY = 360;
const WINDOW_S = 10;

/** Median and 99th percentile, in ms. */
export interface Timing {
  readonly p50: number;
  readonly p99: number;
}

function timing(runs: number, run: (i: number) => void, warmup = WARMUP_SOLVES): Timing {
  for (let i = 0; i < warmup; i++) run(i);
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const from = performance.now();
    run(warmup + i);
    times.push(performance.now() - from);
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

function machine(name: string, vcpus: number, gpus: number, usdPerHour: number): InstanceType {
  return {
    name,
    kind: "vm",
    vcpus,
    memoryGib: 2 * vcpus,
    gpus,
    usdPerHour,
    spotPriceRatio: 0.4,
    spotInterruptionsPerHour: 0.02,
    launchS: { constant: 140 },
    billing: { incrementS: 1, minimumS: 60, launchBilled: true },
  };
}

const functionType: FunctionType = {
  name: "function",
  usdPerGbS: 0.0000166667,
  usdPerRequest: 0.0000002,
  billingIncrementMs: 1,
  memoryMb: { min: 128, max: 10240, mbPerVcpu: 1769 },
  coldStartS: { constant: 2 },
  keepAliveS: 600,
  concurrencyLimit: 1000,
};

const objective: Objective = {
  minimize: "cost",
  slo: [{ percentile: 0.98, latencyMs: 500 }],
  reward: { referenceUsdPerHour: 1, latency: 1, miss: 1, change: 0 },
};

/** Service of `coreMs` core milliseconds per request on a CPU machine; a GPU takes 10 + 2.5 b ms. */
const pools = [
  { type: machine("c5.large", 2, 0, 0.085), coreMs: 420 },
  { type: machine("c5.xlarge", 4, 0, 0.17), coreMs: 480 },
  { type: machine("c5.2xlarge", 8, 0, 0.34), coreMs: 600 },
  { type: machine("g4dn.xlarge", 4, 1, 0.526), coreMs: 0 },
].map(({ type, coreMs }) => ({
  type,
  profile: {
    name: type.name,
    serviceMs: ({ batch }: { batch: number }) => (type.gpus > 0 ? 10 + 2.5 * batch : (coreMs * batch) / type.vcpus),
  },
}));

function knob(name: string, values: readonly number[]): Knob {
  return { name, values, actuation: "hot", actuationDelayS: 0, decideEveryS: 0 };
}

const counts = Array.from({ length: 61 }, (_, n) => n);
const knobs: readonly Knob[] = [
  knob("maxBatchSize", [1, 2, 4, 8, 16, 32]),
  knob("maxBatchDelayMs", [0, 10, 20, 50, 100, 200]),
  knob("offloadThresholdMs", [0, 50, 100, 200, 400, Number.POSITIVE_INFINITY]),
  ...pools.flatMap(({ type }) => [
    knob(`instances.${type.name}.onDemand`, counts),
    knob(`instances.${type.name}.spot`, counts),
  ]),
];
const initial = Object.fromEntries(
  knobs.map(({ name, values }) => [name, values[name.includes("c5.large.onD") ? 10 : 0] ?? 0]),
);
const plan = {
  pools,
  host: null,
  function: {
    type: functionType,
    profile: { name: "function", serviceMs: ({ batch }: { batch: number }) => 380 * batch },
    memoryMb: 3008,
    late: { share: 0, extraMs: 0 },
  },
};
const lattice = knobLattice(knobs, (c) => c["maxBatchSize"] !== 1 || c["maxBatchDelayMs"] === 0);
const model = closedFormModel(plan, objective);
const catalogue: Catalogue = { prices: "bench", instances: pools.map(({ type }) => type), function: functionType };

/** The problem at a moment of a day that rises and falls, with noise; every window its own rate. */
function problemAt(step: number, random: SeededRandom): TuningProblem {
  const windows: PastWindow[] = [];
  for (let i = HISTORY - 1; i >= 0; i--) {
    const timeS = (step * HISTORY + HISTORY - i) * WINDOW_S;
    const rateRps = 60 * (1 + 0.6 * Math.sin(timeS / 13_751)) * (0.9 + 0.2 * random.next());
    windows.push({
      timeS,
      durationS: WINDOW_S,
      arrivalRateRps: rateRps,
      peakRateRps: 1.3 * rateRps,
      objectiveMs: 300,
      missRatio: 0,
      utilization: Math.min(1, rateRps / 100),
      queueLength: 0,
      costUsdPerHour: 1,
      configuration: { ...initial, "instances.c5.large.onDemand": 10 + (i % 3) },
    });
  }
  const last = windows.at(-1) ?? { arrivalRateRps: 0, timeS: 0 };
  const rateRps = last.arrivalRateRps;
  const observation: ClusterState = {
    timeS: last.timeS,
    metrics: {
      durationS: WINDOW_S,
      requests: Math.round(rateRps * WINDOW_S),
      arrivals: { rateRps, recentRatesRps: [rateRps, 1.3 * rateRps], dispersion: 2, peakToMedian: 1.3 },
      latency: null,
      queueLength: 0,
      utilization: 0.6,
      meanBatchSize: 1,
      service: null,
      dropped: 0,
      offloadedShare: 0,
      costUsdPerHour: 1,
      costUsd: 0,
    },
    fleet: {},
    configuration: initial,
    inFlight: null,
    canary: null,
    forecast: null,
    mask: null,
    history: windows,
  };
  const load = { rateRps, scv: 2 };
  const limits = {};
  return {
    lattice,
    objective,
    observation,
    load,
    serviceTail: 1,
    model,
    catalogue,
    limits,
    initial,
    intervalS: WINDOW_S,
  };
}

/** Solve times of every optimizer, at its defaults. */
export function measureSolveTimes(): Record<string, Timing> {
  const random = new SeededRandom(1);
  const problems = Array.from({ length: 40 }, (_, step) => problemAt(step, random));
  return Object.fromEntries(
    optimizers.map((entry) => {
      const optimizer = createOptimizer(entry.name);
      const solve = (i: number): void => {
        const problem = problems[i % problems.length];
        if (problem !== undefined) optimizer.solve(problem);
      };
      return [entry.name, timing(SOLVES, solve)] as const;
    }),
  );
}

/** BATCH's full search: 28 memories × 49 timeouts × 20 batch sizes, for a bursty load. */
export function measureBatchSearch(): { readonly points: number; readonly ms: Timing } {
  const map = mmpp([150, 30], [2, 6]);
  const memoriesMb = Array.from({ length: 28 }, (_, i) => 1280 + 64 * i);
  let points = 0;
  const ms = timing(
    20,
    () => {
      const result = searchBatching({
        load: { rateRps: 60, map },
        memoriesMb,
        batchSizes: Array.from({ length: 20 }, (_, i) => i + 1),
        delaysMs: Array.from({ length: 49 }, (_, i) => 10 * (i + 1)),
        serviceMs: (batch, memoryMb) => ((450 + 560 * batch) * 1280) / memoryMb,
        callUsd: (memoryMb, serviceMs) => (memoryMb / 1024) * (serviceMs / 1000) * 0.0000166667 + 0.0000002,
        percentile: 0.95,
        latencyMs: 3000,
        minimize: "cost",
        usdPerHour: Number.POSITIVE_INFINITY,
      });
      points = result.evaluations;
    },
    2,
  );
  return { points, ms };
}

/** MArk's plan over 200 instance types and 50 steps, half the fleet already running. */
export function measureGreedyPlan(): { readonly types: number; readonly steps: number; readonly ms: Timing } {
  const types = 200;
  const steps = 50;
  const random = new SeededRandom(3);
  const options: PlanOption[] = Array.from({ length: types }, (_, i) => {
    const capacityRps = 2 + 40 * random.next();
    const usdPerHour = 0.02 * capacityRps * (0.7 + 0.6 * random.next());
    return { capacityRps, usdPerHour, launchUsd: (usdPerHour * 140) / 3600, running: i % 40 === 0 ? 1 : 0, limit: 20 };
  });
  const forecasts = Array.from({ length: 20 }, () =>
    Float64Array.from({ length: steps }, (_, t) => 300 * (1 + 0.5 * Math.sin(t / 8)) * (0.8 + 0.4 * random.next())),
  );
  const ms = timing(SOLVES, (i) => {
    greedyPlan(options, forecasts[i % forecasts.length] ?? [], 60, 6);
  });
  return { types, steps, ms };
}
