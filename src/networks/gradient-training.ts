// Training by TensorFlow.js: gradient steps on one vector of weights, by Adam, on whatever backend is in force.
//
// g = ∇L, shortened to `largestGradient` where longer;  m ← β1·m + (1-β1)·g;  v ← β2·v + (1-β2)·g²
// w ← w - α·m̂/(sqrt(v̂) + ε)
// Source: D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015; R. Pascanu et al., "On the difficulty
// of training recurrent neural networks", ICML 2013 (shortening gradients).

import * as tf from "@tensorflow/tfjs-core";
import type { Batch, Loss } from "./losses/batch.ts";
import { clippedPolicy } from "./losses/clipped-policy.ts";
import { imitation } from "./losses/imitation.ts";
import { qLearning } from "./losses/q-learning.ts";
import { parameterCount, parametersOf, withParameters } from "./parameters.ts";
import { tensorForward } from "./tensor-network.ts";
import type { AdamState, NetworkPair, Samples, TrainingJob, TrainingOutcome } from "./training-job.ts";

/** Adam's own defaults. */
const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;

function lossOf(job: TrainingJob, batch: Batch): Loss {
  const { loss } = job;
  switch (loss.name) {
    case "imitation":
      return imitation(batch, loss);
    case "clipped-policy":
      return clippedPolicy(batch, loss);
    case "q-learning":
      return qLearning(batch, loss);
  }
}

/** The rows of a column. */
function gathered(column: Float32Array, rows: Int32Array, total: number): Float32Array {
  const width = column.length / total;
  const found = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    found.set(column.subarray(row * width, (row + 1) * width), i * width);
  });
  return found;
}

function matrix(column: Float32Array, rows: Int32Array, total: number): tf.Tensor2D {
  const values = gathered(column, rows, total);
  return tf.tensor2d(values, [rows.length, values.length / rows.length]);
}

function vector(column: Float32Array, rows: Int32Array, total: number): tf.Tensor1D {
  return tf.tensor1d(gathered(column, rows, total));
}

function answers(
  { scores, value }: NetworkPair,
  weights: tf.Tensor1D,
  features: tf.Tensor2D,
  sequence: tf.Tensor2D,
): { scores: tf.Tensor2D; value: tf.Tensor2D } {
  return {
    scores: tensorForward(scores, weights, 0, features, sequence),
    value: tensorForward(value, weights, parameterCount(scores), features, sequence),
  };
}

/** One gradient step. @returns the loss's parts, as tensors the caller disposes of */
function step(job: TrainingJob, weights: tf.Variable<tf.Rank.R1>, adam: tf.AdamOptimizer, rows: Int32Array): Loss {
  return tf.tidy(() => {
    const { samples, networks, heads, largestGradient } = job;
    const column = (name: Exclude<keyof Samples, "rows">): Float32Array => samples[name];
    const features = matrix(column("features"), rows, samples.rows);
    const sequence = matrix(column("sequence"), rows, samples.rows);
    const given = {
      chosen: matrix(column("chosen"), rows, samples.rows),
      open: matrix(column("open"), rows, samples.rows),
      target: vector(column("target"), rows, samples.rows),
      advantage: vector(column("advantage"), rows, samples.rows),
      logProbability: vector(column("logProbability"), rows, samples.rows),
      heads,
    };
    let figures: Loss["figures"] = {};
    const { value: loss, grads } = tf.variableGrads(() => {
      const { scores, value } = answers(networks, weights, features, sequence);
      const found = lossOf(job, { ...given, scores, value: tf.reshape(value, [rows.length]) });
      figures = Object.fromEntries(Object.entries(found.figures).map(([name, figure]) => [name, tf.keep(figure)]));
      return found.loss;
    }, [weights]);
    const gradient = grads[weights.name];
    if (gradient === undefined) throw new RangeError("gradient: expected one of the weights, found none");
    const shortened = tf.mul(gradient, tf.minimum(1, tf.div(largestGradient, tf.add(tf.norm(gradient), 1e-12))));
    adam.applyGradients([{ name: weights.name, tensor: shortened }]);
    return { loss: tf.keep(loss), figures };
  });
}

function numbersOf({ loss, figures }: Loss): Record<string, number> {
  const parts = Object.entries({ loss, ...figures });
  const numbers = Object.fromEntries(parts.map(([name, figure]) => [name, figure.dataSync()[0] ?? Number.NaN]));
  for (const [, figure] of parts) figure.dispose();
  return numbers;
}

async function restoreMoments(adam: tf.AdamOptimizer, { steps, first, second }: AdamState): Promise<void> {
  const [iterations, m, v] = [tf.scalar(steps, "int32"), tf.tensor1d(first), tf.tensor1d(second)];
  await adam.setWeights([iterations, m, v].map((tensor, i) => ({ name: `adam ${i}`, tensor })));
  tf.dispose([iterations, m, v]);
}

async function momentsOf(adam: tf.AdamOptimizer, steps: number): Promise<AdamState> {
  const [iterations, m, v] = await adam.getWeights();
  const read = (named: typeof m): Float32Array => Float32Array.from(named?.tensor.dataSync() ?? []);
  iterations?.tensor.dispose();
  return { steps, first: read(m), second: read(v) };
}

/** Takes the gradient steps of a job. The same job gives the same numbers on the same backend. */
export async function trainNetworks(job: TrainingJob): Promise<TrainingOutcome> {
  const started = tf.tensor1d(parametersOf(job.networks));
  const weights = tf.variable(started);
  started.dispose();
  const adam = tf.train.adam(job.learningRate, BETA_1, BETA_2, EPSILON);
  await restoreMoments(adam, job.adam);
  const limit = job.loss.name === "clipped-policy" ? job.loss.largestDivergence : Number.POSITIVE_INFINITY;
  let figures: Record<string, number> = {};
  let steps = 0;
  for (const rows of job.batches) {
    figures = numbersOf(step(job, weights, adam, rows));
    steps += 1;
    if ((figures["divergence"] ?? 0) > limit) break;
  }
  const outcome = {
    networks: withParameters(job.networks, Float32Array.from(weights.dataSync())),
    adam: await momentsOf(adam, job.adam.steps + steps),
    steps,
    figures,
  };
  weights.dispose();
  adam.dispose();
  return outcome;
}

/** What TensorFlow.js makes of the samples: scores, shape [rows, scores], and values, shape [rows]. */
export function askNetworks(
  networks: NetworkPair,
  samples: Pick<Samples, "rows" | "features" | "sequence">,
): { scores: Float32Array; value: Float32Array } {
  return tf.tidy(() => {
    const all = Int32Array.from({ length: samples.rows }, (_, row) => row);
    const { scores, value } = answers(
      networks,
      tf.tensor1d(parametersOf(networks)),
      matrix(samples.features, all, samples.rows),
      matrix(samples.sequence, all, samples.rows),
    );
    return { scores: Float32Array.from(scores.dataSync()), value: Float32Array.from(value.dataSync()) };
  });
}
