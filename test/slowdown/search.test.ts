import type { Objective } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import {
  Cone,
  candidateSet,
  loadModel,
  type Measured,
  REGIONS,
  Regions,
  RiskBank,
  SEARCH,
  SlowdownSearch,
} from "../../src/slowdown/index.ts";
import { knobLattice } from "../../src/spaces/index.ts";
import { knob } from "../contracts/agent.ts";

const host = { cores: 8, usdPerCoreHour: 1, usdPerModelInstanceHour: 0.25 };
const space = knobLattice(
  [knob("concurrency", [1, 2, 4, 8]), knob("intraOpThreads", [1, 2, 4, 8]), knob("maxBatchSize", [1, 2, 4, 8])],
  ({ concurrency, intraOpThreads }) => Number(concurrency) * Number(intraOpThreads) <= 10,
);
const objective: Objective = {
  minimize: "cost",
  slo: [{ percentile: 0.99, latencyMs: 300 }],
  reward: { referenceUsdPerHour: 1, latency: 1, miss: 1, change: 0 },
};
const context = {
  profilePoints: [1, 8].flatMap((intraOpThreads) =>
    [1, 8].map((batch) => ({ host: "host", intraOpThreads, batch, serviceMs: batch * (60 / intraOpThreads + 5) + 10 })),
  ),
  deviceRatios: {},
  host,
  catalogue: { prices: "none", instances: [], function: null },
  space,
  objective,
};
const candidates = candidateSet(space, context);
const model = loadModel(candidates, context, { rateRps: 60, rateSpread: 0 }, { prior: true, unit: "slowdown" });

function search(changes: Partial<typeof SEARCH> = {}): SlowdownSearch {
  const estimator = new Regions(candidates.columns, REGIONS);
  return new SlowdownSearch(candidates, objective, estimator, model, 0, { ...SEARCH, ...changes });
}

/** The system runs slower than the model by e^`slowdown` everywhere, with 2 % noise. */
function measure(i: number, random: SeededRandom, slowdown = 0.15): Measured {
  const noise = 0.02 * (2 * random.next() - 1);
  const logMs = model.table.at(i, slowdown) + noise;
  return {
    latencyMs: Math.exp(logMs),
    tail: [[logMs, Math.log(0.01)]],
    utilization: 0.6,
    meanBatchSize: null,
    serviceMs: null,
    costUsdPerHour: Math.exp(model.logCost[i] ?? 0),
    short: false,
  };
}

/** The cheapest configuration that meets the SLO when everything runs e^.15 slower. */
function optimum(): number {
  let best = -1;
  for (let i = 0; i < candidates.servers.length; i++) {
    if (model.table.at(i, 0.15) > Math.log(300)) continue;
    if (best < 0 || (model.logCost[i] ?? 0) < (model.logCost[best] ?? 0)) best = i;
  }
  return best;
}

test("it comes within 5 % of the cheapest safe configuration in ten windows", () => {
  for (const seed of [1, 2, 3]) {
    const random = new SeededRandom(seed);
    const running = search();
    for (let window = 0; window < 10; window++) {
      const { index } = running.next(-1);
      running.observe(index, measure(index, random));
    }
    const kept = running.incumbent() ?? -1;
    expect(model.table.at(kept, 0.15)).toBeLessThanOrEqual(Math.log(1.05 * 300));
    expect(Math.exp((model.logCost[kept] ?? 0) - (model.logCost[optimum()] ?? 0))).toBeLessThan(1.05);
  }
});

test("with no risk to spend it tries nothing that is not all but certain", () => {
  const random = new SeededRandom(1);
  const careful = search({ alpha: 0, initial: 0 });
  for (let window = 0; window < 10; window++) {
    const step = careful.next(-1);
    if (step.fresh && window > 0) expect(step.probability).toBeGreaterThanOrEqual(0.98);
    careful.observe(step.index, measure(step.index, random));
  }
});

test("it starts from what runs when that is expected to be safe, else from the largest slack", () => {
  const slackest = search().next(-1);
  expect(slackest.reason).toMatch(/largest slack/);
  expect(search().next(slackest.index).index).toBe(slackest.index);
  const drowning = candidates.servers.findIndex((server) => server.instances === 1 && server.resource === 1);
  expect(search().next(drowning).index).toBe(slackest.index);
});

