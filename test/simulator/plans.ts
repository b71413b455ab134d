// Small plans and workloads that tests build on.

import type { FunctionType, InstanceType, Knob, Random } from "../../src/core/index.ts";
import type { FunctionPlan, PoolPlan, SimulationPlan } from "../../src/simulator/plan.ts";
import type { Workload } from "../../src/workload/workload.ts";

/** Poisson arrivals. */
export function poisson(rateRps: number, durationS = Number.POSITIVE_INFINITY): Workload {
  return {
    name: "poisson",
    durationS,
    meanRateRps: rateRps,
    excluded: [],
    rateRps: () => rateRps,
    open: (random: Random) => {
      let timeS = 0;
      return {
        fill: (times) => {
          let i = 0;
          while (i < times.length) {
            timeS -= Math.log(1 - random.next()) / rateRps;
            if (timeS >= durationS) return i;
            times[i++] = timeS;
          }
          return i;
        },
      };
    },
  };
}

/** Arrivals at given moments. */
export function arrivalsAt(moments: readonly number[]): Workload {
  return {
    name: "moments",
    durationS: moments[moments.length - 1] ?? 0,
    meanRateRps: 1,
    excluded: [],
    rateRps: () => 1,
    open: () => {
      let next = 0;
      return {
        fill: (times) => {
          let i = 0;
          while (i < times.length && next < moments.length) times[i++] = moments[next++] ?? 0;
          return i;
        },
      };
    },
  };
}

/** A knob that turns at once. */
export function knob(name: string, values: Knob["values"], rest: Partial<Knob> = {}): Knob {
  return { name, values, actuation: "hot", actuationDelayS: 0, decideEveryS: 0, ...rest };
}

/** A machine of one vCPU at a dollar an hour. */
export function machineType(name: string, rest: Partial<InstanceType> = {}): InstanceType {
  return {
    name,
    kind: "vm",
    vcpus: 1,
    memoryGib: 1,
    gpus: 0,
    usdPerHour: 1,
    spotPriceRatio: 0.3,
    spotInterruptionsPerHour: 0,
    launchS: { constant: 0 },
    billing: { incrementS: 1, minimumS: 0, launchBilled: false },
    ...rest,
  };
}

/** A pool whose batches take as long as `serviceMs` says. */
export function pool(name: string, serviceMs: (batch: number) => number, rest: Partial<InstanceType> = {}): PoolPlan {
  return { type: machineType(name, rest), profile: { name, serviceMs: ({ batch }) => serviceMs(batch) } };
}

/** Nothing hidden: service times are the profile's. */
export const IDEAL: SimulationPlan["reality"] = {
  interference: 0,
  oversubscription: 0,
  serviceCv: 0,
  stragglers: { share: 0, factor: 1 },
  concurrencyLock: null,
  batchOverheadMs: 0,
};

/** One pool of `machines` machines with a central queue. */
export function onePool(
  workload: Workload,
  machines: number,
  serviceMs: (batch: number) => number,
  rest: Partial<SimulationPlan> = {},
): SimulationPlan {
  return {
    workload,
    classes: [],
    pools: [pool("m", serviceMs)],
    host: null,
    function: null,
    routing: "central",
    reality: IDEAL,
    slo: [{ percentile: 0.99, latencyMs: 1000 }],
    knobs: [knob("instances.m.onDemand", [machines])],
    initial: { "instances.m.onDemand": machines },
    queueTimeoutS: Number.POSITIVE_INFINITY,
    queueLimit: Number.POSITIVE_INFINITY,
    scoreFromS: 0,
    ...rest,
  };
}

/** Functions alone: every batch is a call, none waits for another. */
export function functionsOnly(
  workload: Workload,
  serviceMs: (batch: number) => number,
  maxBatchSize: number,
  maxBatchDelayMs: number,
  rest: Partial<SimulationPlan> = {},
): SimulationPlan {
  return {
    ...onePool(workload, 0, serviceMs),
    pools: [],
    function: functionPlan(serviceMs),
    knobs: [knob("functionBatchSize", [maxBatchSize]), knob("maxBatchDelayMs", [maxBatchDelayMs])],
    initial: { functionBatchSize: maxBatchSize, maxBatchDelayMs },
    ...rest,
  };
}

/** A function service without cold starts. */
export function functionPlan(
  serviceMs: (batch: number) => number,
  type: Partial<FunctionType> = {},
  rest: Partial<FunctionPlan> = {},
): FunctionPlan {
  return {
    type: {
      name: "f",
      usdPerGbS: 0.00001,
      usdPerRequest: 0.0000002,
      billingIncrementMs: 1,
      memoryMb: { min: 128, max: 10240, mbPerVcpu: 1769 },
      coldStartS: { constant: 0 },
      keepAliveS: 600,
      concurrencyLimit: 1000,
      ...type,
    },
    profile: { name: "f", serviceMs: ({ batch }) => serviceMs(batch) },
    memoryMb: 1024,
    late: { share: 0, extraMs: 0 },
    ...rest,
  };
}
