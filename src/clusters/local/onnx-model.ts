// The model local servers run: a multi-layer perceptron with weights from a seed, as an ONNX file.
//
// h ← relu(h·W + b), three hidden layers; the batch dimension is free. Its weights are larger than a core's cache, so a
// batch reads them once for all its rows: batching, threads and concurrency trade off as they do for real models.

import onnxProto from "onnx-proto";
import type { Random } from "../../core/index.ts";

/** Width of the input and of each layer after it. */
export interface ModelShape {
  readonly inputs: number;
  readonly hidden: number;
  readonly hiddenLayers: number;
  readonly outputs: number;
}

/** Five million weights. */
export const LOCAL_MODEL: ModelShape = { inputs: 64, hidden: 1536, hiddenLayers: 3, outputs: 10 };

const { onnx } = onnxProto;
const FLOAT = 1;
const IR_VERSION = 8;
const OPSET = 17;

/** Uniform weights of variance 1 / fan-in, so that activations neither vanish nor grow. */
function weights(rows: number, columns: number, random: Random): Uint8Array {
  const scale = Math.sqrt(3 / rows);
  const values = Float32Array.from({ length: rows * columns }, () => scale * (2 * random.next() - 1));
  return new Uint8Array(values.buffer);
}

function valueInfo(name: string, width: number) {
  const dim = [{ dimParam: "batch" }, { dimValue: width }];
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}

/** The model as the bytes of an ONNX file: input `input` FP32 [batch, inputs], output `output` FP32 [batch, outputs]. */
export function onnxModel(shape: ModelShape, random: Random): Uint8Array {
  const { inputs, hidden, hiddenLayers, outputs } = shape;
  const widths = [inputs, ...new Array<number>(hiddenLayers).fill(hidden), outputs];
  const initializer: object[] = [];
  const node: object[] = [];
  let from = "input";
  widths.slice(1).forEach((width, layer) => {
    const before = widths[layer] ?? 0;
    const last = layer === widths.length - 2;
    const [w, b, sum, to] = [`w${layer}`, `b${layer}`, last ? "output" : `s${layer}`, `h${layer}`];
    initializer.push({
      name: w,
      dims: [before, width],
      dataType: FLOAT,
      rawData: weights(before, width, random.split(w)),
    });
    initializer.push({ name: b, dims: [width], dataType: FLOAT, rawData: weights(1, width, random.split(b)) });
    node.push({ opType: "Gemm", input: [from, w, b], output: [sum] });
    if (!last) node.push({ opType: "Relu", input: [sum], output: [to] });
    from = to;
  });
  const graph = {
    name: "mlp",
    node,
    initializer,
    input: [valueInfo("input", inputs)],
    output: [valueInfo("output", outputs)],
  };
  const model = { irVersion: IR_VERSION, opsetImport: [{ version: OPSET }], producerName: "trimtab", graph };
  return onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish();
}
