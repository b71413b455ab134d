// Random small plans over every mechanism, with what may happen to them while they run.

import fc from "fast-check";
import type { Configuration, DurationSpec, Trial } from "../../src/core/index.ts";
import type { CapacityTrace, FailurePlan, PoolPlan, SimulationPlan } from "../../src/simulator/plan.ts";
import { poisson } from "../../src/workload/index.ts";
import { functionPlan, knob, machineType } from "./plans.ts";

/** A plan, and configurations asked for as it runs. */
export interface RandomCase {
  readonly plan: SimulationPlan;
  readonly seed: number;
  readonly steps: readonly { readonly configuration: Configuration; readonly trial?: Trial }[];
}

const durations: fc.Arbitrary<DurationSpec> = fc.oneof(
  fc.record({ constant: fc.double({ min: 0, max: 5, noNaN: true }) }),
  fc.record({ exponential: fc.double({ min: 0.1, max: 5, noNaN: true }) }),
  fc.constant({ uniform: [1, 4] as const }),
  fc.constant({ lognormal: { mean: 2, cv: 0.7 } }),
);

const capacity: fc.Arbitrary<CapacityTrace> = fc
  .array(fc.record({ fromS: fc.integer({ min: 0, max: 30 }), machines: fc.integer({ min: 0, max: 4 }) }), {
    maxLength: 4,
  })
  .map((steps) => [...steps].sort((a, b) => a.fromS - b.fromS));

