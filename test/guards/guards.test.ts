// Each guard does what its first line says, at the edge of its condition.

import type { Configuration, Guard, GuardContext, Knob, Verdict } from "../../src/core/index.ts";
import {
  applyGuards,
  budget,
  cooldown,
  freezeWindow,
  handover,
  hysteresis,
  sloBrake,
  staleness,
  stepLimit,
} from "../../src/guards/index.ts";
import { knobLattice } from "../../src/spaces/index.ts";
import { clusterState, type StateFacts } from "./context.ts";

const knobs: readonly Knob[] = [
  {
    name: "machines",
    values: Array.from({ length: 41 }, (_, i) => i),
    actuation: "provision",
    actuationDelayS: 120,
    decideEveryS: 60,
  },
  { name: "large", values: [0, 1, 2, 3, 4], actuation: "provision", actuationDelayS: 120, decideEveryS: 0 },
  { name: "batch", values: [1, 2, 4, 8], actuation: "hot", actuationDelayS: 0, decideEveryS: 0 },
  { name: "variant", values: ["int8", "fp16", "fp32"], actuation: "reload", actuationDelayS: 5, decideEveryS: 0 },
];

const running: Configuration = { machines: 10, large: 1, batch: 2, variant: "int8" };

interface Facts extends Partial<StateFacts> {
  readonly inFlight?: Configuration;
  readonly nowS?: number;
  readonly lastChangeS?: Readonly<Record<string, number>>;
  readonly budgetUsdPerHour?: number;
}

function context({ inFlight, nowS = 1000, lastChangeS = {}, budgetUsdPerHour, ...facts }: Facts = {}): GuardContext {
  return {
    nowS,
    running: facts.configuration ?? running,
    inFlight: inFlight ?? null,
    lastChangeS,
    observation: clusterState({ timeS: 1000, configuration: running, ...facts }),
    lattice: knobLattice(knobs),
    objective: {
      minimize: "cost",
      slo: [{ percentile: 0.99, latencyMs: 100 }],
      reward: { referenceUsdPerHour: 1, latency: 1, miss: 1, change: 0 },
    },
    mode: "active",
    committedUsdPerHour: (configuration) => Number(configuration["machines"]) + 4 * Number(configuration["large"]),
    budgetUsdPerHour: budgetUsdPerHour ?? null,
  };
}

function ask(guard: Guard, change: Partial<Record<string, number | string>>, at: GuardContext): Verdict {
  return guard.check({ configuration: { ...running, ...change } as Configuration, reason: "test" }, at);
}

describe("step limit", () => {
  test("a quarter of the range is the furthest a knob goes in one pass", () => {
    // 41 values: a quarter of 40 steps is 10.
    const { proposal, reason } = ask(stepLimit(), { machines: 40 }, context());
    expect(proposal.configuration["machines"]).toBe(20);
    expect(reason).toBe("too far in one pass: machines 40 → 20");
    expect(ask(stepLimit(), { machines: 20 }, context()).reason).toBeUndefined();
  });

  test("a knob of few values still moves one step", () => {
    expect(ask(stepLimit({ share: 0.01 }), { batch: 8 }, context()).proposal.configuration["batch"]).toBe(4);
  });

  test("names have no halfway", () => {
    expect(ask(stepLimit({ share: 0.01 }), { variant: "fp32" }, context()).reason).toBeUndefined();
  });

  test("it counts from what is on its way, not from what still runs", () => {
    const at = context({ inFlight: { ...running, machines: 20 } });
    expect(ask(stepLimit(), { machines: 40 }, at).proposal.configuration["machines"]).toBe(30);
  });
});

describe("cooldown", () => {
  test("a knob is held for its own period after a change, to the second; the others are free", () => {
    const changed = (atS: number): GuardContext => context({ lastChangeS: { machines: atS, batch: atS } });
    const held = ask(cooldown(), { machines: 12, batch: 4 }, changed(941));
    expect(held.proposal.configuration).toMatchObject({ machines: 10, batch: 4 });
    expect(held.reason).toBe("machines changed 59 s ago, every 60 s");
    expect(ask(cooldown(), { machines: 12 }, changed(940)).reason).toBeUndefined();
  });

  test("a canary may be rolled back at any time", () => {
    const trial = { ...running, machines: 8 };
    const at = context({ inFlight: trial, canary: trial, lastChangeS: { machines: 999 } });
    expect(ask(cooldown(), {}, at).reason).toBeUndefined();
  });
});

describe("hysteresis", () => {
  const up = { past: [{ ...running, machines: 8 }, running], lastChangeS: { machines: 990 } };

  test("a knob just turned up is not turned down, further up it may go", () => {
    expect(ask(hysteresis(), { machines: 9 }, context(up)).proposal.configuration["machines"]).toBe(10);
    expect(ask(hysteresis(), { machines: 11 }, context(up)).reason).toBeUndefined();
  });

  test("after the window it may", () => {
    const at = context({ ...up, lastChangeS: { machines: 700 } });
    expect(ask(hysteresis(), { machines: 9 }, at).reason).toBeUndefined();
  });

  test("while the SLO is missed it may at once", () => {
    expect(ask(hysteresis(), { machines: 9 }, context({ ...up, missRatio: 0.5 })).reason).toBeUndefined();
  });
});

