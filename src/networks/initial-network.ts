// Fresh networks: random enough to break the ties between units, near zero at the outputs.
//
// K ~ U(±sqrt(6/(inputs + units)));  b = 0
// Source: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.

import type { Random } from "../core/index.ts";
import type { Activation, DenseLayer, Network, RecurrentLayer } from "./network.ts";

/** The last learnt layer starts this much smaller, so that at first all outputs are nearly alike. */
const OUTPUT_SCALE = 0.01;

function uniform(height: number, width: number, scale: number, random: Random): Float32Array {
  const limit = scale * Math.sqrt(6 / (height + width));
  return Float32Array.from({ length: height * width }, () => limit * (2 * random.next() - 1));
}

function dense(inputs: number, units: number, activation: Activation, scale: number, random: Random): DenseLayer {
  const kernel = uniform(inputs, units, scale, random);
  return { units, activation, kernel, bias: new Float32Array(units), fixed: false };
}

/** The sequence a recurrent layer reads. */
export interface SequenceShape {
  readonly steps: number;
  readonly inputs: number;
  readonly units: number;
}

function recurrentLayer({ steps, inputs, units }: SequenceShape, random: Random): RecurrentLayer {
  return {
    steps,
    inputs,
    units,
    kernel: uniform(inputs, 3 * units, 1, random.split("kernel")),
    recurrentKernel: uniform(units, 3 * units, 1, random.split("recurrent kernel")),
    bias: new Float32Array(3 * units),
  };
}

/** What a fresh network looks like. */
export interface NetworkShape {
  readonly inputs: number;
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly sequence?: SequenceShape;
  /** A given linear layer behind the outputs. */
  readonly basis?: DenseLayer;
}

/** A fresh network with tanh units. The same stream of chance gives the same network. */
export function initialNetwork({ inputs, hidden, outputs, sequence, basis }: NetworkShape, random: Random): Network {
  const recurrent = sequence === undefined ? null : recurrentLayer(sequence, random.split("recurrent"));
  let width = inputs + (recurrent?.units ?? 0);
  const layers = hidden.map((units, i) => {
    const layer = dense(width, units, "tanh", 1, random.split(`layer ${i}`));
    width = units;
    return layer;
  });
  layers.push(dense(width, outputs, "linear", OUTPUT_SCALE, random.split("outputs")));
  return { inputs, recurrent, layers: basis === undefined ? layers : [...layers, basis] };
}
