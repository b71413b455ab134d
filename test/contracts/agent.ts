// The contract of agents: a suite that any registry entry passes, on a toy cluster whose optimum is known.

import {
  type Agent,
  type AgentContext,
  type AgentFactory,
  CheckpointError,
  type ClusterState,
  type Configuration,
  HISTORY_WINDOWS,
  type Knob,
  type KnobLattice,
  type Objective,
  type PastWindow,
  type PerformanceModel,
  type Prediction,
  type Random,
  type Transition,
} from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { fromJson, knobLattice, sameConfiguration, toJson } from "../../src/spaces/index.ts";

/** A stationary system that answers at once: latency and cost of each configuration at each rate. */
export interface Toy {
  readonly space: KnobLattice;
  readonly ratesRps: readonly number[];
  latencyMs(configuration: Configuration, rateRps: number, random: Random): number;
  costUsdPerHour(configuration: Configuration): number;
  readonly initial: Configuration;
}

export const objective: Objective = {
  minimize: "latency",
  slo: [{ percentile: 0.99, latencyMs: 200 }],
  reward: { referenceUsdPerHour: 1, latency: 1, miss: 0, change: 0 },
};

export function knob(name: string, values: Knob["values"]): Knob {
  return { name, values, actuation: "hot", actuationDelayS: 0, decideEveryS: 0 };
}

function prediction(toy: Toy, configuration: Configuration, rateRps: number): Prediction {
  const latency = toy.latencyMs(configuration, rateRps, { next: () => 0.5, split: () => new SeededRandom(0) });
  return {
    stable: true,
    meanMs: latency / 2,
    p50Ms: latency / 2,
    p95Ms: latency,
    p99Ms: latency,
    objectiveMs: latency,
    missRatio: latency > 200 ? 0.1 : 0,
    utilization: 0.5,
    meanBatchSize: 1,
    offloadedShare: 0,
    costUsdPerHour: toy.costUsdPerHour(configuration),
  };
}

/** A model that knows nothing of the toy: learners must find out. */
const ignorant: PerformanceModel = {
  name: "ignorant",
  predict: (_configuration, load) => ({
    stable: true,
    meanMs: 50,
    p50Ms: 50,
    p95Ms: 100,
    p99Ms: 100,
    objectiveMs: 100,
    missRatio: 0,
    utilization: Math.min(0.9, load.rateRps / 1000),
    meanBatchSize: 1,
    offloadedShare: 0,
    costUsdPerHour: 1,
  }),
  serviceMs: () => 10,
  capacityRps: () => 100,
};

export function contextOf(toy: Toy, seed: number): AgentContext {
  return {
    environment: "trimtab/Toy-v0",
    space: toy.space,
    random: new SeededRandom(seed),
    seed,
    model: ignorant,
    objective,
    profilePoints: [],
    deviceRatios: {},
    catalogue: { prices: "none", instances: [], function: null },
    limits: {},
    host: null,
    initial: toy.initial,
    intervalS: 60,
    optimizer: {
      name: "hold",
      solve: ({ observation }) => ({
        status: "feasible",
        configuration: observation.configuration,
        prediction: null,
        evaluations: 0,
        explanation: "holds",
      }),
    },
  };
}

/** The window of a configuration at a rate, as a cluster would tell it. */
export function stateOf(
  toy: Toy,
  configuration: Configuration,
  rateRps: number,
  history: readonly PastWindow[],
  random: Random,
): ClusterState {
  const latencyMs = toy.latencyMs(configuration, rateRps, random);
  const told = prediction(toy, configuration, rateRps);
  const timeS = (history.at(-1)?.timeS ?? 0) + 60;
  const missRatio = latencyMs > 200 ? 0.1 : 0;
  const past: PastWindow = {
    timeS,
    durationS: 60,
    arrivalRateRps: rateRps,
    peakRateRps: rateRps,
    objectiveMs: latencyMs,
    missRatio,
    utilization: told.utilization,
    queueLength: 0,
    costUsdPerHour: told.costUsdPerHour,
    configuration,
  };
  return {
    timeS,
    metrics: {
      durationS: 60,
      requests: Math.round(60 * rateRps),
      arrivals: { rateRps, recentRatesRps: [rateRps], dispersion: 1, peakToMedian: 1 },
      latency: {
        meanMs: latencyMs / 2,
        p50Ms: latencyMs / 2,
        p95Ms: latencyMs,
        p99Ms: latencyMs,
        objectiveMs: latencyMs,
        missRatio,
        resolution: 0,
      },
      queueLength: 0,
      utilization: told.utilization,
      meanBatchSize: 1,
      service: { meanMs: latencyMs / 4 },
      dropped: 0,
      offloadedShare: 0,
      costUsdPerHour: told.costUsdPerHour,
      costUsd: told.costUsdPerHour / 60,
    },
    fleet: {},
    configuration,
    inFlight: null,
    canary: null,
    forecast: null,
    mask: null,
    history: [...history, past].slice(-HISTORY_WINDOWS),
  };
}

