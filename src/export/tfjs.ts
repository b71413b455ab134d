// The policy as a TensorFlow.js layers model: Keras's own layers, read in a browser, in Node and by converters.
//
// features [N, features] (, sequence [N, steps, inputs] → gated recurrent unit) → dense layers → scores [N, values]
// No Keras layer takes a logarithm, so inputs go in as the network sees them: ln(1 + x) where told, less offset, over scale.
// That, and which value of which knob a score is for, is in the model's `userDefinedMetadata`. Weights are single precision.

import { z } from "zod";
import { ActionMask } from "../../agents/action-mask.ts";
import {
  type ClusterState,
  ExportError,
  type ExportedFile,
  type ExportSource,
  type NetworkForm,
  type PolicyExporter,
  type SeenFeature,
  toJson,
} from "../core/index.ts";
import { never, textOf } from "./exact.ts";
import { networkInput, networkSequence } from "./program.ts";

const MODEL = "model.json";
const WEIGHTS = "weights.bin";

/** A weight of a layer, by Keras's name for it. */
interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** A layer as Keras writes it, with the layers it takes its input from. */
function layerOf(className: string, name: string, config: object, from: readonly string[] = []): object {
  const inbound = from.length === 0 ? [] : [from.map((source) => [source, 0, 0, {}])];
  return { class_name: className, name, config: { name, ...config }, inbound_nodes: inbound };
}

function inputLayer(name: string, shape: readonly number[]): object {
  return layerOf("InputLayer", name, { batch_input_shape: [null, ...shape], dtype: "float32", sparse: false });
}

/** The network's layers and their weights, in order. */
function layersOf({ features, network }: NetworkForm): { layers: object[]; inputs: string[]; weights: Weight[] } {
  const layers = [inputLayer("features", [features.length])];
  const inputs = ["features"];
  const weights: Weight[] = [];
  let [from, width] = ["features", features.length];
  if (network.recurrent !== null) {
    const { units, steps, inputs: perStep, kernel, recurrentKernel, bias } = network.recurrent;
    const gates = { units, activation: "tanh", recurrent_activation: "sigmoid", use_bias: true, reset_after: false };
    layers.push(
      inputLayer("sequence", [steps, perStep]),
      layerOf("GRU", "recent", gates, ["sequence"]),
      layerOf("Concatenate", "all", { axis: -1 }, ["features", "recent"]),
    );
    inputs.push("sequence");
    weights.push(
      { name: "recent/kernel", shape: [perStep, 3 * units], values: kernel },
      { name: "recent/recurrent_kernel", shape: [units, 3 * units], values: recurrentKernel },
      { name: "recent/bias", shape: [3 * units], values: bias },
    );
    [from, width] = ["all", width + units];
  }
  network.layers.forEach(({ units, activation, kernel, bias }, i) => {
    const name = i === network.layers.length - 1 ? "scores" : `dense${i + 1}`;
    layers.push(layerOf("Dense", name, { units, activation, use_bias: true }, [from]));
    weights.push(
      { name: `${name}/kernel`, shape: [width, units], values: kernel },
      { name: `${name}/bias`, shape: [units], values: bias },
    );
    [from, width] = [name, units];
  });
  return { layers, inputs, weights };
}

/** What a reader must know beside the layers. */
function metadataOf({ spec, lattice, intervalS }: ExportSource, { features, sequence, mask }: NetworkForm): object {
  const { kind, environment, sha256, bounds, knobs } = spec;
  return {
    kind,
    environment,
    sha256,
    intervalS,
    features,
    sequence,
    knobs: knobs.map(({ name, values }) => ({ name, values })),
    mask,
    actionSpace: lattice.toJSON(),
    guardrails: bounds,
  };
}

function networkForm(source: ExportSource): NetworkForm {
  const form = source.portable();
  if (form.form === "network") return form;
  const found = form.form === "levels" ? "load levels" : "a fleet's rules";
  throw new ExportError(`tfjs: expected a network, found ${found}; export them as javascript, python or go`);
}

