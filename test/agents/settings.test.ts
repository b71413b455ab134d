import { createAgent, findAgent } from "../../agents/index.ts";
import { Moves } from "../../agents/moves.ts";
import { ConfigError, UnknownNameError } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { knobLattice } from "../../src/spaces/index.ts";
import { bowl, contextOf, knob, run, stateOf } from "../contracts/agent.ts";

test("a name with settings gives the agent with those settings", () => {
  const agent = createAgent("region-q:radius=1,kernel=biweight,shrink=never", contextOf(bowl, 1));
  expect(agent.save().state).toMatchObject({ settings: { radius: 1, kernel: "biweight", shrink: "never" } });
});

test("unknown agents and settings are refused with what was expected", () => {
  expect(() => findAgent("region-x")).toThrow(UnknownNameError);
  expect(() => findAgent("region-x")).toThrow(/q-table.*found "region-x"/);
  expect(() => findAgent("q-table:radius=1")).toThrow(ConfigError);
  expect(() => findAgent("region-q:radius=-1")).toThrow(/radius/);
  expect(() => findAgent("region-q:radius")).toThrow(/key=value/);
  expect(() => findAgent("region-q:radius=1,radius=2")).toThrow(/each once/);
});

test("a large fleet lattice is learnt on without listing it, in moves of at most two steps a knob", () => {
  const fleet = {
    ...bowl,
    space: knobLattice(
      Array.from({ length: 12 }, (_, i) =>
        knob(
          `instances.t${i}.onDemand`,
          Array.from({ length: 61 }, (__, n) => n),
        ),
      ),
    ),
    latencyMs: (configuration: Readonly<Record<string, number | string>>) =>
      50 + 500 / (1 + Number(configuration["instances.t3.onDemand"])),
    initial: Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`instances.t${i}.onDemand`, 1])),
  };
  expect(fleet.space.count).toBeGreaterThan(2 ** 53);
  for (const name of ["q-table", "region-q", "random"]) {
    const agent = createAgent(name, contextOf(fleet, 1));
    const { log } = run(fleet, agent, 60, 1);
    expect(log).toHaveLength(60);
    const { state } = run(fleet, createAgent(name, contextOf(fleet, 2)), 1, 1);
    const next = agent.act(state).configuration;
    expect(fleet.space.contains(next)).toBe(true);
  }
  const state = stateOf(fleet, fleet.initial, 10, [], new SeededRandom(1));
  for (const move of new Moves(fleet.space, 2).open(state)) {
    expect(fleet.space.distance(fleet.initial, move.configuration)).toBeLessThanOrEqual(2);
  }
});

test("values masked out now are not proposed", () => {
  const state = { ...stateOf(bowl, bowl.initial, 10, [], new SeededRandom(1)), mask: { maxBatchSize: [4] } };
  const open = new Moves(bowl.space, 1).open(state);
  expect(open).toHaveLength(5);
  expect(open.every((move) => move.configuration["maxBatchSize"] === 4)).toBe(true);
});
