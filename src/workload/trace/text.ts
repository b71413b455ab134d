// Reads rows of text files, plain or gzip, as a stream: CSV with a header, and JSON lines.

import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { CsvError, parse } from "csv-parse";
import { TraceError } from "../../core/index.ts";
import type { TraceData } from "./trace-data.ts";
import { shown, TraceRows } from "./trace-rows.ts";

/** A longer line is not a row of a trace. */
const MAX_LINE_BYTES = 1_000_000;

/** A field of an error, which need not be of this realm's Error class. */
function textOf(error: unknown, field: "code" | "message"): string {
  if (typeof error !== "object" || error === null || !(field in error)) return "";
  return String(Object.getOwnPropertyDescriptor(error, field)?.value ?? "");
}

/** A stream's failure, told as what was expected of the file. */
export function readFailure(source: string, error: unknown): TraceError {
  if (error instanceof TraceError) return error;
  const code = textOf(error, "code");
  const found = textOf(error, "message") || String(error);
  const cause = { cause: error };
  if (code === "Z_BUF_ERROR") {
    return new TraceError(`${source}: expected a whole gzip file, found it truncated`, cause);
  }
  if (code.startsWith("Z_")) {
    return new TraceError(`${source}: expected an undamaged gzip file, found "${found}"`, cause);
  }
  if (error instanceof CsvError) {
    return new TraceError(`${source}: expected CSV with as many fields as the header, found: ${found}`, cause);
  }
  return new TraceError(`${source}: expected a readable file, found: ${found}`, cause);
}

/** Bytes of a file, unpacked where its name ends in .gz. */
function bytesOf(path: string): Readable {
  const file = createReadStream(path);
  return path.endsWith(".gz") ? pipeline(file, createGunzip(), () => {}) : file;
}

/**
 * Rows of a CSV file as arrays of text, the header first.
 * @throws {TraceError} when the file is damaged
 */
export async function* csvRows(path: string, source = path): AsyncGenerator<string[]> {
  const parser = parse({ bom: true, trim: true, max_record_size: MAX_LINE_BYTES });
  const rows = pipeline(bytesOf(path), parser, () => {});
  try {
    for await (const row of rows) yield row as string[];
  } catch (error) {
    throw readFailure(source, error);
  }
}

/** @throws {TraceError} for the first row that cannot be */
export async function readCsv(path: string, source: string): Promise<TraceData> {
  let rows: TraceRows | null = null;
  for await (const row of csvRows(path, source)) {
    if (rows === null) rows = new TraceRows(source, row);
    else rows.add(row);
  }
  if (rows === null) throw new TraceError(`${source}: expected a header and rows, found an empty file`);
  return rows.finish();
}

async function* linesOf(path: string, source: string): AsyncGenerator<string> {
  let rest = "";
  try {
    const decoder = new TextDecoder();
    for await (const chunk of bytesOf(path)) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MAX_LINE_BYTES) {
        throw new TraceError(`${source}: expected lines of at most ${MAX_LINE_BYTES} bytes, found a longer one`);
      }
      yield* lines;
    }
  } catch (error) {
    throw readFailure(source, error);
  }
  if (rest !== "") yield rest;
}

function objectOf(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** One JSON object a line, with the same names as CSV columns. @throws {TraceError} for the first line that cannot be */
export async function readJsonLines(path: string, source: string): Promise<TraceData> {
  let rows: TraceRows | null = null;
  let names: string[] = [];
  let row = 0;
  for await (const line of linesOf(path, source)) {
    row++;
    const object = objectOf(line);
    if (object === null) throw new TraceError(`${source}: row ${row}: expected a JSON object, found ${shown(line)}`);
    if (rows === null) {
      names = Object.keys(object);
      rows = new TraceRows(source, names, 1);
    }
    rows.add(names.map((name) => object[name]));
  }
  if (rows === null) throw new TraceError(`${source}: expected at least one JSON object, found an empty file`);
  return rows.finish();
}
