// A tensor of the Open Inference Protocol as it stands in a JSON text: where its data are, checked against its shape.

import {
  eachElement,
  eachMember,
  kindAt,
  OPEN_ARRAY,
  ScanError,
  skipSpace,
  type ValueKind,
  valueEnd,
} from "./json-scan.ts";

/** A tensor in a body; the positions are bytes of that body. */
export interface Tensor {
  /** As JSON text, quotes included. */
  readonly name: string;
  /** As JSON text, quotes included. */
  readonly datatype: string;
  /** At least one dimension; the first is the batch. */
  readonly shape: readonly number[];
  /** Whether rows are arrays of their own, or all values stand in one list. */
  readonly nested: boolean;
  /** The values, brackets left out. */
  readonly dataStart: number;
  readonly dataEnd: number;
}

/** What the elements of a datatype must be; BYTES holds texts. */
function elementKind(datatype: string): ValueKind {
  if (datatype === '"BYTES"') return "string";
  return datatype === '"BOOL"' ? "boolean" : "number";
}

function isWhole(datatype: string): boolean {
  return /^"U?INT\d+"$/.test(datatype);
}

/** Text between two positions. */
export function textOf(bytes: Buffer, from: number, to: number): string {
  return bytes.toString("utf8", from, to);
}

function isInteger(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i];
    if (byte === 0x2e || byte === 0x65 || byte === 0x45) return false;
  }
  return true;
}

function readShape(bytes: Buffer, at: number): { readonly shape: number[]; readonly end: number } {
  const shape: number[] = [];
  const end = eachElement(bytes, at, (from) => {
    const to = valueEnd(bytes, from);
    const size = Number(textOf(bytes, from, to));
    if (!Number.isSafeInteger(size) || size < 0)
      throw new ScanError(`shape: expected whole numbers ≥ 0, found ${size}`);
    shape.push(size);
    return to;
  });
  return { shape, end };
}

/** Checks the values of a tensor as they are walked over. */
class DataCheck {
  readonly #bytes: Buffer;
  readonly #kind: ValueKind;
  readonly #whole: boolean;
  values = 0;

  constructor(bytes: Buffer, datatype: string) {
    this.#bytes = bytes;
    this.#kind = elementKind(datatype);
    this.#whole = isWhole(datatype);
  }

  /** An array of `shape[depth]` members, each an array again down to the last dimension. */
  nested(at: number, shape: readonly number[], depth: number): number {
    let members = 0;
    const end = eachElement(this.#bytes, at, (from) => {
      members += 1;
      return depth + 1 < shape.length ? this.nested(from, shape, depth + 1) : this.value(from);
    });
    if (members === shape[depth]) return end;
    throw new ScanError(`data: expected ${shape[depth]} in dimension ${depth}, found ${members}`);
  }

  value(from: number): number {
    const kind = kindAt(this.#bytes, from);
    if (kind !== this.#kind) throw new ScanError(`data: expected each a ${this.#kind}, found a ${kind}`);
    const end = valueEnd(this.#bytes, from);
    if (this.#whole && !isInteger(this.#bytes, from, end)) {
      throw new ScanError(`data: expected whole numbers, found ${textOf(this.#bytes, from, end)}`);
    }
    this.values += 1;
    return end;
  }
}

/**
 * Reads the tensor object that begins at `at`.
 * @returns the tensor, null when it is not self-contained JSON (binary data, shared memory), and where it ends
 * @throws {ScanError} when it is none, or its data do not fit its shape and datatype
 */
export function readTensor(bytes: Buffer, at: number): { readonly tensor: Tensor | null; readonly end: number } {
  let name: string | null = null;
  let datatype: string | null = null;
  let shape: readonly number[] | null = null;
  let dataAt = -1;
  let plain = true;
  const end = eachMember(bytes, at, (nameStart, nameEnd, from) => {
    const to = valueEnd(bytes, from);
    switch (textOf(bytes, nameStart + 1, nameEnd - 1)) {
      case "name":
        name = textOf(bytes, from, to);
        break;
      case "datatype":
        datatype = textOf(bytes, from, to);
        break;
      case "shape":
        shape = readShape(bytes, from).shape;
        break;
      case "data":
        dataAt = from;
        break;
      default:
        plain = false;
    }
    return to;
  });
  if (!plain || dataAt < 0) return { tensor: null, end };
  return { tensor: checked(bytes, name, datatype, shape, dataAt), end };
}

function checked(
  bytes: Buffer,
  name: string | null,
  datatype: string | null,
  shape: readonly number[] | null,
  dataAt: number,
): Tensor {
  if (name === null || datatype === null || shape === null || shape.length === 0) {
    throw new ScanError("tensor: expected name, datatype and a shape with a batch dimension, found less");
  }
  const check = new DataCheck(bytes, datatype);
  const nested = bytes[skipSpace(bytes, dataAt + 1)] === OPEN_ARRAY;
  const dataEnd = nested ? check.nested(dataAt, shape, 0) : eachElement(bytes, dataAt, (from) => check.value(from));
  const expected = shape.reduce((product, size) => product * size, 1);
  if (check.values !== expected) throw new ScanError(`data: expected ${expected} values, found ${check.values}`);
  return { name, datatype, shape, nested, dataStart: dataAt + 1, dataEnd: dataEnd - 1 };
}
