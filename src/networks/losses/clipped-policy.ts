// The clipped surrogate: improve on what was tried, but no further than the samples can vouch for.
//
// ρ = π(a|s)/π_old(a|s);  L = -mean min(ρ·A, clip(ρ, 1 ± ε)·A) + w_v·mean (V(s) - R)²/2 - w_e·mean H(π(·|s))
// divergence = mean (ρ - 1 - log ρ), an estimate of KL(π_old, π) that is never negative
// Source: J. Schulman et al., "Proximal policy optimization algorithms", arXiv 1707.06347, 2017, equations 7 and 9; the
// estimate is J. Schulman's, "Approximating KL divergence", 2020.

import * as tf from "@tensorflow/tfjs-core";
import { categorical, type LossOf } from "./batch.ts";

/** The loss of proximal policy optimization. */
export const clippedPolicy: LossOf<"clipped-policy"> = (batch, { clip, valueWeight, entropyWeight }) => {
  const { logProbability, entropy } = categorical(batch);
  const logRatio = tf.sub(logProbability, batch.logProbability);
  const ratio = tf.exp(logRatio);
  const surrogate = tf.minimum(
    tf.mul(ratio, batch.advantage),
    tf.mul(tf.clipByValue(ratio, 1 - clip, 1 + clip), batch.advantage),
  );
  const policyLoss = tf.neg(tf.mean<tf.Scalar>(surrogate));
  const valueLoss: tf.Scalar = tf.mul(0.5, tf.mean(tf.square(tf.sub(batch.value, batch.target))));
  const loss: tf.Scalar = tf.sub(tf.add(policyLoss, tf.mul(valueWeight, valueLoss)), tf.mul(entropyWeight, entropy));
  const divergence: tf.Scalar = tf.mean(tf.sub(tf.sub(ratio, 1), logRatio));
  return { loss, figures: { policyLoss, valueLoss, entropy, divergence } };
};
