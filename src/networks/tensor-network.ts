// A network as TensorFlow.js sees it: the sums of network.ts, on one vector of weights that gradients are taken of.

import * as tf from "@tensorflow/tfjs-core";
import { type DenseLayer, denseInputsOf, type Network, type RecurrentLayer } from "./network.ts";

/** Takes the next weights off the vector. */
type Take = (shape: [number] | [number, number]) => tf.Tensor;

function activated(layer: DenseLayer, sums: tf.Tensor2D): tf.Tensor2D {
  switch (layer.activation) {
    case "linear":
      return sums;
    case "tanh":
      return tf.tanh(sums);
    case "relu":
      return tf.relu(sums);
  }
}

/** @param sequence shape [rows, steps, inputs] @returns shape [rows, units] */
function recurrent(layer: RecurrentLayer, take: Take, sequence: tf.Tensor3D): tf.Tensor2D {
  const { units, steps, inputs } = layer;
  const rows = sequence.shape[0];
  const kernel = take([inputs, 3 * units]);
  const recurrentKernel = take([units, 3 * units]);
  const bias = take([3 * units]);
  const [gates, candidates] = tf.split(recurrentKernel, [2 * units, units], 1);
  if (gates === undefined || candidates === undefined) throw new RangeError("recurrent kernel: expected two parts");
  const fromInput = tf.add(tf.matMul(tf.reshape(sequence, [rows * steps, inputs]), kernel), bias);
  let state: tf.Tensor2D = tf.zeros([rows, units]);
  for (const step of tf.unstack(tf.reshape(fromInput, [rows, steps, 3 * units]), 1)) {
    const [inputGates, inputCandidate] = tf.split(step, [2 * units, units], 1);
    if (inputGates === undefined || inputCandidate === undefined) throw new RangeError("step: expected two parts");
    const [keep, reset] = tf.split(tf.sigmoid(tf.add(inputGates, tf.matMul(state, gates))), 2, 1);
    if (keep === undefined || reset === undefined) throw new RangeError("gates: expected two");
    const candidate = tf.tanh(tf.add(inputCandidate, tf.matMul(tf.mul(reset, state), candidates)));
    state = tf.add(candidate, tf.mul(keep, tf.sub(state, candidate)));
  }
  return state;
}

/**
 * The outputs of a network.
 * @param weights the vector that holds the network's learnt weights
 * @param from where they begin in it
 * @param features shape [rows, inputs]
 * @param sequence shape [rows, steps · inputs of a step]; not looked at where the network is not recurrent
 * @returns shape [rows, outputs]
 */
export function tensorForward(
  network: Network,
  weights: tf.Tensor1D,
  from: number,
  features: tf.Tensor2D,
  sequence: tf.Tensor2D,
): tf.Tensor2D {
  let at = from;
  const take: Take = (shape) => {
    const length = shape.reduce((product, side) => product * side, 1);
    const part = tf.slice(weights, [at], [length]);
    at += length;
    return tf.reshape(part, shape);
  };
  let x = features;
  if (network.recurrent !== null) {
    const { steps, inputs } = network.recurrent;
    const state = recurrent(network.recurrent, take, tf.reshape(sequence, [features.shape[0], steps, inputs]));
    x = tf.concat([features, state], 1);
  }
  let width = denseInputsOf(network);
  for (const layer of network.layers) {
    const kernel = layer.fixed ? tf.tensor2d(layer.kernel, [width, layer.units]) : take([width, layer.units]);
    const bias = layer.fixed ? tf.tensor1d(layer.bias) : take([layer.units]);
    x = activated(layer, tf.add(tf.matMul(x, kernel), bias));
    width = layer.units;
  }
  return x;
}