function filesOf(source: ExportSource): ExportedFile[] {
  const form = networkForm(source);
  const { layers, inputs, weights } = layersOf(form);
  const model = {
    format: "layers-model",
    generatedBy: "Trimtab",
    convertedBy: null,
    modelTopology: {
      class_name: "Model",
      config: {
        name: "policy",
        layers,
        input_layers: inputs.map((name) => [name, 0, 0]),
        output_layers: [["scores", 0, 0]],
      },
      keras_version: "tfjs-layers 4.22.0",
      backend: "tensor_flow.js",
    },
    weightsManifest: [
      { paths: [WEIGHTS], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: "float32" })) },
    ],
    userDefinedMetadata: { policy: toJson(metadataOf(source, form)) },
  };
  const numbers = Float32Array.from(weights.flatMap(({ values }) => values));
  return [
    { name: MODEL, content: `${JSON.stringify(model)}\n` },
    { name: WEIGHTS, content: new Uint8Array(numbers.buffer) },
  ];
}

const modelSchema = z.object({
  modelTopology: z.object({}).loose(),
  weightsManifest: z.tuple([
    z.object({
      weights: z.array(z.object({ name: z.string(), shape: z.array(z.number()), dtype: z.literal("float32") })),
    }),
  ]),
});

function seen({ transform, offset, scale }: SeenFeature, value: number): number {
  return ((transform === "log1p" ? Math.log1p(Math.max(0, value)) : value) - offset) / scale;
}

/**
 * Loads the model as TensorFlow.js would from anywhere, and gives its scores for observations.
 * @throws {ExportError} for files that are no such model
 */
export async function tfjsScores(
  files: readonly ExportedFile[],
  source: ExportSource,
): Promise<(observation: ClusterState) => ArrayLike<number>> {
  const [tf, keras] = await Promise.all([import("@tensorflow/tfjs-core"), import("@tensorflow/tfjs-layers")]);
  await import("@tensorflow/tfjs-backend-cpu");
  // Its greeting is none of ours.
  tf.enableProdMode();
  const { modelTopology, weightsManifest } = modelSchema.parse(JSON.parse(textOf(files, MODEL)));
  const bytes = files.find(({ name }) => name === WEIGHTS)?.content;
  if (bytes === undefined || typeof bytes === "string") throw new ExportError(`tfjs: expected bytes in ${WEIGHTS}`);
  const weightData = Uint8Array.from(bytes).buffer;
  const artifacts = { modelTopology, weightSpecs: weightsManifest[0].weights, weightData };
  const model = await keras.loadLayersModel(tf.io.fromMemory(artifacts));
  const { features, network } = networkForm(source);
  return (observation) => {
    const values = networkInput(source, observation);
    const row = features.map((feature, i) => seen(feature, values[i] ?? Number.NaN));
    const answer = tf.tidy(() => {
      const inputs = [tf.tensor2d([row])];
      if (network.recurrent === null) return model.predict(inputs);
      return model.predict([...inputs, tf.tensor3d([networkSequence(source, observation)])]);
    });
    const scores = [answer].flat()[0];
    const found = scores?.dataSync() ?? [];
    scores?.dispose();
    return found;
  };
}

/** Exports a policy as a TensorFlow.js layers model. */
export const tfjsExporter: PolicyExporter = {
  format: "tfjs",
  mediaType: "application/json",
  summary: "TensorFlow.js layers model of a network; inputs, units, choice and guardrails in its metadata",
  exact: never,
  export: async (source) => filesOf(source),
  replay: async (files, source) => {
    const scores = await tfjsScores(files, source);
    const mask = new ActionMask(source.lattice);
    return (observation) => mask.configuration(mask.best(observation.mask, scores(observation)));
  },
};
