// A cluster with every mechanism of the simulator on at once.

import type { InstanceType } from "../src/core/index.ts";
import type { FunctionPlan, Routing, SimulationPlan } from "../src/simulator/index.ts";
import { poisson, type Workload } from "../src/workload/index.ts";

function machine(name: string, rest: Partial<InstanceType>): InstanceType {
  return {
    name,
    kind: "vm",
    vcpus: 4,
    memoryGib: 8,
    gpus: 0,
    usdPerHour: 0.2,
    spotPriceRatio: 0.3,
    spotInterruptionsPerHour: 0.5,
    launchS: { uniform: [100, 180] },
    billing: { incrementS: 1, minimumS: 60, launchBilled: true },
    ...rest,
  };
}

function linear(name: string, baseMs: number, perRequestMs: number): FunctionPlan["profile"] {
  return { name, serviceMs: ({ batch }) => baseMs + perRequestMs * batch };
}

const functions: FunctionPlan = {
  type: {
    name: "f",
    usdPerGbS: 0.0000166667,
    usdPerRequest: 0.0000002,
    billingIncrementMs: 1,
    memoryMb: { min: 128, max: 10_240, mbPerVcpu: 1769 },
    coldStartS: { lognormal: { mean: 2, cv: 0.5 } },
    keepAliveS: 600,
    concurrencyLimit: 1000,
  },
  profile: linear("f", 100, 40),
  memoryMb: 3008,
  late: { share: 0.01, extraMs: 200 },
  overflow: "queue",
  coldStartBilled: true,
};

/** Two classes in three buffers; three types of machines in two markets and three zones; functions; failures. */
export function fullPlan(
  rateRps: number,
  routing: Routing,
  workload: Workload = poisson(rateRps, Infinity),
): SimulationPlan {
  return {
    workload,
    classes: [
      { name: "strict", share: 0.6, strict: true, size: { mean: 1, cv: 0.3 } },
      { name: "relaxed", share: 0.4, strict: false, size: { mean: 1.5, cv: 0.5 }, sloRatio: 3 },
    ],
    buffers: { sizeBounds: [1, 2], padding: true },
    pools: [
      { type: machine("a", {}), profile: linear("a", 8, 4), quota: 40 },
      {
        type: machine("b", { vcpus: 8, usdPerHour: 0.4 }),
        profile: linear("b", 6, 2.5),
        spotCapacity: [
          { fromS: 600, machines: 3 },
          { fromS: 1200, machines: 20 },
        ],
      },
      {
        type: machine("g", {
          kind: "container",
          gpus: 1,
          usdPerHour: 0.7,
          launchS: { lognormal: { mean: 60, cv: 0.3 } },
        }),
        profile: linear("g", 10, 0.8),
      },
    ],
    host: null,
    function: functions,
    routing,
    reality: {
      interference: 0.15,
      oversubscription: 1.4,
      serviceCv: 0.05,
      stragglers: { share: 0.003, factor: 2.5 },
      concurrencyLock: null,
      batchOverheadMs: 0.5,
      interOpShare: 0.2,
    },
    slo: [
      { percentile: 0.98, latencyMs: 500 },
      { percentile: 0.99, latencyMs: 1000 },
    ],
    knobs: [],
    initial: {
      "instances.a.onDemand": 6,
      "instances.a.spot": 4,
      "instances.b.onDemand": 8,
      "instances.b.spot": 4,
      "instances.g.onDemand": 6,
      maxBatchSize: 8,
      maxBatchDelayMs: 20,
      concurrency: 2,
      intraOpThreads: 2,
      interOpThreads: 1,
      offloadThresholdMs: 50,
      functionMemoryMb: 3008,
      functionBatchSize: 4,
    },
    queueTimeoutS: 60,
    queueLimit: 100_000,
    scoreFromS: 60,
    failures: {
      launchFailureShare: 0.05,
      crashesPerHour: 0.05,
      launchRetryS: 30,
      spotNoticeS: 120,
      lostRequests: "retry",
      zones: { count: 3, outagesPerHour: 0.02, outageS: { exponential: 600 } },
    },
    quotas: { vcpus: 1000, gpus: 50 },
    telemetry: { arrivalTimes: true, serviceTimes: true },
    observation: { delayS: 0, lossShare: 0.01, noiseCv: 0.02 },
  };
}
