// One file of JSON lines: where its lines are, which of them are whole, and how to read some of them.

import type { FileHandle } from "node:fs/promises";
import { type Json, StoreError } from "../core/index.ts";

/** The place of every so many lines is kept. */
const STRIDE = 64;

const CHUNK_BYTES = 1 << 20;

/** Where the lines of a file are, up to the last whole one. */
export interface LineIndex {
  /** Whole lines. */
  readonly count: number;
  /** Where the last whole line ends. */
  readonly bytes: number;
  /** Notes a line written at the end. */
  add(lineBytes: number): void;
  /** A place at or before the start of a line, and the number of the line that starts there. */
  before(line: number): { readonly offset: number; readonly line: number };
}

class SparseIndex implements LineIndex {
  readonly #offsets: number[] = [0];
  count = 0;
  bytes = 0;

  add(lineBytes: number): void {
    this.count += 1;
    this.bytes += lineBytes;
    if (this.count % STRIDE === 0) this.#offsets.push(this.bytes);
  }

  before(line: number): { readonly offset: number; readonly line: number } {
    const at = Math.min(Math.floor(line / STRIDE), this.#offsets.length - 1);
    return { offset: this.#offsets[at] ?? 0, line: at * STRIDE };
  }
}

async function* linesFrom(file: FileHandle, offset: number, end: number): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for (let at = offset; at < end; ) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, end - at));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    rest = rest.length === 0 ? chunk.subarray(0, bytesRead) : Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let start = 0;
    for (let newline = rest.indexOf(10); newline >= 0; newline = rest.indexOf(10, start)) {
      yield rest.subarray(start, newline + 1);
      start = newline + 1;
    }
    rest = rest.subarray(start);
  }
}

function parsed(line: Buffer): Json | undefined {
  try {
    return JSON.parse(line.toString("utf8")) as Json;
  } catch {
    return undefined;
  }
}

/**
 * Indexes a file of JSON lines, up to the last line that is whole: what follows it was never acknowledged.
 * @throws {StoreError} when a damaged line has whole ones after it
 */
export async function lineIndex(file: FileHandle, size: number, path: string): Promise<LineIndex> {
  const index = new SparseIndex();
  let number = 0;
  let damaged: number | null = null;
  for await (const line of linesFrom(file, 0, size)) {
    const whole = parsed(line) !== undefined;
    if (whole && damaged !== null) {
      throw new StoreError(`${path}: line ${damaged + 1}: expected a JSON document, found a damaged line`);
    }
    if (whole) index.add(line.length);
    else damaged ??= number;
    number += 1;
  }
  return index;
}

/** Lines `from` to `from + count` of an indexed file. @throws {StoreError} when one of them is damaged */
export async function readLines(
  file: FileHandle,
  index: LineIndex,
  from: number,
  count: number,
  path: string,
): Promise<Json[]> {
  const start = index.before(from);
  const records: Json[] = [];
  let number = start.line;
  for await (const line of linesFrom(file, start.offset, index.bytes)) {
    if (records.length === count) break;
    if (number >= from) {
      const record = parsed(line);
      if (record === undefined) {
        throw new StoreError(`${path}: line ${number + 1}: expected a JSON document, found a damaged line`);
      }
      records.push(record);
    }
    number += 1;
  }
  return records;
}
