import { SeededRandom } from "../../src/math/index.ts";
import {
  compile,
  freshAdam,
  initialNetwork,
  type LossSpec,
  type Network,
  type NetworkPair,
  ordinalBasis,
  parametersOf,
  rescaled,
  type Samples,
  Trainer,
  type TrainingJob,
  type TrainingOutcome,
} from "../../src/networks/index.ts";

const trainer = new Trainer("wasm");
afterAll(() => trainer.close());

const float = (...values: number[]): Float32Array => Float32Array.from(values);

/** One linear layer. @param kernel shape [1, outputs] */
const line = (...kernel: number[]): Network => ({
  inputs: 1,
  recurrent: null,
  layers: [
    {
      units: kernel.length,
      activation: "linear",
      kernel: float(...kernel),
      bias: new Float32Array(kernel.length),
      fixed: false,
    },
  ],
});

const nothing = new Float32Array();

/** One sample of one feature that is 1; a knob of three values. */
const one: Samples = {
  rows: 1,
  features: float(1),
  sequence: nothing,
  chosen: float(1, 0, 0),
  open: float(1, 1, 1),
  target: float(0),
  advantage: float(0),
  logProbability: float(0),
};

function jobOf(loss: LossSpec, samples: Samples, networks: NetworkPair, heads: readonly number[] = [3]): TrainingJob {
  return {
    networks,
    adam: freshAdam(networks),
    heads,
    loss,
    samples,
    batches: [Int32Array.from({ length: samples.rows }, (_, i) => i)],
    learningRate: 0.01,
    largestGradient: 1e9,
  };
}

const pair = (scores: Network, value: Network = line(0)): NetworkPair => ({ scores, value });

const kernelOf = ({ networks }: TrainingOutcome): number[] => [...(networks.scores.layers[0]?.kernel ?? [])];

const imitation: LossSpec = { name: "imitation", valueWeight: 0.5 };

const clipped: LossSpec = {
  name: "clipped-policy",
  clip: 0.2,
  valueWeight: 0.5,
  entropyWeight: 0,
  largestDivergence: Number.POSITIVE_INFINITY,
};

test("cloning: the loss is -log softmax of what was shown, and a step makes it likelier and the rest less", () => {
  const outcome = trainer.train(jobOf(imitation, one, pair(line(0.1, 0.2, 0.3))));
  const exps = [0.1, 0.2, 0.3].map(Math.exp);
  const sum = exps.reduce((a, b) => a + b, 0);
  expect(outcome.figures["policyLoss"]).toBeCloseTo(-Math.log((exps[0] ?? 0) / sum), 5);
  // The first step of Adam is the learning rate against the gradient's sign: softmax - 1 for the shown, softmax for others.
  expect(kernelOf(outcome)[0]).toBeCloseTo(0.11, 4);
  expect(kernelOf(outcome)[1]).toBeCloseTo(0.19, 4);
  expect(kernelOf(outcome)[2]).toBeCloseTo(0.29, 4);
});

test("the mask: a closed value has probability 0, takes none from the others and is not learnt about", () => {
  const masked = { ...one, open: float(1, 1, 0) };
  const outcome = trainer.train(jobOf(imitation, masked, pair(line(0.1, 0.2, 30))));
  expect(outcome.figures["policyLoss"]).toBeCloseTo(Math.log(1 + Math.exp(0.1)), 5);
  const [p, q] = [1 / (1 + Math.exp(0.1)), 1 / (1 + Math.exp(-0.1))];
  expect(outcome.figures["entropy"]).toBeCloseTo(-p * Math.log(p) - q * Math.log(q), 5);
  expect(kernelOf(outcome)[2]).toBe(30);
});

test("the probability of a configuration is the product over its knobs", () => {
  const two = { ...one, chosen: float(0, 1, 1, 0, 0), open: float(1, 1, 1, 1, 1) };
  const outcome = trainer.train(jobOf(imitation, two, pair(line(0, 0.5, 0.1, 0.2, 0.3)), [2, 3]));
  const first = Math.log(1 + Math.exp(-0.5));
  const second = Math.log(1 + Math.exp(0.1) + Math.exp(0.2));
  expect(outcome.figures["policyLoss"]).toBeCloseTo(first + second, 5);
});