test("a restored search goes on as if never stopped", () => {
  const random = new SeededRandom(5);
  const straight = search();
  for (let window = 0; window < 8; window++) {
    const { index } = straight.next(-1);
    straight.observe(index, measure(index, random));
  }
  const restored = search();
  restored.restore(JSON.parse(JSON.stringify(straight.save())), 0);
  const [a, b] = [new SeededRandom(6), new SeededRandom(6)];
  for (let window = 0; window < 8; window++) {
    const expected = straight.next(-1);
    expect(restored.next(-1)).toEqual(expected);
    straight.observe(expected.index, measure(expected.index, a));
    restored.observe(expected.index, measure(expected.index, b));
  }
  expect(restored.save()).toEqual(straight.save());
});

test("another load level starts with nothing measured, and coming back finds what was", () => {
  const random = new SeededRandom(7);
  const running = search();
  for (let window = 0; window < 6; window++) {
    const { index } = running.next(-1);
    running.observe(index, measure(index, random));
  }
  const kept = running.incumbent();
  running.enter(3, loadModel(candidates, context, { rateRps: 130, rateSpread: 0 }, { prior: true, unit: "slowdown" }));
  expect(running.incumbent()).toBeNull();
  expect(running.incumbent(0)).toBe(kept);
  running.enter(0, model);
  expect(running.incumbent()).toBe(kept);
});

test("a system that becomes slower is noticed, said so, and searched anew", () => {
  const random = new SeededRandom(8);
  const running = search();
  const serve = (windows: number, slowdown: number): void => {
    for (let window = 0; window < windows; window++) {
      const { index } = running.next(-1);
      running.observe(index, measure(index, random, slowdown));
    }
  };
  serve(12, -0.25);
  expect(running.noticed).toBe("");
  serve(12, 0.15);
  expect(running.noticed).toMatch(/^the cluster became slower by [45]\d %$/);
  const kept = running.incumbent() ?? -1;
  expect(model.table.at(kept, 0.15)).toBeLessThanOrEqual(Math.log(1.05 * 300));
  expect(Math.exp((model.logCost[kept] ?? 0) - (model.logCost[optimum()] ?? 0))).toBeLessThan(1.05);
});

test("the bank earns per decision, less after an abort and with patience, and pays what a trial risks", () => {
  const bank = new RiskBank({ alpha: 0.4, initial: 0.3, patience: 10 });
  expect(bank.leastProbability).toBeCloseTo(0.7, 12);
  bank.earn(false, 0);
  expect(bank.balance).toBeCloseTo(0.7, 12);
  bank.pay(0.5);
  bank.earn(true, 0);
  expect(bank.balance).toBeCloseTo(0.2 + 0.05, 12);
  bank.earn(false, 10);
  expect(bank.balance).toBeCloseTo(0.25 + 0.2, 12);
  for (let i = 0; i < 10; i++) bank.earn(false, 0);
  expect(bank.balance).toBe(0.95);
  bank.pay(5);
  expect(bank.leastProbability).toBe(0.98);
});

test("a cone blocks fewer model instances of the same kind, for 50 windows", () => {
  const cone = new Cone(candidates.cone);
  const blocked = candidates.configurations.findIndex(
    (c) => space.distance(c, { concurrency: 4, intraOpThreads: 2, maxBatchSize: 2 }) === 0,
  );
  cone.block(blocked, 0);
  candidates.configurations.forEach((configuration, i) => {
    const { concurrency, intraOpThreads, maxBatchSize } = configuration;
    const below = intraOpThreads === 2 && maxBatchSize === 2 && Number(concurrency) <= 4;
    expect(cone.blocked(i, 49)).toBe(below);
    expect(cone.blocked(i, 50)).toBe(false);
  });
});

test("latency over several windows is the percentile of all their requests, not the mean of their percentiles", () => {
  // Two windows with Pareto tails of exponent 4, their 99th percentiles 100 and 200: of both together 1 % is beyond x with
  // (100/x)^4 + (200/x)^4 = 2.
  const exact = ((100 ** 4 + 200 ** 4) / 2) ** 0.25;
  const running = search();
  const pareto = (p99Ms: number): Measured => ({
    latencyMs: p99Ms,
    tail: [
      [Math.log(p99Ms) - Math.log(5) / 4, Math.log(0.05)],
      [Math.log(p99Ms), Math.log(0.01)],
    ],
    utilization: 0.5,
    meanBatchSize: null,
    serviceMs: null,
    costUsdPerHour: 1,
    short: false,
  });
  running.observe(0, pareto(100));
  running.observe(0, pareto(200));
  const logLatency = running.save().observations.own[0]?.measured[0]?.logLatency ?? 0;
  expect(Math.exp(logLatency)).toBeCloseTo(exact, 6);
});
