import fc from "fast-check";
import { ActionMask } from "../../agents/action-mask.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { knobLattice } from "../../src/spaces/index.ts";
import { knob } from "../contracts/agent.ts";

const batch = knob("maxBatchSize", [1, 2, 4]);
const delay = knob("maxBatchDelayMs", [0, 10, 20]);
const threads = knob("intraOpThreads", [1, 2, 4, 8]);

const withoutDelay = knobLattice(
  [threads, batch, delay],
  (configuration) => configuration["maxBatchSize"] !== 1 || configuration["maxBatchDelayMs"] === 0,
);

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
        const found = mask.configuration(mask.best(null, scores));
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
    const narrow = { intraOpThreads: [2, 4], maxBatchDelayMs: [20] };
    const found = mask.configuration(mask.best(narrow, scores));
    expect([2, 4]).toContain(found["intraOpThreads"]);
    expect(found["maxBatchDelayMs"]).toBe(20);
    expect(found["maxBatchSize"]).not.toBe(1);
    const impossible = { maxBatchSize: [1], maxBatchDelayMs: [10] };
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

test("draws follow the softmax of the open scores, and tell their probability", () => {
  const mask = new ActionMask(withoutDelay);
  const random = new SeededRandom(4);
  const scores = [0, 0, 0, 0, Math.log(3), Math.log(1), Math.log(1), 0, 0, Math.log(2)];
  const counts = new Map<string, number>();
  const draws = 4000;
  for (let i = 0; i < draws; i++) {
    const { positions, probability } = mask.draw(null, scores, random);
    const [, batchAt = 0, delayAt = 0] = positions;
    // A batch of one has 3/5 and then no choice; others 1/5 each, and then 1/4, 1/4 or 1/2.
    expect(probability).toBeCloseTo((1 / 4) * (batchAt === 0 ? 3 / 5 : (1 / 5) * (delayAt === 2 ? 1 / 2 : 1 / 4)), 12);
    const key = `${batchAt} ${delayAt}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  // Four standard deviations of a binomial of 4,000.
  expect(Math.abs((counts.get("0 0") ?? 0) / draws - 0.6)).toBeLessThan(0.031);
  expect(Math.abs((counts.get("1 2") ?? 0) / draws - 0.1)).toBeLessThan(0.019);
  expect(counts.get("0 1")).toBeUndefined();
});

test("what was open is told along the way that was taken", () => {
  const mask = new ActionMask(withoutDelay);
  expect([...mask.openTo(null, [1, 0, 0])]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
  expect([...mask.openTo(null, [1, 2, 0])]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
});
