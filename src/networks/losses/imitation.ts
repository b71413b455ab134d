// Cloning: make the demonstrated choices likely, and learn what the states they led through were worth.
//
// L = -mean log π(a | s) + w_v·mean (V(s) - R)²/2
// Source: D. Pomerleau, "Efficient training of artificial neural networks for autonomous navigation", Neural
// Computation 3, 1991 (behaviour cloning).

import * as tf from "@tensorflow/tfjs-core";
import { categorical, type LossOf } from "./batch.ts";

/** The loss of cloning. */
export const imitation: LossOf<"imitation"> = (batch, { valueWeight }) => {
  const { logProbability, entropy } = categorical(batch);
  const policyLoss = tf.neg(tf.mean<tf.Scalar>(logProbability));
  const valueLoss: tf.Scalar = tf.mul(0.5, tf.mean(tf.square(tf.sub(batch.value, batch.target))));
  const loss: tf.Scalar = tf.add(policyLoss, tf.mul(valueWeight, valueLoss));
  return { loss, figures: { policyLoss, valueLoss, entropy } };
};
