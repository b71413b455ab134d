import { findAgent } from "../../agents/index.ts";
import {
  type Agent,
  type AgentContext,
  type ClusterState,
  type Configuration,
  HISTORY_WINDOWS,
  type PastWindow,
} from "../../src/core/index.ts";
import { createOptimizer, tuningProblem } from "../../src/optimizers/index.ts";
import { toJson } from "../../src/spaces/index.ts";
import { contextOf } from "./fleet-context.ts";

const SMALL = "region-fleet:rows=4000,trees=20";
const INTERVAL_S = 10;
const DAY = 8640;
const KNOB = "instances.c5.large.onDemand";

/** What one machine of the context carries: 284 requests a minute. */
const CAPACITY_RPS = 284 / 60;

/** A cluster that gives whatever is asked for at once and tells arrivals at a rate. */
class Told {
  #history: PastWindow[] = [];
  #step = 0;
  configuration: Configuration;
  /** Price of a call, of which there is one for every fifth request; null for none. */
  readonly #callUsd: number | null;

  constructor(configuration: Configuration, callUsd: number | null = null) {
    this.configuration = configuration;
    this.#callUsd = callUsd;
  }

  next(rateRps: number): ClusterState {
    const timeS = ++this.#step * INTERVAL_S;
    const { configuration } = this;
    const past = {
      timeS,
      durationS: INTERVAL_S,
      arrivalRateRps: rateRps,
      peakRateRps: rateRps,
      objectiveMs: 300,
      missRatio: 0,
      utilization: 0.5,
      queueLength: 0,
      costUsdPerHour: 1,
      configuration,
    };
    this.#history = [...this.#history, past].slice(-HISTORY_WINDOWS);
    const ready = Number(configuration[KNOB] ?? 0);
    return {
      timeS,
      metrics: {
        durationS: INTERVAL_S,
        requests: rateRps * INTERVAL_S,
        arrivals: { rateRps, recentRatesRps: new Array<number>(10).fill(rateRps), dispersion: 1, peakToMedian: 1 },
        latency: null,
        queueLength: 0,
        utilization: 0.5,
        meanBatchSize: 1,
        service: null,
        dropped: 0,
        offloadedShare: this.#callUsd === null ? 0 : 0.2,
        costUsdPerHour: 1,
        costUsd: (INTERVAL_S * ready * 0.085) / 3600 + 0.2 * rateRps * INTERVAL_S * (this.#callUsd ?? 0),
      },
      fleet: { "c5.large": { ready, launching: 0, draining: 0, spot: 0 } },
      configuration,
      inFlight: null,
      canary: null,
      forecast: null,
      mask: null,
      history: this.#history,
    };
  }
}

/** Lets an agent run a told cluster. @returns the last observation */
function run(agent: Agent, told: Told, steps: number, rateRps: (step: number) => number): ClusterState {
  let state = told.next(rateRps(0));
  for (let step = 1; step < steps; step++) {
    told.configuration = agent.act(state).configuration;
    agent.plan?.();
    state = told.next(rateRps(step));
  }
  return state;
}

const steady = (): number => 10.5 * CAPACITY_RPS;

/** Half an hour at 50, half an hour at 100 requests a second. */
const waves = (step: number): number => (step % 360 < 180 ? 50 : 100);

/** What an agent remembers of the load, as text. */
function memoryOf(agent: Agent): unknown {
  const { state } = agent.save();
  return typeof state === "object" && state !== null && "stream" in state ? JSON.stringify(state["stream"]) : undefined;
}

let context: AgentContext;
beforeAll(async () => {
  context = await contextOf("mmpp");
});

test("before a day of its own history it acts as mixed with a hold of two minutes", () => {
  const agent = findAgent(SMALL).create(context);
  const mixed = createOptimizer("mixed:holdS=120,type=c5.large,spot=false");
  const told = new Told(context.initial);
  for (let step = 0; step < 200; step++) {
    const state = told.next(waves(step));
    const { configuration, reason } = agent.act(state);
    expect(configuration).toEqual(mixed.solve(tuningProblem(context, state)).configuration);
    expect(reason).toContain("less than a day");
    told.configuration = configuration;
  }
});

test("after a night at a constant load it keeps the layers whose use pays", () => {
  const agent = findAgent(SMALL).create(context);
  const state = run(agent, new Told(context.initial), DAY + 100, steady);
  // Use of the eleventh layer is .5; price over the calls it spares is .265.
  expect(agent.policy().act(state)[KNOB]).toBe(11);
  expect(agent.act(state).configuration[KNOB]).toBe(11);
});

test("a past that says nothing of the present is left behind: mixed acts, and the next night learns from what came since", () => {
  const agent = findAgent(SMALL).create(context);
  const told = new Told(context.initial);
  run(agent, told, DAY + 10, steady);
  // From 10.5 machines' worth to 2.5: standing on eleven costs some four times as much.
  const little = (): number => 2.5 * CAPACITY_RPS;
  const fallen = run(agent, told, 800, little);
  expect(agent.act(fallen).reason).toMatch(
    /^fell back on mixed, what was learnt cost [\d.]+ of mixed over 1 h; the past/,
  );
  expect(Number(agent.act(fallen).configuration[KNOB])).toBeLessThan(5);
  const learnt = run(agent, told, DAY, little);
  expect(agent.act(learnt).reason).toMatch(/^night 2, /);
  // Use of the third layer is .5, as that of the eleventh was.
  expect(agent.act(learnt).configuration[KNOB]).toBe(3);
});

test("requests go to functions once wait and service would pass .96 of the SLO", () => {
  const agent = findAgent(SMALL).create(context);
  const state = run(agent, new Told(context.initial), 10, steady);
  // .96 · 500 - 211 = 269 ms: of 0, 50, …, 250 the longest that fits is 250.
  expect(agent.act(state).configuration["offloadThresholdMs"]).toBe(250);
});

test("missing metrics change nothing and are not learnt from", () => {
  const agent = findAgent(SMALL).create(context);
  const told = new Told(context.initial);
  run(agent, told, 200, steady);
  const held = told.configuration;
  const learnt = memoryOf(agent);
  for (let step = 0; step < 100; step++) {
    const { configuration, reason } = agent.act(told.next(0));
    expect(configuration).toEqual(held);
    expect(reason).toContain("no arrivals told");
  }
  expect(memoryOf(agent)).toBe(learnt);
  agent.act(told.next(steady()));
  expect(memoryOf(agent)).not.toBe(learnt);
});

test("the same seed learns the same bytes over a night", () => {
  const learn = (): string => {
    const agent = findAgent(SMALL).create(context);
    run(agent, new Told(context.initial), DAY + 10, waves);
    return JSON.stringify([toJson(agent.save()), toJson(agent.policy().toJSON())]);
  };
  expect(learn()).toBe(learn());
});

test("restored in mid-day it goes on as if never stopped, nights included", () => {
  const factory = findAgent(SMALL);
  const straight = factory.create(context);
  const told = new Told(context.initial);
  run(straight, told, 5000, waves);
  const restored = factory.restore(context, JSON.parse(JSON.stringify(straight.save())));
  const go = (agent: Agent): ClusterState => run(agent, new Told(told.configuration), DAY, waves);
  expect(go(restored)).toEqual(go(straight));
  expect(JSON.stringify(restored.save())).toBe(JSON.stringify(straight.save()));
});

test("a price of calls that turns out twice as high is learnt by within the hour", () => {
  const agent = findAgent(SMALL).create(context);
  const day = Array.from({ length: DAY }, (_, i) => (i + 1 - DAY) * INTERVAL_S);
  agent.recall?.(day.map((timeS) => ({ timeS, durationS: INTERVAL_S, rateRps: steady(), recentRatesRps: [] })));
  agent.plan?.();
  const told = new Told(context.initial, 2 * 18.8e-6);
  const reasons = new Set<string>();
  for (let step = 0; step < 370; step++) {
    const { configuration, reason } = agent.act(told.next(steady()));
    reasons.add(reason.split(": ", 1)[0] ?? "");
    told.configuration = configuration;
    agent.plan?.();
  }
  expect([...reasons]).toEqual([
    expect.stringMatching(/^night 1, /),
    expect.stringMatching(/^night 2 \(calls cost 1\.9\d of what was thought\), /),
  ]);
});

test("a policy of a night acts alike after JSON, and in well under a millisecond", () => {
  const factory = findAgent(SMALL);
  const agent = factory.create(context);
  const told = new Told(context.initial);
  run(agent, told, DAY + 10, waves);
  const policy = agent.policy();
  const loaded = factory.load(context, JSON.parse(JSON.stringify(toJson(policy.toJSON()))));
  const micros: number[] = [];
  for (let step = 0; step < 300; step++) {
    const state = told.next(waves(step));
    const startedMs = performance.now();
    const configuration = policy.act(state);
    micros.push(1000 * (performance.now() - startedMs));
    expect(loaded.act(state)).toEqual(configuration);
    told.configuration = configuration;
  }
  expect(micros.sort((a, b) => a - b)[150]).toBeLessThan(1000);
});

test("a policy of machines that a scenario does not have is refused", () => {
  const factory = findAgent(SMALL);
  const agent = factory.create(context);
  run(agent, new Told(context.initial), DAY + 10, waves);
  const other: AgentContext = { ...context, catalogue: { ...context.catalogue, instances: [] } };
  expect(() => factory.load(other, agent.policy().toJSON())).toThrow(/expected one of none, found instances/);
});
