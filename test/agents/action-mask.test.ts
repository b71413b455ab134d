import fc from "fast-check";
import { ActionMask } from "../../agents/action-mask.ts";
import type { ClusterState } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { knobLattice } from "../../src/spaces/index.ts";
import { bowl, knob, stateOf } from "../contracts/agent.ts";

const batch = knob("maxBatchSize", [1, 2, 4]);
const delay = knob("maxBatchDelayMs", [0, 10, 20]);
const threads = knob("intraOpThreads", [1, 2, 4, 8]);

const withoutDelay = knobLattice(
  [threads, batch, delay],
  (configuration) => configuration["maxBatchSize"] !== 1 || configuration["maxBatchDelayMs"] === 0,
);

const seenBy = (mask: ClusterState["mask"]): ClusterState => ({
  ...stateOf(bowl, bowl.initial, 1, [], new SeededRandom(1)),
  mask,
});

const scoresOf = (random: SeededRandom, width: number): number[] => Array.from({ length: width }, () => random.next());

test("equal remainders are one state: a batch of one leaves only the shortest delay", () => {
  expect(new ActionMask(withoutDelay).table).toEqual([
    [[0, 0, 0, 0]],
    [[0, 1, 1]],
    [
      [0, -1, -1],
      [0, 0, 0],
    ],
  ]);
});

test("every walk ends in an allowed configuration, and every allowed configuration is the end of a walk", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 36, maxLength: 36 }), (flags) => {
      const knobs = [threads, batch, delay];
      const all = knobLattice(knobs);
      const lattice = knobLattice(knobs, (configuration) => flags[all.index(configuration)] === true);
      fc.pre(flags.some(Boolean));
      const mask = new ActionMask(lattice);
      const reached = new Set<string>();
      for (const wanted of lattice.all()) {
        const positions = lattice.coordinates(wanted);
        const scores = knobs.flatMap(({ values }, k) => values.map((_, j) => (j === positions[k] ? 1 : 0)));
        const found = mask.configuration(mask.best(seenBy(null), scores));
        expect(lattice.allowed(found)).toBe(true);
        reached.add(JSON.stringify(found));
      }
      expect(reached.size).toBe(lattice.all().length);
    }),
    { numRuns: 40 },
  );
});

test("values the cluster closes are not chosen, unless that would leave nothing", () => {
  const mask = new ActionMask(withoutDelay);
  const random = new SeededRandom(2);
  for (let i = 0; i < 50; i++) {
    const scores = scoresOf(random, mask.width);
    const narrow = seenBy({ intraOpThreads: [2, 4], maxBatchDelayMs: [20] });
    const found = mask.configuration(mask.best(narrow, scores));
    expect([2, 4]).toContain(found["intraOpThreads"]);
    expect(found["maxBatchDelayMs"]).toBe(20);
    expect(found["maxBatchSize"]).not.toBe(1);
    const impossible = seenBy({ maxBatchSize: [1], maxBatchDelayMs: [10] });
    expect(withoutDelay.allowed(mask.configuration(mask.best(impossible, scores)))).toBe(true);
  }
});

test("a lattice too large to list has no table, and choices go to the nearest allowed configuration", () => {
  const many = Array.from({ length: 20 }, (_, i) => i);
  const large = knobLattice(
    [knob("replicas", many), knob("concurrency", many), knob("maxNumSeqs", many)],
    (configuration) => Number(configuration["replicas"]) + Number(configuration["concurrency"]) <= 20,
  );
  const mask = new ActionMask(large);
  expect(mask.table).toBeNull();
  const found = mask.configuration([19, 19, 3]);
  expect(large.allowed(found)).toBe(true);
  expect(found["maxNumSeqs"]).toBe(3);
});
