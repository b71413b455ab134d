import fc from "fast-check";
import { CheckpointError } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import {
  compile,
  initialNetwork,
  type Network,
  networkFromJson,
  networkJson,
  networkSchema,
  ordinalBasis,
} from "../../src/networks/index.ts";

const float = (...values: number[]): Float32Array => Float32Array.from(values);

test("a dense network by hand: tanh(1·0.5 - 2·0.25 + 0.1) = tanh(0.1), then 2·tanh(0.1) - 1", () => {
  const network: Network = {
    inputs: 2,
    recurrent: null,
    layers: [
      { units: 1, activation: "tanh", kernel: float(0.5, 0.25), bias: float(0.1), fixed: false },
      { units: 1, activation: "linear", kernel: float(2), bias: float(-1), fixed: false },
    ],
  };
  expect(compile(network)([1, -2])[0]).toBeCloseTo(2 * Math.tanh(0.1) - 1, 6);
});

test("a gated recurrent unit by hand, two steps", () => {
  // One unit, one input; z and r see the input alone, the candidate sees input and gated state.
  const network: Network = {
    inputs: 1,
    recurrent: {
      units: 1,
      steps: 2,
      inputs: 1,
      kernel: float(0.5, -1, 2),
      recurrentKernel: float(0.25, 0.5, 1.5),
      bias: float(0.1, 0, -0.2),
    },
    layers: [{ units: 1, activation: "linear", kernel: float(1, 10), bias: float(0), fixed: false }],
  };
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  let h = 0;
  for (const x of [1, -0.5]) {
    const z = sigmoid(0.5 * x + 0.25 * h + 0.1);
    const r = sigmoid(-x + 0.5 * h);
    const c = Math.tanh(2 * x + 1.5 * r * h - 0.2);
    h = z * h + (1 - z) * c;
  }
  expect(compile(network)([3], [1, -0.5])[0]).toBeCloseTo(3 + 10 * h, 6);
});

test("a network read back from its JSON answers bit for bit alike", () => {
  const shape = {
    inputs: 3,
    hidden: [5],
    outputs: 2,
    sequence: { steps: 4, inputs: 2, units: 3 },
    basis: ordinalBasis([3]),
  };
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), (seed) => {
      const random = new SeededRandom(seed);
      const network = initialNetwork(shape, random);
      const back = networkFromJson(networkSchema.parse(JSON.parse(JSON.stringify(networkJson(network)))));
      const features = [random.next(), random.next(), random.next()];
      const sequence = Array.from({ length: 8 }, () => random.next());
      expect([...compile(back)(features, sequence)]).toEqual([...compile(network)(features, sequence)]);
    }),
    { numRuns: 20 },
  );
});

test("a kernel that does not fit the layer before it is refused, with both shapes", () => {
  const network = initialNetwork({ inputs: 3, hidden: [4], outputs: 2 }, new SeededRandom(1));
  const json = networkSchema.parse(networkJson({ ...network, inputs: 2 }));
  expect(() => networkFromJson(json)).toThrow(CheckpointError);
  expect(() => networkFromJson(json)).toThrow(/layers\[0\].kernel: expected shape \[2, 4\], found \[3, 4\]/);
});

test("the same stream of chance gives the same network, another stream another", () => {
  const made = (seed: number): unknown =>
    networkJson(initialNetwork({ inputs: 3, hidden: [4], outputs: 2 }, new SeededRandom(seed)));
  expect(made(1)).toEqual(made(1));
  expect(made(1)).not.toEqual(made(2));
});

test("up to five values every order of scores can be had; beyond, scores are smooth", () => {
  const { kernel, units } = ordinalBasis([3, 2, 1]);
  expect(units).toBe(6);
  // Legendre on {-1, 0, 1}: u, then (3u² - 1)/2; on {-1, 1}: u; a single value has no coefficient.
  expect([...kernel]).toEqual([-1, 0, 1, 0, 0, 0, 1, -0.5, 1, 0, 0, 0, 0, 0, 0, -1, 1, 0]);
  const long = ordinalBasis([61]);
  expect(long.kernel.length).toBe(4 * 61);
  const first = [...long.kernel.subarray(0, 61)];
  for (let j = 1; j < 61; j++) expect(first[j] ?? 0).toBeGreaterThan(first[j - 1] ?? 0);
});
