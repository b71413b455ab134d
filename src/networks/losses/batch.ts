// What a loss is given: the samples of one gradient step as tensors, and the networks' answers to them.

import * as tf from "@tensorflow/tfjs-core";
import type { LossSpec } from "../training-job.ts";

/** One gradient step's samples, and what the networks say of them. */
export interface Batch {
  /** Shape [rows, scores]. */
  readonly scores: tf.Tensor2D;
  /** Shape [rows]. */
  readonly value: tf.Tensor1D;
  readonly chosen: tf.Tensor2D;
  readonly open: tf.Tensor2D;
  readonly target: tf.Tensor1D;
  readonly advantage: tf.Tensor1D;
  readonly logProbability: tf.Tensor1D;
  /** Number of values of each knob. */
  readonly heads: readonly number[];
}

/** What is minimised, and its parts by name. */
export interface Loss {
  readonly loss: tf.Scalar;
  readonly figures: Readonly<Record<string, tf.Scalar>>;
}

/** A loss of one kind. */
export type LossOf<Name extends LossSpec["name"]> = (
  batch: Batch,
  spec: Extract<LossSpec, { readonly name: Name }>,
) => Loss;

/** Added to the scores of closed values: e to this is nothing. */
const CLOSED = -1e9;

/** Matrix that spreads the scores of knobs of different lengths over equal ones, shape [scores, knobs · longest]. */
function spread(heads: readonly number[]): tf.Tensor2D {
  const longest = Math.max(...heads);
  const scores = heads.reduce((sum, values) => sum + values, 0);
  const matrix = new Float32Array(scores * heads.length * longest);
  let row = 0;
  heads.forEach((values, k) => {
    for (let j = 0; j < values; j++) matrix[row++ * heads.length * longest + k * longest + j] = 1;
  });
  return tf.tensor2d(matrix, [scores, heads.length * longest]);
}

/** A choice knob by knob. */
export interface Categorical {
  /** Logarithm of the probability of what was chosen, shape [rows]. */
  readonly logProbability: tf.Tensor1D;
  /** Entropy in nats, summed over knobs, mean over rows. */
  readonly entropy: tf.Scalar;
}

/** Softmax over the open values of each knob; a choice is one value of each. */
export function categorical({ scores, chosen, open, heads }: Batch): Categorical {
  const longest = Math.max(...heads);
  const shape: [number, number, number] = [scores.shape[0], heads.length, longest];
  const matrix = spread(heads);
  const wide = (values: tf.Tensor2D): tf.Tensor3D => tf.reshape(tf.matMul(values, matrix), shape);
  const isOpen = wide(open);
  const closed = tf.mul(tf.sub(1, isOpen), CLOSED);
  const logits = tf.add(wide(scores), closed);
  const log = tf.sub(logits, tf.logSumExp(logits, 2, true));
  const logProbability: tf.Tensor1D = tf.sum(tf.mul(wide(chosen), log), [1, 2]);
  // A closed value has probability 0 and a logarithm that is no number worth multiplying with.
  const finite = tf.mul(log, isOpen);
  const entropy = tf.neg(tf.mean<tf.Scalar>(tf.sum(tf.mul(tf.exp(log), finite), [1, 2])));
  return { logProbability, entropy };
}