/** Runs an agent on the toy; each rate is held for `holdSteps`. @returns what it did, as text, and its last state */
export function run(
  toy: Toy,
  agent: Agent,
  steps: number,
  seed: number,
  holdSteps = 1,
): { log: string[]; state: ClusterState } {
  const chance = new SeededRandom(seed).split("toy");
  const rate = (step: number): number => toy.ratesRps[Math.floor(step / holdSteps) % toy.ratesRps.length] ?? 1;
  let state = stateOf(toy, toy.initial, rate(0), [], chance);
  const log: string[] = [];
  for (let step = 0; step < steps; step++) {
    agent.plan?.();
    const proposed = agent.act(state);
    const next = stateOf(toy, proposed.configuration, rate(step + 1), state.history, chance);
    const told = stateOf(toy, proposed.configuration, rate(step), state.history, chance);
    const reward = -Math.log((told.metrics.latency?.objectiveMs ?? 1) / 200) - told.metrics.costUsdPerHour;
    const measured = { ...next, metrics: told.metrics };
    const transition: Transition = {
      observation: state,
      proposed,
      applied: proposed.configuration,
      actor: "agent",
      actionProbability: proposed.probability ?? 1,
      reward,
      next: rate(step + 1) === rate(step) ? told : measured,
      windowS: 60,
      aborted: false,
      truncated: step === steps - 1,
    };
    agent.update(transition);
    log.push(JSON.stringify(toJson(proposed)));
    state = next;
  }
  return { log, state };
}

/** Two arms, 60 and 100 ms, each ±30 %. */
export const bandit: Toy = {
  space: knobLattice([knob("modelVariant", ["a", "b"])]),
  ratesRps: [50],
  latencyMs: ({ modelVariant }, _rate, random) => (modelVariant === "b" ? 60 : 100) * (0.7 + 0.6 * random.next()),
  costUsdPerHour: () => 1,
  initial: { modelVariant: "a" },
};

/** A 5 x 5 bowl with its lowest latency, 40 ms, at (8, 20). */
export const bowl: Toy = {
  space: knobLattice([knob("maxBatchSize", [1, 2, 4, 8, 16]), knob("maxBatchDelayMs", [0, 5, 10, 20, 50])]),
  ratesRps: [50],
  latencyMs(configuration, _rate, random) {
    const [b = 0, t = 0] = bowl.space.coordinates(configuration);
    return 40 * Math.exp(0.35 * ((b - 3) ** 2 + (t - 3) ** 2)) * (0.98 + 0.04 * random.next());
  },
  costUsdPerHour: () => 1,
  initial: { maxBatchSize: 1, maxBatchDelayMs: 0 },
};

/** The identity task: at the i-th rate the i-th variant is best. */
export const identity: Toy = {
  space: knobLattice([knob("modelVariant", ["small", "medium", "large"])]),
  ratesRps: [10, 100, 1000],
  latencyMs({ modelVariant }, rateRps) {
    const best = rateRps < 30 ? "small" : rateRps < 300 ? "medium" : "large";
    return modelVariant === best ? 50 : 150;
  },
  costUsdPerHour: () => 1,
  initial: { modelVariant: "medium" },
};

