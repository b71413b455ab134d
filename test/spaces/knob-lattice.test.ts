import fc from "fast-check";
import type { Knob } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { knobLattice } from "../../src/spaces/index.ts";

function knob(name: string, values: Knob["values"]): Knob {
  return { name, values, actuation: "hot", actuationDelayS: 0, decideEveryS: 0 };
}

const knobs = [
  knob("maxBatchSize", [1, 2, 4, 8]),
  knob("maxBatchDelayMs", [0, 10, 20]),
  knob("offloadThresholdMs", [0, 100, Infinity]),
];
const batchOneNeedsNoDelay = (c: Readonly<Record<string, unknown>>): boolean =>
  c["maxBatchSize"] !== 1 || c["maxBatchDelayMs"] === 0;
const lattice = knobLattice(knobs, batchOneNeedsNoDelay);

test("index and configuration are inverse, in canonical order with the last knob fastest", () => {
  for (let index = 0; index < lattice.count; index++) expect(lattice.index(lattice.configuration(index))).toBe(index);
  expect(lattice.configuration(1)).toEqual({ maxBatchSize: 1, maxBatchDelayMs: 0, offloadThresholdMs: 100 });
});

test("all() leaves out exactly what the mask refuses", () => {
  expect(lattice.count).toBe(36);
  expect(lattice.all()).toHaveLength(36 - 2 * 3);
  expect(lattice.all().every(batchOneNeedsNoDelay)).toBe(true);
});

test("neighbours are the allowed configurations at a distance of 1 to r", () => {
  for (const centre of lattice.all()) {
    for (const radius of [1, 2]) {
      const expected = lattice
        .all()
        .filter((c) => lattice.distance(c, centre) <= radius && lattice.distance(c, centre) > 0);
      expect(lattice.neighbors(centre, radius)).toEqual(expected);
    }
  }
});

test("samples are members, decode inverts encode, and decode always gives a member", () => {
  const random = new SeededRandom(7);
  for (let i = 0; i < 200; i++) {
    const sample = lattice.sample(random);
    expect(lattice.contains(sample)).toBe(true);
    expect(lattice.decode(lattice.encode(sample))).toEqual(sample);
  }
  fc.assert(
    fc.property(fc.array(fc.double(), { minLength: 3, maxLength: 3 }), (vector) =>
      lattice.contains(lattice.decode(vector)),
    ),
  );
});

test("nearest clamps to the range and then goes to the closest allowed configuration", () => {
  expect(lattice.nearest({ maxBatchSize: 5, maxBatchDelayMs: 99, offloadThresholdMs: Infinity })).toEqual({
    maxBatchSize: 4,
    maxBatchDelayMs: 20,
    offloadThresholdMs: Infinity,
  });
  expect(batchOneNeedsNoDelay(lattice.nearest({ maxBatchSize: 1, maxBatchDelayMs: 20, offloadThresholdMs: 0 }))).toBe(
    true,
  );
});

test("a value off the lattice is refused with the knob, the choices and what was found", () => {
  expect(() => lattice.index({ maxBatchSize: 3, maxBatchDelayMs: 0, offloadThresholdMs: 0 })).toThrow(
    /maxBatchSize: expected one of 1, 2, 4, 8, found 3/,
  );
  expect(lattice.contains({ maxBatchSize: 3, maxBatchDelayMs: 0, offloadThresholdMs: 0 })).toBe(false);
  expect(lattice.contains(null)).toBe(false);
});

test("knobs without values, with repeated values or with repeated names are refused", () => {
  expect(() => knobLattice([knob("a", [])])).toThrow(/at least one value/);
  expect(() => knobLattice([knob("a", [1, 1])])).toThrow(/none repeated/);
  expect(() => knobLattice([knob("a", [1]), knob("a", [2])])).toThrow(/used once/);
});
