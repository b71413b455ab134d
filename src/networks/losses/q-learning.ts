// The error of values of choices, where the value of a configuration is the state's plus what each knob's value adds.
//
// Q(s, a) = V(s) + Σ_k (A_k(s, a_k) - mean_b A_k(s, b));  L = mean huber(Q(s, a) - y)
// Source: Z. Wang et al., "Dueling network architectures for deep reinforcement learning", ICML 2016, equation 9;
// A. Tavakoli et al., "Action branching architectures for deep reinforcement learning", AAAI 2018 (a branch a knob).
// Differs: the branches add up to one value instead of being trained apart, so that what one knob costs is not charged to
// all; two networks in place of two streams of one.

import * as tf from "@tensorflow/tfjs-core";
import type { LossOf } from "./batch.ts";

/** Errors larger than this count linearly. */
const HUBER = 1;

function huber(error: tf.Tensor1D): tf.Tensor1D {
  const size = tf.abs(error);
  const square: tf.Tensor1D = tf.minimum(size, HUBER);
  return tf.add(tf.mul(0.5, tf.square(square)), tf.mul(HUBER, tf.sub(size, square)));
}

/** The loss of deep Q-learning. */
export const qLearning: LossOf<"q-learning"> = ({ scores, value, chosen, target, heads }) => {
  const shares = tf.tensor1d(heads.flatMap((values) => new Array<number>(values).fill(1 / values)));
  const advantage = tf.sum(tf.mul(scores, tf.sub(chosen, shares)), 1);
  const error: tf.Tensor1D = tf.sub(tf.add(value, advantage), target);
  const loss: tf.Scalar = tf.mean(huber(error));
  return { loss, figures: { meanError: tf.mean(tf.abs(error)) } };
};
