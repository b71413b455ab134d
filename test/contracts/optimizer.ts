// The contract of optimizers: a suite that any registry entry passes, on every kind of problem.

import { optimizerPolicy } from "../../agents/optimizer-policy.ts";
import { type AgentContext, CheckpointError, ConfigError, type Solution } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import type { OptimizerEntry } from "../../src/optimizers/index.ts";
import { canonicalJson, fromJson } from "../../src/spaces/index.ts";
import {
  fleet,
  functions,
  host,
  type Moment,
  machines,
  objective,
  problem,
  state,
  type World,
  worlds,
} from "../optimizers/problems.ts";

/** Moments that have broken rules of thumb before: no traffic, no history, a surge, a change under way, a mask. */
function moments(world: World): Readonly<Record<string, Moment>> {
  const [first] = world.knobs;
  const held = first === undefined ? null : { [first.name]: [world.initial[first.name] ?? 0] };
  return {
    "steady load": { past: Array.from({ length: 30 }, () => ({ arrivalRateRps: 20 })) },
    "nothing measured yet": { unmeasured: true },
    "a first window": {},
    "no traffic": { rateRps: 0, utilization: 0, past: Array.from({ length: 30 }, () => ({ arrivalRateRps: 0 })) },
    "a surge": { rateRps: 45, peakRps: 60, dispersion: 6, utilization: 1, queueLength: 200 },
    "a change under way": { inFlight: world.initial, past: [{ arrivalRateRps: 10 }] },
    "windows of ten seconds": {
      windowS: 10,
      past: Array.from({ length: 359 }, (_, i) => ({ arrivalRateRps: i % 40 })),
    },
    "a forecast": { forecast: { method: "test", stepS: 60, ratesRps: [30, 40, 35], error: 0.1 } },
    "a mask": { mask: held },
  };
}

/** Problems that no configuration solves, where servers can be counted at all. */
const impossible: Readonly<Record<string, { moment: Moment; reason: RegExp }>> = {
  "an SLO below the fastest service time": {
    moment: { slo: [{ percentile: 0.98, latencyMs: 0.5 }] },
    reason: /SLO of 0\.5 ms.*fastest/,
  },
  "a budget of nothing": { moment: { limits: { usdPerHour: 0 } }, reason: /budget of 0 USD\/h/ },
  "no GPU and no vCPU": { moment: { limits: { vcpus: 0 } }, reason: /limits\.vcpus 0 binds/ },
  "a load above every limit": { moment: { rateRps: 1e6 }, reason: /load above every limit/ },
};

function contextOf(world: World): AgentContext {
  const { lattice, model, catalogue, limits, initial, intervalS } = problem(world);
  return {
    environment: "trimtab/Test-v0",
    space: lattice,
    random: new SeededRandom(1),
    seed: 1,
    model,
    objective,
    profilePoints: [],
    deviceRatios: {},
    catalogue,
    limits,
    host: null,
    initial,
    intervalS,
    optimizer: { name: "none", solve: () => ({ ...hold(world), explanation: "unused" }) },
  };
}

function hold(world: World): Solution {
  const { lattice } = problem(world);
  return {
    status: "infeasible",
    configuration: lattice.nearest(world.initial),
    prediction: null,
    evaluations: 0,
    explanation: "unused",
  };
}

/** The value after a way through a file. */
function stored<T>(value: T): T {
  return fromJson(JSON.parse(canonicalJson(value))) as T;
}

/** What every optimizer promises. */
export function optimizerContract(entry: OptimizerEntry): void {
  describe.each(Object.entries(worlds))("on %s", (_worldName, world) => {
    test.each(Object.entries(moments(world)))(
      "%s: an allowed configuration, a reason, the same every time",
      (_, moment) => {
        const posed = problem(world, moment);
        const solution = entry.create().solve(posed);
        expect(posed.lattice.contains(solution.configuration)).toBe(true);
        expect(solution.explanation.length).toBeGreaterThan(10);
        expect(solution.prediction === null).toBe(solution.status === "infeasible");
        expect(entry.create().solve(problem(world, moment))).toEqual(solution);
        for (const [name, values] of Object.entries(moment.mask ?? {})) {
          expect(values).toContain(solution.configuration[name]);
        }
      },
    );
  });

  test.each(Object.entries(impossible))("%s is infeasible, with the limit that binds, and holds", (_, given) => {
    const posed = problem(machines, given.moment);
    const solution = entry.create().solve(posed);
    expect(solution.status).toBe("infeasible");
    expect(solution.explanation).toMatch(given.reason);
    expect(solution.configuration).toEqual(posed.observation.configuration);
  });

  test("a budget of nothing is infeasible on one machine and on functions alone too", () => {
    for (const world of [host, functions]) {
      const solution = entry.create().solve(problem(world, { limits: { usdPerHour: 0 } }));
      expect(solution.status).toBe("infeasible");
      expect(solution.explanation).toMatch(/budget/);
    }
  });

  test("a budget, GPUs or vCPUs are never exceeded", () => {
    for (const usdPerHour of [0.5, 1, 2]) {
      const { configuration, status } = entry.create().solve(problem(fleet, { rateRps: 50, limits: { usdPerHour } }));
      if (status === "infeasible") continue;
      const { catalogue } = problem(fleet);
      const committed = catalogue.instances.reduce((sum, type) => {
        const onDemand = Number(configuration[`instances.${type.name}.onDemand`] ?? 0);
        const spot = Number(configuration[`instances.${type.name}.spot`] ?? 0);
        return sum + type.usdPerHour * (onDemand + spot * (type.spotPriceRatio ?? 1));
      }, 0);
      expect(committed).toBeLessThanOrEqual(usdPerHour * (1 + 1e-9));
    }
  });

  test("the sweep holds the defaults, and every point of it can be made", () => {
    expect(entry.sweep).toContainEqual(entry.settings);
    for (const settings of entry.sweep) expect(entry.create(settings).settings).toEqual(settings);
  });

  test("unknown settings and values of another kind are refused with their path", () => {
    expect(() => entry.create({ noSuchSetting: 1 })).toThrow(ConfigError);
    expect(() => entry.create({ noSuchSetting: 1 })).toThrow(`${entry.name}.noSuchSetting`);
    for (const [name, value] of Object.entries(entry.settings)) {
      expect(() => entry.create({ [name]: typeof value === "number" ? "many" : 17 })).toThrow(`${entry.name}.${name}`);
    }
  });

  test("as a policy it acts as it solves, and its spec loads to the same policy", () => {
    for (const world of Object.values(worlds)) {
      const context = contextOf(world);
      const factory = optimizerPolicy(entry);
      const agent = factory.create(context);
      const policy = agent.policy();
      const spec = policy.toJSON();
      expect(spec.kind).toBe(entry.name);
      const loaded = factory.load(context, stored(spec));
      const restored = factory.restore(context, stored(agent.save()));
      for (const moment of Object.values(moments(world))) {
        const seen = state(world, moment);
        const expected = entry.create().solve(problem(world, moment)).configuration;
        expect(policy.act(seen)).toEqual(expected);
        expect(loaded.act(seen)).toEqual(expected);
        expect(restored.act(seen).configuration).toEqual(expected);
      }
      expect(() => factory.load(context, { ...spec, seed: 99 })).toThrow(CheckpointError);
      expect(() => factory.load(context, { ...spec, kind: "other" })).toThrow(CheckpointError);
    }
  });
}
