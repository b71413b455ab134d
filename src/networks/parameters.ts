// The learnt weights of networks as one vector, in a fixed order, so that an optimizer has one thing to move.
//
// recurrent kernel, recurrent recurrent kernel, recurrent bias, then kernel and bias of each layer that is not fixed

import type { DenseLayer, Network, RecurrentLayer } from "./network.ts";
import type { AdamState, NetworkPair } from "./training-job.ts";

function arraysOf({ recurrent, layers }: Network): Float32Array[] {
  const first = recurrent === null ? [] : [recurrent.kernel, recurrent.recurrentKernel, recurrent.bias];
  return [...first, ...layers.filter((layer) => !layer.fixed).flatMap(({ kernel, bias }) => [kernel, bias])];
}

/** How many weights of a network are learnt. */
export function parameterCount(network: Network): number {
  return arraysOf(network).reduce((sum, array) => sum + array.length, 0);
}

/** The learnt weights of both networks, scores first. */
export function parametersOf({ scores, value }: NetworkPair): Float32Array {
  const arrays = [...arraysOf(scores), ...arraysOf(value)];
  const vector = new Float32Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    vector.set(array, at);
    at += array.length;
  }
  return vector;
}

function rebuilt(network: Network, take: (length: number) => Float32Array): Network {
  const { recurrent, layers } = network;
  const taken: RecurrentLayer | null =
    recurrent === null
      ? null
      : {
          ...recurrent,
          kernel: take(recurrent.kernel.length),
          recurrentKernel: take(recurrent.recurrentKernel.length),
          bias: take(recurrent.bias.length),
        };
  return {
    ...network,
    recurrent: taken,
    layers: layers.map(
      (layer): DenseLayer =>
        layer.fixed ? layer : { ...layer, kernel: take(layer.kernel.length), bias: take(layer.bias.length) },
    ),
  };
}

/** The same networks with other weights. @param vector as `parametersOf` orders them */
export function withParameters({ scores, value }: NetworkPair, vector: Float32Array): NetworkPair {
  let at = 0;
  const take = (length: number): Float32Array => {
    at += length;
    return vector.slice(at - length, at);
  };
  return { scores: rebuilt(scores, take), value: rebuilt(value, take) };
}

/** Before the first gradient step. */
export function freshAdam(networks: NetworkPair): AdamState {
  const { length } = parametersOf(networks);
  return { steps: 0, first: new Float32Array(length), second: new Float32Array(length) };
}

/** The network whose outputs are those of this one, scaled and then moved. */
export function rescaled(network: Network, scale: number, shift: number): Network {
  const last = network.layers.findLastIndex((layer) => !layer.fixed);
  const layers = network.layers.map((layer, i) =>
    i !== last
      ? layer
      : {
          ...layer,
          kernel: layer.kernel.map((weight) => weight * scale),
          bias: layer.bias.map((weight) => weight * scale + shift),
        },
  );
  return { ...network, layers };
}
