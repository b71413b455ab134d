// A small builder for ONNX graphs: constants, nodes, and the model they make.

import type { onnx } from "onnx-proto";

/** Element types, by ONNX's numbers. */
export const TYPES = { int64: 7, bool: 9, double: 11 } as const;
export type ElementType = keyof typeof TYPES;

/** A graph under construction. */
export class OnnxGraph {
  readonly #nodes: onnx.INodeProto[] = [];
  readonly #constants: onnx.ITensorProto[] = [];
  #names = 0;

  /** Adds a constant. @returns its name */
  constant(type: ElementType, dims: readonly number[], data: readonly number[]): string {
    const name = `c${this.#names++}`;
    const field = type === "double" ? "doubleData" : type === "int64" ? "int64Data" : "int32Data";
    this.#constants.push({ name, dataType: TYPES[type], dims: [...dims], [field]: [...data] });
    return name;
  }

  /** Adds a node with one output. @returns the output's name */
  node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, number>> = {},
    output?: string,
  ): string {
    const name = output ?? `n${this.#names++}`;
    const attribute = Object.entries(attributes).map(([key, value]) => ({ name: key, i: value, type: 2 }));
    this.#nodes.push({ opType, input: [...input], output: [name], attribute });
    return name;
  }

  /** The bytes of the model. @param metadata told in `metadata_props` */
  async encode(
    inputs: readonly (readonly [name: string, type: ElementType, width: number])[],
    outputs: readonly (readonly [name: string, type: ElementType, width: number])[],
    metadata: Readonly<Record<string, string>>,
  ): Promise<Uint8Array> {
    const { onnx } = (await import("onnx-proto")).default;
    const value = ([name, type, width]: readonly [string, ElementType, number]): onnx.IValueInfoProto => ({
      name,
      type: { tensorType: { elemType: TYPES[type], shape: { dim: [{ dimParam: "batch" }, { dimValue: width }] } } },
    });
    const model: onnx.IModelProto = {
      irVersion: 8,
      producerName: "trimtab",
      opsetImport: [{ domain: "", version: 17 }],
      graph: {
        name: "policy",
        node: this.#nodes,
        initializer: this.#constants,
        input: inputs.map(value),
        output: outputs.map(value),
      },
      metadataProps: Object.entries(metadata).map(([key, text]) => ({ key, value: text })),
    };
    return onnx.ModelProto.encode(model).finish();
  }
}
