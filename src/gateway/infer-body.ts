// Infer requests and answers of the Open Inference Protocol v2 as JSON texts: read, merged along the batch, split back.
//
// merged: data of the first request, then of the second, …; shape[0] is the sum
// split:  request k gets the rows it brought, of every output, and its own id
// Requests merge when model, version, tensors (name, datatype, other dimensions, layout) and outputs asked for agree.
// One with parameters, binary data or shared memory is served alone: what those mean in company nobody can say.

import { isUtf8 } from "node:buffer";
import { eachElement, eachMember, expectEnd, ScanError, skipSpace, valueEnd } from "./json-scan.ts";
import { readTensor, type Tensor, textOf } from "./tensor.ts";

/** An infer request that may be merged with others of the same key. */
export interface InferBody {
  readonly bytes: Buffer;
  /** As JSON text; null where the client gave none. */
  readonly id: string | null;
  /** Rows along the batch dimension. */
  readonly rows: number;
  readonly inputs: readonly Tensor[];
  /** The member `outputs` as JSON text, or nothing. */
  readonly outputs: string;
  /** Equal where requests may share a batch. */
  readonly key: string;
}

function keyOf(inputs: readonly Tensor[], outputs: string): string {
  const tensors = inputs.map(
    ({ name, datatype, shape, nested }) => `${name}${datatype}${shape.slice(1).join("x")}${nested ? "n" : "f"}`,
  );
  return `${tensors.join(";")}|${outputs}`;
}

/**
 * Reads an infer request.
 * @returns null when it is to be served alone, as it came
 * @throws {ScanError} when it is no infer request, or its data do not fit their shapes
 */
export function readInferBody(bytes: Buffer): InferBody | null {
  if (!isUtf8(bytes)) throw new ScanError("body: expected UTF-8");
  const inputs: Tensor[] = [];
  let id: string | null = null;
  let outputs = "";
  let alone = false;
  const end = eachMember(bytes, skipSpace(bytes, 0), (nameStart, nameEnd, from) => {
    const name = textOf(bytes, nameStart + 1, nameEnd - 1);
    if (name === "inputs") {
      return eachElement(bytes, from, (at) => {
        const { tensor, end: tensorEnd } = readTensor(bytes, at);
        if (tensor === null) alone = true;
        else inputs.push(tensor);
        return tensorEnd;
      });
    }
    const to = valueEnd(bytes, from);
    if (name === "id") id = textOf(bytes, from, to);
    else if (name === "outputs") outputs = textOf(bytes, from, to);
    else alone = true;
    return to;
  });
  expectEnd(bytes, end);
  const rows = inputs[0]?.shape[0] ?? 0;
  const even = inputs.every(({ shape }) => shape[0] === rows);
  if (alone || rows === 0 || !even || outputs.includes("parameters")) return null;
  return { bytes, id, rows, inputs, outputs, key: keyOf(inputs, outputs) };
}

const INPUTS = '{"inputs":[';

/** One body for all: at least one request, all of one key. */
export function mergeBodies(bodies: readonly InferBody[]): Buffer {
  const [first] = bodies;
  if (first === undefined) throw new RangeError("merge: expected requests, found none");
  const rows = bodies.reduce((sum, body) => sum + body.rows, 0);
  const parts: Buffer[] = [];
  first.inputs.forEach(({ name, datatype, shape }, input) => {
    const merged = [rows, ...shape.slice(1)].join(",");
    const head = `${input === 0 ? INPUTS : "},"}{"name":${name},"shape":[${merged}],"datatype":${datatype},"data":[`;
    parts.push(Buffer.from(head));
    bodies.forEach(({ bytes, inputs }, i) => {
      const tensor = inputs[input];
      if (i > 0) parts.push(Buffer.from(","));
      if (tensor !== undefined) parts.push(bytes.subarray(tensor.dataStart, tensor.dataEnd));
    });
    parts.push(Buffer.from("]"));
  });
  parts.push(Buffer.from(`}]${first.outputs === "" ? "" : `,"outputs":${first.outputs}`}}`));
  return Buffer.concat(parts);
}

/** Where the data of each request begin and end in an output; shape [requests], pairs of bytes. */
function cutRows(bytes: Buffer, tensor: Tensor, rowsOf: readonly number[]): readonly (readonly [number, number])[] {
  const perRow = tensor.nested ? 1 : tensor.shape.slice(1).reduce((product, size) => product * size, 1);
  const cuts: [number, number][] = [];
  let request = 0;
  let left = (rowsOf[0] ?? 0) * perRow;
  let start = tensor.dataStart;
  if (left === 0) return rowsOf.map(() => [start, start]);
  eachElement(bytes, tensor.dataStart - 1, (from) => {
    const end = valueEnd(bytes, from);
    if (left === (rowsOf[request] ?? 0) * perRow) start = from;
    left -= 1;
    if (left > 0) return end;
    cuts.push([start, end]);
    request += 1;
    left = (rowsOf[request] ?? 0) * perRow;
    return end;
  });
  return cuts;
}

interface Answer {
  /** Members other than id and outputs, as JSON text, each followed by a comma. */
  readonly head: string;
  readonly outputs: readonly Tensor[];
}

function readAnswer(bytes: Buffer): Answer {
  const outputs: Tensor[] = [];
  let head = "";
  const end = eachMember(bytes, skipSpace(bytes, 0), (nameStart, nameEnd, from) => {
    const name = textOf(bytes, nameStart + 1, nameEnd - 1);
    if (name === "outputs") {
      return eachElement(bytes, from, (at) => {
        const { tensor, end: tensorEnd } = readTensor(bytes, at);
        if (tensor === null) throw new ScanError("outputs: expected plain JSON data, found binary data or parameters");
        outputs.push(tensor);
        return tensorEnd;
      });
    }
    const to = valueEnd(bytes, from);
    if (name !== "id") head += `${textOf(bytes, nameStart, nameEnd)}:${textOf(bytes, from, to)},`;
    return to;
  });
  expectEnd(bytes, end);
  return { head, outputs };
}

/**
 * The answer to a merged request, split into one for each of its parts, in their order.
 * @throws {ScanError} when an output has not one row for each of the request
 */
export function splitAnswer(bytes: Buffer, bodies: readonly InferBody[]): Buffer[] {
  const { head, outputs } = readAnswer(bytes);
  const rowsOf = bodies.map(({ rows }) => rows);
  const total = rowsOf.reduce((sum, rows) => sum + rows, 0);
  for (const { name, shape } of outputs) {
    if (shape[0] !== total) throw new ScanError(`output ${name}: expected ${total} rows, found ${shape[0]}`);
  }
  const cuts = outputs.map((output) => cutRows(bytes, output, rowsOf));
  return bodies.map(({ id, rows }, k) => {
    const parts: Buffer[] = [Buffer.from(`{${head}${id === null ? "" : `"id":${id},`}"outputs":[`)];
    outputs.forEach(({ name, datatype, shape }, i) => {
      const own = [rows, ...shape.slice(1)].join(",");
      const [from, to] = cuts[i]?.[k] ?? [0, 0];
      parts.push(Buffer.from(`${i > 0 ? "," : ""}{"name":${name},"datatype":${datatype},"shape":[${own}],"data":[`));
      parts.push(bytes.subarray(from, to), Buffer.from("]}"));
    });
    parts.push(Buffer.from("]}"));
    return Buffer.concat(parts);
  });
}