const pools: fc.Arbitrary<readonly PoolPlan[]> = fc
  .array(
    fc.record({
      vcpus: fc.constantFrom(1, 2, 4),
      gpus: fc.constantFrom(0, 0, 1),
      usdPerHour: fc.double({ min: 0.01, max: 5, noNaN: true }),
      interruptions: fc.constantFrom(0, 0, 600),
      launchS: durations,
      billing: fc.record({
        incrementS: fc.constantFrom(1, 60, 3600),
        minimumS: fc.constantFrom(0, 60),
        launchBilled: fc.boolean(),
      }),
      baseMs: fc.double({ min: 1, max: 200, noNaN: true }),
      stepMs: fc.double({ min: 0, max: 40, noNaN: true }),
      quota: fc.constantFrom(2, 5, Number.POSITIVE_INFINITY),
      onDemandCapacity: capacity,
      spotCapacity: fc.oneof(fc.constant([]), capacity),
      kind: fc.constantFrom("vm" as const, "container" as const),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((rows) =>
    rows.map(({ baseMs, stepMs, quota, onDemandCapacity, spotCapacity, interruptions, ...type }, i) => ({
      type: machineType(`t${i}`, { ...type, spotInterruptionsPerHour: interruptions }),
      profile: { name: `t${i}`, serviceMs: ({ batch }) => baseMs + stepMs * batch },
      quota,
      onDemandCapacity,
      spotCapacity,
    })),
  );

const failures: fc.Arbitrary<FailurePlan> = fc.record({
  launchFailureShare: fc.constantFrom(0, 0.3),
  crashesPerHour: fc.constantFrom(0, 300),
  launchRetryS: fc.constantFrom(1, 10),
  spotNoticeS: fc.constantFrom(0, 2, 120),
  lostRequests: fc.constantFrom("retry" as const, "drop" as const),
  zones: fc.record({
    count: fc.integer({ min: 1, max: 3 }),
    outagesPerHour: fc.constantFrom(0, 120),
    outageS: durations,
  }),
});

const reality: fc.Arbitrary<SimulationPlan["reality"]> = fc.record({
  interference: fc.constantFrom(0, 0.15),
  oversubscription: fc.constantFrom(0, 1.4),
  serviceCv: fc.constantFrom(0, 0.05, 1),
  stragglers: fc.constantFrom({ share: 0, factor: 1 }, { share: 0.05, factor: 4 }),
  concurrencyLock: fc.constantFrom(null, 1),
  batchOverheadMs: fc.constantFrom(0, 5),
  serviceDistribution: fc.constantFrom("lognormal" as const, "exponential" as const),
});

const classes: fc.Arbitrary<SimulationPlan["classes"]> = fc.constantFrom(
  [],
  [
    { name: "strict", share: 0.7, strict: true, size: { mean: 1, cv: 0.5 } },
    { name: "relaxed", share: 0.3, strict: false, size: { mean: 2, cv: 0 }, sloRatio: 3 },
  ],
);

const actuation = fc.constantFrom(
  { actuation: "hot" as const, actuationDelayS: 0 },
  { actuation: "reload" as const, actuationDelayS: 2 },
  { actuation: "restart" as const, actuationDelayS: 3 },
);

const hardware = fc.oneof(
  { weight: 5, arbitrary: fc.record({ pools, host: fc.constant(null), functions: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      pools: fc.constant([]),
      host: fc.constant({
        cores: 4,
        usdPerCoreHour: 1,
        usdPerModelInstanceHour: 0.25,
        profile: { name: "h", serviceMs: ({ batch }: { batch: number }) => 20 + 3 * batch },
      }),
      functions: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ pools: fc.constant([]), host: fc.constant(null), functions: fc.constant(true) }),
  },
);

const values: Readonly<Record<string, readonly number[]>> = {
  maxBatchSize: [1, 3, 8],
  maxBatchDelayMs: [0, 20, 200],
  concurrency: [1, 2, 5],
  intraOpThreads: [1, 2],
  interOpThreads: [1, 2],
  offloadThresholdMs: [0, 100, Number.POSITIVE_INFINITY],
  functionMemoryMb: [512, 2048],
  functionBatchSize: [1, 4],
};

function configurations(poolCount: number): fc.Arbitrary<Configuration> {
  const counts = Array.from({ length: poolCount }, (_, i) => [
    `instances.t${i}.onDemand`,
    `instances.t${i}.spot`,
  ]).flat();
  const shape = Object.fromEntries([
    ...Object.entries(values).map(([name, list]) => [name, fc.constantFrom(...list)] as const),
    ...counts.map((name) => [name, fc.integer({ min: 0, max: 3 })] as const),
  ]);
  return fc.record(shape);
}

/** Cases of `requests` requests or so, each a minute long at most. */
export function randomCases(requests: number): fc.Arbitrary<RandomCase> {
  return fc
    .record({
      hardware,
      failures,
      reality,
      classes,
      actuation,
      routing: fc.constantFrom(
        "central" as const,
        "central" as const,
        "least-expected-wait" as const,
        "weighted-round-robin" as const,
      ),
      rateRps: fc.constantFrom(5, 50, 400),
      queueTimeoutS: fc.constantFrom(1, 10, Number.POSITIVE_INFINITY),
      queueLimit: fc.constantFrom(0, 10, Number.POSITIVE_INFINITY),
      buffers: fc.constantFrom({ sizeBounds: [], padding: false }, { sizeBounds: [0.8, 1.5], padding: true }),
      coldStartS: durations,
      concurrencyLimit: fc.constantFrom(1, 5, 1000),
      overflow: fc.constantFrom("queue" as const, "drop" as const),
      seed: fc.integer({ min: 0, max: 1_000_000 }),
      telemetry: fc.record({ arrivalTimes: fc.boolean(), serviceTimes: fc.boolean() }),
    })
    .chain((drawn) => {
      const asked = fc.record({
        configuration: configurations(drawn.hardware.pools.length),
        trial: fc.option(fc.constantFrom({ share: 0.25, stages: [] }, { share: 1, stages: [] }), { nil: undefined }),
      });
      return fc.record({
        drawn: fc.constant(drawn),
        initial: configurations(drawn.hardware.pools.length),
        steps: fc.array(asked, { maxLength: 4 }),
      });
    })
    .map(({ drawn, initial, steps }) => {
      const { hardware: machines, rateRps, actuation: how, coldStartS, concurrencyLimit, overflow, ...rest } = drawn;
      const plan: SimulationPlan = {
        ...rest,
        workload: poisson(rateRps, Math.min(60, requests / rateRps)),
        pools: machines.pools,
        host: machines.host,
        function: machines.functions
          ? functionPlan((batch) => 50 + 30 * batch, { coldStartS, concurrencyLimit, keepAliveS: 2 }, { overflow })
          : null,
        slo: [
          { percentile: 0.95, latencyMs: 200 },
          { percentile: 0.99, latencyMs: 500 },
        ],
        knobs: Object.keys(initial).map((name) =>
          knob(name, values[name] ?? [0, 1, 2, 3], name.startsWith("instances.") ? { actuation: "provision" } : how),
        ),
        initial,
        scoreFromS: 0,
      };
      return {
        plan,
        seed: drawn.seed,
        steps: steps.map(({ configuration, trial }) =>
          trial === undefined ? { configuration } : { configuration, trial },
        ),
      };
    });
}
