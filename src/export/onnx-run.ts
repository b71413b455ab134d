// Runs the ONNX graphs we write, for one row at a time: enough to check what was written where no runtime is installed.

import type { onnx } from "onnx-proto";
import { ExportError } from "../core/index.ts";

interface Tensor {
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

function numbers(list: readonly unknown[] | null | undefined): number[] {
  return (list ?? []).map(Number);
}

function tensorOf(proto: onnx.ITensorProto): Tensor {
  const lists = [proto.doubleData, proto.int64Data, proto.int32Data].map(numbers);
  return { dims: numbers(proto.dims), data: lists.find((list) => list.length > 0) ?? [] };
}

/** Element by element; the shorter row is repeated. */
function each(a: Tensor, b: Tensor, of: (x: number, y: number) => number): Tensor {
  const longer = a.data.length >= b.data.length ? a : b;
  const at = ({ data }: Tensor, i: number): number => data[i % data.length] ?? Number.NaN;
  return { dims: longer.dims, data: longer.data.map((_, i) => of(at(a, i), at(b, i))) };
}

function map(a: Tensor, of: (x: number) => number): Tensor {
  return { dims: a.dims, data: a.data.map(of) };
}

function rowOf({ dims, data }: Tensor, index: number): Tensor {
  const width = dims.slice(1).reduce((size, dim) => size * dim, 1);
  return { dims: [1, ...dims.slice(1)], data: data.slice(index * width, (index + 1) * width) };
}

function product(x: Tensor, matrix: Tensor): Tensor {
  const [, units = 0] = matrix.dims;
  const data = new Array<number>(units).fill(0);
  x.data.forEach((value, i) => {
    for (let j = 0; j < units; j++) data[j] = (data[j] ?? 0) + value * (matrix.data[i * units + j] ?? 0);
  });
  return { dims: [1, units], data };
}

const first = { dims: [1], data: [0] } satisfies Tensor;

/** What each operator makes of one row. */
const operators: Readonly<Record<string, (...inputs: Tensor[]) => Tensor>> = {
  GreaterOrEqual: (a = first, b = first) => each(a, b, (x, y) => (x >= y ? 1 : 0)),
  Cast: (a = first) => a,
  ReduceSum: (a = first) => ({ dims: [1], data: [a.data.reduce((sum, value) => sum + value, 0)] }),
  Gather: (table = first, at = first) => rowOf(table, at.data[0] ?? 0),
  Relu: (a = first) => map(a, (x) => Math.max(0, x)),
  Log: (a = first) => map(a, Math.log),
  Tanh: (a = first) => map(a, Math.tanh),
  Add: (a = first, b = first) => each(a, b, (x, y) => x + y),
  Sub: (a = first, b = first) => each(a, b, (x, y) => x - y),
  Mul: (a = first, b = first) => each(a, b, (x, y) => x * y),
  Div: (a = first, b = first) => each(a, b, (x, y) => x / y),
  Where: (flag = first, a = first, b = first) =>
    map({ dims: a.dims, data: a.data.map((_, i) => i) }, (i) => (flag.data[i] === 1 ? a.data[i] : b.data[i]) ?? 0),
  MatMul: (x = first, matrix = first) => product(x, matrix),
  Slice: (a = first, from = first, to = first) => ({
    dims: [1, (to.data[0] ?? 0) - (from.data[0] ?? 0)],
    data: a.data.slice(from.data[0], to.data[0]),
  }),
  ArgMax: (a = first) => ({ dims: [1], data: [a.data.indexOf(Math.max(...a.data))] }),
  Unsqueeze: (a = first) => ({ dims: [1, 1], data: a.data }),
  Concat: (...all) => ({ dims: [1, all.length], data: all.flatMap(({ data }) => [...data]) }),
};

/** What a model answers to one row. */
export interface OnnxAnswer {
  readonly action: readonly number[];
  /** Empty where the model gives none. */
  readonly scores: readonly number[];
}

/** @throws {ExportError} for an operator we do not write */
export async function runOnnx(bytes: Uint8Array): Promise<(input: readonly number[]) => OnnxAnswer> {
  const { onnx } = (await import("onnx-proto")).default;
  const { graph } = onnx.ModelProto.decode(bytes);
  const constants = (graph?.initializer ?? []).map((proto) => [proto.name ?? "", tensorOf(proto)] as const);
  const inputName = graph?.input?.[0]?.name ?? "";
  return (input) => {
    const values = new Map<string, Tensor>(constants);
    values.set(inputName, { dims: [1, input.length], data: input });
    for (const node of graph?.node ?? []) {
      const run = operators[node.opType ?? ""];
      if (run === undefined) throw new ExportError(`onnx: expected an operator we write, found ${node.opType}`);
      values.set(node.output?.[0] ?? "", run(...(node.input ?? []).map((name) => values.get(name) ?? first)));
    }
    return { action: values.get("action")?.data ?? [], scores: values.get("scores")?.data ?? [] };
  };
}