describe("handover", () => {
  test("machines are not let go while others are asked for", () => {
    const { proposal, reason } = ask(handover(), { machines: 2, large: 2 }, context());
    expect(proposal.configuration).toMatchObject({ machines: 10, large: 2 });
    expect(reason).toBe("machines not lowered while others are raised");
  });

  test("nor while they are launching; once they are ready they are", () => {
    const fleet = (launching: number) => ({ large: { ready: 1, launching, draining: 0, spot: 0 } });
    expect(ask(handover(), { machines: 2 }, context({ fleet: fleet(1) })).proposal.configuration["machines"]).toBe(10);
    expect(ask(handover(), { machines: 2 }, context({ fleet: fleet(0) })).reason).toBeUndefined();
  });
});

describe("SLO brake", () => {
  test("while the SLO is missed nothing is taken away; more may be added", () => {
    const missed = context({ missRatio: 0.02 });
    const { proposal, reason } = ask(sloBrake(), { machines: 9 }, missed);
    expect(proposal.configuration).toEqual(running);
    expect(reason).toBe("the SLO is being missed by 2.00 % of requests");
    expect(ask(sloBrake(), { machines: 11 }, missed).reason).toBeUndefined();
  });

  test("a window that just meets it is no miss, one without any answer is", () => {
    expect(ask(sloBrake(), { machines: 9 }, context({ missRatio: 0.01 })).reason).toBeUndefined();
    expect(ask(sloBrake(), { machines: 9 }, context({ missRatio: null })).reason).toBeDefined();
  });
});

describe("staleness", () => {
  test.each([
    [1030, false],
    [1030.1, true],
    [999, true],
    [Number.NaN, true],
  ])("at %p s, an observation of 10 s ending at 1000 s: stale is %p", (nowS, stale) => {
    expect(ask(staleness(), { machines: 11 }, context({ nowS })).reason !== undefined).toBe(stale);
  });
});

describe("freeze window", () => {
  test("holds from its first second to before its last, every day if asked", () => {
    const daily = freezeWindow([{ fromS: 1000, toS: 1100, everyS: 86_400 }]);
    const frozen = (nowS: number): boolean => ask(daily, { batch: 4 }, context({ nowS })).reason !== undefined;
    expect([999, 1000, 1099, 1100, 87_399, 87_400, 87_500].map(frozen)).toEqual([
      false,
      true,
      true,
      false,
      false,
      true,
      false,
    ]);
  });
});

describe("budget", () => {
  test("gives back what the proposal added before it touches what runs", () => {
    // 10 + 4 run; 30 + 4·3 = 42 were asked for, 30 may be spent.
    const { proposal } = ask(budget, { machines: 30, large: 3 }, context({ budgetUsdPerHour: 30 }));
    const { machines, large } = proposal.configuration;
    expect(Number(machines) + 4 * Number(large)).toBeLessThanOrEqual(30);
    expect(Number(machines)).toBeGreaterThanOrEqual(10);
    expect(Number(large)).toBeGreaterThanOrEqual(1);
  });

  test("lowered under the current use, it takes the use down at once, whatever the other guards hold", () => {
    const at = context({ budgetUsdPerHour: 6, lastChangeS: { machines: 999, large: 999 } });
    const { proposal, actions } = applyGuards({ configuration: running, reason: "stay" }, at, [
      cooldown(),
      stepLimit(),
    ]);
    const { machines, large } = proposal.configuration;
    expect(Number(machines) + 4 * Number(large)).toBeLessThanOrEqual(6);
    expect(actions.map(({ guard }) => guard)).toContain("budget");
  });

  test("a cost that is not a number is over any budget, and what runs is kept", () => {
    const at = { ...context({ budgetUsdPerHour: 30 }), committedUsdPerHour: () => Number.NaN };
    const { proposal, actions } = applyGuards({ configuration: { ...running, batch: 8 }, reason: "test" }, at);
    expect(proposal.configuration).toEqual(running);
    expect(actions.at(-1)?.reason).toMatch(/failed, the configuration in force is kept/);
  });
});

test("a decision passes all guards well within a millisecond", () => {
  const at = context({ past: Array.from({ length: 360 }, () => running), budgetUsdPerHour: 30 });
  const list = [stepLimit(), cooldown(), hysteresis(), handover(), sloBrake(), staleness(), freezeWindow()];
  const once = (machines: number): void => {
    applyGuards({ configuration: { ...running, machines }, reason: "test" }, at, list);
  };
  for (let i = 0; i < 200; i++) once(i % 41);
  const started = performance.now();
  for (let i = 0; i < 500; i++) once(i % 41);
  // Measured at 0.05 to 0.1 ms; the margin is for a machine busy with other tests.
  expect((performance.now() - started) / 500).toBeLessThan(1);
});
