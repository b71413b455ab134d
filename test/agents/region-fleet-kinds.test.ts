import { NO_BELIEFS } from "../../agents/fleet-beliefs.ts";
import { fleetKinds, keepsTime } from "../../agents/fleet-kinds.ts";
import { resolveCatalogue } from "../../src/catalogue/index.ts";
import type { AgentContext, KnobValue, PerformanceModel } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { knobLattice } from "../../src/spaces/index.ts";

/** Items a second at the batch limit, by host: the GPU gains by batches, the others take their items' time. */
const itemMs: Readonly<Record<string, (batch: number) => number>> = {
  "c5.large": (batch) => 200 * batch,
  "c5.xlarge": (batch) => 150 * batch,
  "g4dn.xlarge": (batch) => 10 + batch,
  function: () => 380,
};

const CALL_USD = 2e-5;

const model: PerformanceModel = {
  name: "told",
  predict: (configuration, load) => {
    const committed = Object.entries(configuration).reduce((sum, [knob, count]) => {
      const type = catalogue.instances.find(({ name }) => knob === `instances.${name}.onDemand`);
      return sum + (type?.usdPerHour ?? 0) * Number(count);
    }, 0);
    return {
      stable: true,
      meanMs: 1,
      p50Ms: 1,
      p95Ms: 1,
      p99Ms: 1,
      objectiveMs: 1,
      missRatio: 0,
      utilization: 1,
      meanBatchSize: 1,
      offloadedShare: 0.9,
      costUsdPerHour: committed + 3600 * 0.9 * load.rateRps * CALL_USD,
    };
  },
  serviceMs: (host, _configuration, batch) => itemMs[host]?.(batch) ?? 1e9,
  capacityRps: (host, configuration) => {
    const batch = Number(configuration["maxBatchSize"] ?? 1);
    return (1000 * batch) / (itemMs[host]?.(batch) ?? 1e9);
  },
};

const catalogue = resolveCatalogue({
  instances: ["c5.large", "c5.xlarge", "g4dn.xlarge"],
  spot: true,
  functions: true,
  prices: "aws-us-east-1-2026-07",
  overrides: {},
  function: {},
});

const counts = Array.from({ length: 101 }, (_, count) => count);

function context(knobs: Readonly<Record<string, readonly KnobValue[]>>): AgentContext {
  const space = knobLattice(
    Object.entries({ offloadThresholdMs: [0, 100, 250, 400, Number.POSITIVE_INFINITY], ...knobs }).map(
      ([name, values]) => ({ name, values, actuation: "hot", actuationDelayS: 0, decideEveryS: 0 }),
    ),
  );
  return {
    environment: "trimtab/Kinds-v0",
    space,
    random: new SeededRandom(1),
    seed: 1,
    model,
    objective: {
      minimize: "cost",
      slo: [{ percentile: 0.98, latencyMs: 500 }],
      reward: { referenceUsdPerHour: 1, latency: 1, miss: 1, change: 0 },
    },
    profilePoints: [],
    deviceRatios: {},
    catalogue,
    limits: {},
    host: null,
    initial: space.at(space.knobs.map(() => 0)),
    intervalS: 10,
    optimizer: {
      name: "none",
      solve: () => {
        throw new Error("not asked");
      },
    },
  };
}

test("of sizes of which as many small ones cost less, only the small one is learnt for", () => {
  // Two c5.large give 10 a second for what one c5.xlarge costs, which gives 6.7.
  const kinds = fleetKinds(
    context({ "instances.c5.large.onDemand": counts, "instances.c5.xlarge.onDemand": counts.slice(0, 51) }),
  );
  expect(kinds.map(({ name }) => name)).toEqual(["instances.c5.large.onDemand"]);
});

test("spot machines fall back on on-demand ones of their type, at the catalogue's losses until some were measured", () => {
  const offered = context({ "instances.c5.large.onDemand": counts, "instances.c5.large.spot": counts });
  const kinds = fleetKinds(offered);
  const [kind] = kinds;
  const type = catalogue.instances[0];
  expect(kinds.map(({ name }) => name)).toEqual(["instances.c5.large.spot", "instances.c5.large.onDemand"]);
  expect(kind?.fallbackKnob).toBe("instances.c5.large.onDemand");
  expect(kind?.usdPerS).toBeCloseTo((0.41 * 0.085) / 3600, 12);
  expect(kind?.lossesPerS).toBeCloseTo((type?.spotInterruptionsPerHour ?? 1) / 3600, 15);
  const measured = { ...NO_BELIEFS, lossesPerS: { "instances.c5.large.spot": 0.01 } };
  expect(fleetKinds(offered, measured)[0]?.lossesPerS).toBe(0.01);
});

test("what was measured of a machine stands in for what the catalogue and the model say", () => {
  const offered = context({ "instances.c5.large.onDemand": counts });
  const beliefs = { ...NO_BELIEFS, slowdown: { "c5.large": Math.log(2) }, launchS: { "c5.large": 280 }, callUsd: 1e-5 };
  const [kind] = fleetKinds(offered, beliefs);
  // 200 ms at twice the time: 2.5 a second, and .96 · 500 - 400 = 80 ms leave a wait of 0 of 0, 100, ….
  expect(kind).toMatchObject({ launchS: 280, launchFactor: 2, callUsd: 1e-5, waitS: 0 });
  expect(kind?.capacityRps).toBeCloseTo(2.5, 12);
});

test("slow batches have to be in time after the longest wait", () => {
  const offered = context({ "instances.c5.large.onDemand": counts });
  const [quick] = fleetKinds(offered);
  const [scattered] = fleetKinds(offered, { ...NO_BELIEFS, serviceTail: { "c5.large": 1.5 } });
  // 200 ms: .96 · 500 - 200 = 280 leaves 250; 500 - 1.5 · 200 = 200 leaves 100.
  expect([quick?.waitS, scattered?.waitS]).toEqual([0.25, 0.1]);
  if (quick === undefined || scattered === undefined) throw new Error("expected kinds, found none");
  expect([1, 1.2, 1.5].map((tail) => keepsTime(offered, quick, tail))).toEqual([true, true, false]);
  expect(keepsTime(offered, scattered, 1.5)).toBe(true);
});

test("each kind has the batch it gains by and the longest wait its service leaves room for, the cheapest per request first", () => {
  const kinds = fleetKinds(
    context({
      "instances.c5.large.onDemand": counts,
      "instances.g4dn.xlarge.onDemand": [0, 1, 2],
      maxBatchSize: [1, 2, 8],
    }),
  );
  // 8 items in 18 ms are 444 a second for $0.526; .96 · 500 - 18 = 462 ms leaves 400, and 480 - 200 leaves 250.
  expect(kinds.map(({ host, settings }) => ({ host, settings }))).toEqual([
    { host: "g4dn.xlarge", settings: { maxBatchSize: 8, offloadThresholdMs: 400 } },
    { host: "c5.large", settings: { maxBatchSize: 1, offloadThresholdMs: 250 } },
  ]);
});

test("the price of a call is read off the model", () => {
  const [kind] = fleetKinds(context({ "instances.c5.large.onDemand": counts }));
  expect(kind?.callUsd).toBeCloseTo(CALL_USD, 12);
});

test("without functions there is nothing to switch against", () => {
  const alone = context({ "instances.c5.large.onDemand": counts });
  expect(fleetKinds({ ...alone, catalogue: { ...catalogue, function: null } })).toEqual([]);
});
