// The layers model, loaded by TensorFlow.js itself, scores as the policy does.

import { join } from "node:path";
import { createAgent } from "../../agents/index.ts";
import { windowFeatures } from "../../agents/network-sequence.ts";
import { agentContext, type OpenScenario, openScenario } from "../../environments/index.ts";
import type { ExportSource, NetworkForm } from "../../src/core/index.ts";
import { exportSource, findExporter } from "../../src/export/index.ts";
import { networkScores } from "../../src/export/program.ts";
import { tfjsScores } from "../../src/export/tfjs.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { initialNetwork } from "../../src/networks/index.ts";
import { createOptimizer } from "../../src/optimizers/index.ts";

let open: OpenScenario;
let source: ExportSource;
let steps: NonNullable<NetworkForm["sequence"]>;
beforeAll(async () => {
  open = await openScenario(join(__dirname, "..", "fixtures", "tiny-batches.yaml"), { dataFolder: null });
  const context = agentContext(open, new SeededRandom(9), 9, createOptimizer("mark"));
  source = exportSource(open, createAgent("ppo", context).policy().toJSON());
  steps = windowFeatures(context);
});

function formOf(source: ExportSource): NetworkForm {
  const form = source.portable();
  if (form.form !== "network") throw new Error(`expected a network, found ${form.form}`);
  return form;
}

/** Largest difference of a score between TensorFlow.js and the policy's own program. */
async function largestDifference(source: ExportSource): Promise<number> {
  const scores = await tfjsScores(await findExporter("tfjs").export(source), source);
  const random = new SeededRandom(10);
  let largest = 0;
  for (let i = 0; i < 200; i++) {
    const observation = open.observationSpace.sample(random);
    const found = scores(observation);
    networkScores(source, observation).forEach((score, j) => {
      largest = Math.max(largest, Math.abs(score - (found[j] ?? Number.NaN)));
    });
  }
  return largest;
}

test("dense layers score within 1e-5 of the policy", async () => {
  expect(await largestDifference(source)).toBeLessThan(1e-5);
});

test("so does a recurrent unit over the latest windows", async () => {
  const form = formOf(source);
  const outputs = form.network.layers.at(-1)?.units ?? 0;
  const sequence = { steps: 6, inputs: steps.length, units: 5 };
  const shape = { inputs: form.features.length, hidden: [12], outputs, sequence };
  const { recurrent, layers } = initialNetwork(shape, new SeededRandom(11));
  if (recurrent === null) throw new Error("expected a recurrent network");
  const arrays = <Layer extends { kernel: Float32Array; bias: Float32Array }>(layer: Layer) => ({
    ...layer,
    kernel: Array.from(layer.kernel, (weight) => 3 * weight),
    bias: [...layer.bias],
  });
  const recurrentKernel = [...recurrent.recurrentKernel];
  const network = {
    inputs: form.network.inputs,
    recurrent: { ...arrays(recurrent), recurrentKernel },
    layers: layers.map(arrays),
  };
  const recurrentForm: NetworkForm = { ...form, network, sequence: steps };
  expect(await largestDifference({ ...source, portable: () => recurrentForm })).toBeLessThan(1e-5);
});

test("weights that are not all there are refused", async () => {
  const [model, weights] = await findExporter("tfjs").export(source);
  if (model === undefined || weights === undefined) throw new Error("expected two files");
  await expect(tfjsScores([model], source)).rejects.toThrow(/tfjs: expected bytes in weights.bin/);
  const short = { name: weights.name, content: weights.content.slice(0, 40) };
  await expect(tfjsScores([model, short], source)).rejects.toThrow();
});