/** What every agent must do, learner or not. */
export function agentContract(factory: AgentFactory): void {
  const create = (toy: Toy, seed: number): Agent => factory.create(contextOf(toy, seed));

  test("acts inside the space", () => {
    for (const toy of [bandit, bowl, identity]) {
      const { log } = run(toy, create(toy, 1), 40, 1);
      for (const line of log) expect(toy.space.contains(readConfiguration(line))).toBe(true);
    }
  });

  test("the same seed trains to the same bytes", () => {
    const train = (): string => {
      const agent = create(bowl, 3);
      run(bowl, agent, 40, 3);
      return JSON.stringify([toJson(agent.save()), toJson(agent.policy().toJSON())]);
    };
    expect(train()).toBe(train());
  });

  test("restored from a snapshot it goes on as if never stopped", () => {
    const straight = create(bowl, 5);
    run(bowl, straight, 30, 5);
    const snapshot = JSON.parse(JSON.stringify(straight.save()));
    const restored = factory.restore(contextOf(bowl, 5), snapshot);
    expect(run(bowl, restored, 30, 6).log).toEqual(run(bowl, straight, 30, 6).log);
    expect(restored.save()).toEqual(straight.save());
  });

  test("refuses a snapshot of another agent or another form", () => {
    const snapshot = create(bowl, 1).save();
    expect(() => factory.restore(contextOf(bowl, 1), { ...snapshot, agent: "another" })).toThrow(CheckpointError);
    if (snapshot.state === null) return;
    expect(() => factory.restore(contextOf(bowl, 1), { ...snapshot, state: "damaged" })).toThrow(CheckpointError);
  });

  test("a policy is frozen: later updates leave it alone", () => {
    const agent = create(bowl, 7);
    const { state } = run(bowl, agent, 10, 7);
    const policy = agent.policy();
    const before = [JSON.stringify(toJson(policy.toJSON())), JSON.stringify(toJson(policy.act(state)))];
    run(bowl, agent, 30, 8);
    expect([JSON.stringify(toJson(policy.toJSON())), JSON.stringify(toJson(policy.act(state)))]).toEqual(before);
  });

  test("a policy read back from its spec acts alike, and a changed byte is refused", () => {
    const agent = create(identity, 9);
    run(identity, agent, 60, 9);
    const policy = agent.policy();
    const spec = policy.toJSON();
    const loaded = factory.load(contextOf(identity, 9), JSON.parse(JSON.stringify(spec)));
    const chance = new SeededRandom(1);
    for (let i = 0; i < 100; i++) {
      const state = stateOf(identity, identity.space.sample(chance), 5 * 400 ** chance.next(), [], chance);
      expect(loaded.act(state)).toEqual(policy.act(state));
    }
    expect(loaded.toJSON()).toEqual(JSON.parse(JSON.stringify(spec)));
    expect(() => factory.load(contextOf(identity, 9), { ...spec, seed: spec.seed + 1 })).toThrow(/sha256/);
  });
}

/** How long a learner may take, in multiples of the standard number of windows, and over which seeds. */
export interface LearnerPace {
  readonly patience: number;
  readonly seeds: readonly number[];
}

/** What every learner must learn, and within how many windows. */
export function learnerContract(factory: AgentFactory, pace: LearnerPace = { patience: 1, seeds: [1, 2, 3] }): void {
  const { patience, seeds } = pace;
  const bandits = 60 * patience;
  const lattices = 150 * patience;
  const identities = 180 * patience;

  test(`tells the better of two noisy arms within ${bandits} windows`, () => {
    for (const seed of seeds) {
      const agent = factory.create(contextOf(bandit, seed));
      const { state } = run(bandit, agent, bandits, seed);
      expect(agent.policy().act(state)).toEqual({ modelVariant: "b" });
    }
  });

  test(`finds the optimum of a 5 x 5 lattice within ${lattices} windows`, () => {
    for (const seed of seeds) {
      const agent = factory.create(contextOf(bowl, seed));
      const { state } = run(bowl, agent, lattices, seed);
      expect(sameConfiguration(agent.policy().act(state), { maxBatchSize: 8, maxBatchDelayMs: 20 })).toBe(true);
    }
  });

  test(`learns the identity: the i-th variant at the i-th load, within ${identities} windows`, () => {
    const agent = factory.create(contextOf(identity, 1));
    run(identity, agent, identities, 1, 10);
    const policy = agent.policy();
    const chosen = identity.ratesRps.map((rateRps) =>
      policy.act(stateOf(identity, identity.initial, rateRps, [], new SeededRandom(1))),
    );
    expect(chosen.map((configuration) => configuration["modelVariant"])).toEqual(["small", "medium", "large"]);
  });
}

function readConfiguration(line: string): unknown {
  const proposal: unknown = fromJson(JSON.parse(line));
  return typeof proposal === "object" && proposal !== null && "configuration" in proposal
    ? proposal.configuration
    : undefined;
}