test("clipping: a choice already 1.2 times likelier and good, or 0.8 times and bad, is left alone", () => {
  const now = -Math.log(3);
  const after = (ratio: number, advantage: number): TrainingOutcome => {
    const samples = { ...one, advantage: float(advantage), logProbability: float(now - Math.log(ratio)) };
    return trainer.train(jobOf(clipped, samples, pair(line(0, 0, 0))));
  };
  expect(kernelOf(after(1.3, 2))).toEqual([0, 0, 0]);
  expect(kernelOf(after(0.7, -2))).toEqual([0, 0, 0]);
  // Towards the old policy the gradient is not cut off.
  expect(kernelOf(after(1.3, -2))[0]).toBeCloseTo(-0.01, 4);
  expect(kernelOf(after(0.7, 2))[0]).toBeCloseTo(0.01, 4);
  const { figures } = after(1.3, 2);
  expect(figures["policyLoss"]).toBeCloseTo(-1.2 * 2, 5);
  expect(figures["divergence"]).toBeCloseTo(1.3 - 1 - Math.log(1.3), 5);
});

test("a job ends early when the policy has moved too far from the one that took the samples", () => {
  const samples = { ...one, advantage: float(1), logProbability: float(-Math.log(3)) };
  const job = jobOf({ ...clipped, clip: 10, largestDivergence: 0.001 }, samples, pair(line(0, 0, 0)));
  const outcome = trainer.train({ ...job, batches: Array.from({ length: 100 }, () => Int32Array.of(0)) });
  expect(outcome.steps).toBeGreaterThan(1);
  expect(outcome.steps).toBeLessThan(100);
  expect(outcome.figures["divergence"]).toBeGreaterThan(0.001);
});

test("the value of a state is pulled towards its target by half the squared error", () => {
  const outcome = trainer.train(jobOf(clipped, { ...one, target: float(-2) }, pair(line(0, 0, 0), line(0.5))));
  expect(outcome.figures["valueLoss"]).toBeCloseTo(0.5 * 2.5 ** 2, 4);
  expect(outcome.networks.value.layers[0]?.kernel[0]).toBeCloseTo(0.49, 4);
});

test("Q-learning: the state's value plus what the choice adds over the knob's mean, by Huber's error", () => {
  // Q = 1 + (0.4 - 0.1) = 1.3; target 0 counts 1.3 - 0.5 beyond Huber's 1.
  const outcome = trainer.train(jobOf({ name: "q-learning" }, one, pair(line(0.4, 0.1, -0.2), line(1))));
  expect(outcome.figures["loss"]).toBeCloseTo(1.3 - 0.5, 5);
  expect(outcome.figures["meanError"]).toBeCloseTo(1.3, 5);
  expect(kernelOf(outcome)[0]).toBeCloseTo(0.39, 4);
  expect(kernelOf(outcome)[1]).toBeCloseTo(0.11, 4);
});

const wide: NetworkPair = {
  scores: initialNetwork(
    {
      inputs: 5,
      hidden: [16, 16],
      outputs: 7,
      sequence: { steps: 6, inputs: 3, units: 8 },
      basis: ordinalBasis([9, 2, 3]),
    },
    new SeededRandom(7),
  ),
  value: initialNetwork({ inputs: 5, hidden: [8], outputs: 1 }, new SeededRandom(8)),
};

function samplesOf(seed: number, rows: number): Samples {
  const random = new SeededRandom(seed);
  const column = (width: number): Float32Array =>
    Float32Array.from({ length: rows * width }, () => 2 * random.next() - 1);
  const chosen = new Float32Array(rows * 14);
  for (let row = 0; row < rows; row++) {
    for (const [from, values] of [
      [0, 9],
      [9, 2],
      [11, 3],
    ] as const) {
      chosen[row * 14 + from + Math.floor(random.next() * values)] = 1;
    }
  }
  return {
    rows,
    features: column(5),
    sequence: column(18),
    chosen,
    open: new Float32Array(rows * 14).fill(1),
    target: column(1),
    advantage: column(1),
    logProbability: new Float32Array(rows).fill(-Math.log(54)),
  };
}

