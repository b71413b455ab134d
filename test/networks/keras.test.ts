// The sums of src/networks against a library that did not learn them from us: Keras's layers, as TensorFlow.js has them.

import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as keras from "@tensorflow/tfjs-layers";
import { SeededRandom } from "../../src/math/index.ts";
import { compile, initialNetwork, type Network } from "../../src/networks/index.ts";

beforeAll(() => {
  tf.enableProdMode();
});

/** The same network out of Keras's layers; zeros where it would draw weights of its own. */
function modelOf(network: Network): keras.LayersModel {
  const { recurrent, inputs } = network;
  if (recurrent === null) throw new Error("network: expected a recurrent one");
  const zeros = { kernelInitializer: "zeros", recurrentInitializer: "zeros" } as const;
  const sequence = keras.input({ shape: [recurrent.steps, recurrent.inputs] });
  const features = keras.input({ shape: [inputs] });
  const gru = keras.layers.gru({ units: recurrent.units, recurrentActivation: "sigmoid", ...zeros });
  let x = keras.layers.concatenate().apply([features, gru.apply(sequence) as keras.SymbolicTensor]);
  for (const { units, activation } of network.layers) {
    x = keras.layers.dense({ units, activation, kernelInitializer: "zeros" }).apply(x);
  }
  const model = keras.model({ inputs: [features, sequence], outputs: x as keras.SymbolicTensor });
  const { kernel, recurrentKernel, bias, units } = recurrent;
  const width = 3 * units;
  let from = inputs + units;
  model.setWeights([
    tf.tensor2d(kernel, [recurrent.inputs, width]),
    tf.tensor2d(recurrentKernel, [units, width]),
    tf.tensor1d(bias),
    ...network.layers.flatMap((layer) => {
      const weights = [tf.tensor2d(layer.kernel, [from, layer.units]), tf.tensor1d(layer.bias)];
      from = layer.units;
      return weights;
    }),
  ]);
  return model;
}

test("a recurrent unit and dense layers give what Keras's give, within 1e-5", () => {
  const random = new SeededRandom(11);
  const sequence = { steps: 8, inputs: 5, units: 6 };
  const drawn = initialNetwork({ inputs: 4, hidden: [10, 10], outputs: 6, sequence }, random);
  const louder = drawn.layers.map((layer) => ({ ...layer, bias: layer.bias.map(() => random.next() - 0.5) }));
  const network = { ...drawn, layers: louder };
  const rows = 20;
  const values = (length: number): Float32Array => Float32Array.from({ length }, () => 4 * random.next() - 2);
  const [features, past] = [values(rows * 4), values(rows * 40)];
  const told = modelOf(network).predict([tf.tensor2d(features, [rows, 4]), tf.tensor3d(past, [rows, 8, 5])]);
  const expected = (told as tf.Tensor).dataSync();
  const ours = compile(network);
  for (let row = 0; row < rows; row++) {
    ours(features.subarray(row * 4, row * 4 + 4), past.subarray(row * 40, row * 40 + 40)).forEach((value, j) => {
      expect(Math.abs(value - (expected[row * 6 + j] ?? Number.NaN))).toBeLessThan(1e-5);
    });
  }
});