const trained = (by: Trainer, from: TrainingJob): TrainingOutcome[] => {
  const first = by.train(from);
  return [first, by.train({ ...from, networks: first.networks, adam: first.adam })];
};

test("compiled to plain arrays a trained network agrees with TensorFlow.js within 1e-5", () => {
  const samples = samplesOf(3, 32);
  const job = jobOf(imitation, samples, wide, [9, 2, 3]);
  const { networks } = trainer.train({
    ...job,
    batches: Array.from({ length: 20 }, () => job.batches[0] ?? nothing32),
  });
  const library = trainer.ask(networks, samples);
  const [scores, value] = [compile(networks.scores), compile(networks.value)];
  let largest = 0;
  let moved = 0;
  for (let row = 0; row < samples.rows; row++) {
    const features = samples.features.subarray(row * 5, row * 5 + 5);
    const found = scores(features, samples.sequence.subarray(row * 18, row * 18 + 18));
    found.forEach((score, j) => {
      largest = Math.max(largest, Math.abs(score - (library.scores[row * 14 + j] ?? Number.NaN)));
      moved = Math.max(moved, Math.abs(score));
    });
    largest = Math.max(largest, Math.abs((value(features)[0] ?? 0) - (library.value[row] ?? Number.NaN)));
  }
  expect(largest).toBeLessThan(1e-5);
  expect(moved).toBeGreaterThan(0.1);
});

const nothing32 = new Int32Array();

test("the same job gives the same bytes, in the same worker and in another, and leaves no tensor behind", () => {
  const job = jobOf(clipped, samplesOf(5, 16), wide, [9, 2, 3]);
  const first = trained(trainer, job);
  const { tensors } = trainer.memory;
  expect(trained(trainer, job)).toEqual(first);
  expect(trainer.memory.tensors).toBe(tensors);
  const another = new Trainer("wasm");
  expect(trained(another, job)).toEqual(first);
  another.close();
});

test("a worker that has grown is replaced between jobs, and nobody can tell from the weights", () => {
  const job = jobOf(clipped, samplesOf(6, 16), wide, [9, 2, 3]);
  const recycling = new Trainer("wasm", 1);
  expect(trained(recycling, job)).toEqual(trained(trainer, job));
  expect(recycling.workers).toBe(2);
  recycling.close();
});

test("gradients longer than the limit are shortened: the step of plain Adam does not change, its moments do", () => {
  const job = jobOf(imitation, one, pair(line(0.1, 0.2, 0.3)));
  const length = ({ adam }: TrainingOutcome): number => Math.hypot(...adam.first) / 0.1;
  expect(length(trainer.train(job))).toBeGreaterThan(0.5);
  expect(length(trainer.train({ ...job, largestGradient: 0.25 }))).toBeCloseTo(0.25, 4);
});

test("a job that cannot be done is an error with its reason, and the next one is done", () => {
  const job = jobOf(imitation, { ...one, features: float(1, 2) }, pair(line(0, 0, 0)));
  expect(() => trainer.train(job)).toThrow(/training worker, backend wasm: /);
  expect(trainer.train(jobOf(imitation, one, pair(line(0, 0, 0)))).steps).toBe(1);
});

test("a backend that is not installed is an error that names it", () => {
  expect(() => new Trainer("tensorflow").train(jobOf(imitation, one, pair(line(0, 0, 0))))).toThrow(
    /backend tensorflow/,
  );
});

test("outputs are rescaled in front of the fixed basis, all by the same factor", () => {
  const [before, after] = [compile(wide.value), compile(rescaled(wide.value, 3, -2))];
  const features = [0.1, -0.2, 0.3, 0.5, -1];
  expect(after(features)[0]).toBeCloseTo(3 * (before(features)[0] ?? 0) - 2, 5);
  expect(parametersOf(wide).length).toBe(freshAdam(wide).first.length);
});
