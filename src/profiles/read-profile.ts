// Reads measured service times from a CSV file.

import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { ConfigError } from "../core/index.ts";
import type { ProfileRow } from "./table-profile.ts";

/** Column names and what they mean in a point; `cores` is another word for threads. */
const COLUMNS = ["device", "cores", "intraOpThreads", "tensorParallel", "memoryMb", "batch", "serviceMs"] as const;
type Column = (typeof COLUMNS)[number];

/** A measured point and the device it was measured on, "" where the file does not say. */
export interface DeviceRow extends ProfileRow {
  readonly device: string;
}

function isColumn(name: string): name is Column {
  return COLUMNS.some((column) => column === name);
}

function header(source: string, names: readonly string[]): Column[] {
  const columns = names.map((name) => {
    if (!isColumn(name)) {
      throw new ConfigError(source, [{ path: "header", expected: `any of ${COLUMNS.join(", ")}`, found: `"${name}"` }]);
    }
    return name;
  });
  if (!columns.includes("serviceMs")) {
    throw new ConfigError(source, [{ path: "header", expected: "a column serviceMs", found: names.join(", ") }]);
  }
  if (columns.includes("cores") && columns.includes("intraOpThreads")) {
    throw new ConfigError(source, [{ path: "header", expected: "cores or intraOpThreads", found: "both" }]);
  }
  return columns;
}

function rowOf(source: string, columns: readonly Column[], values: readonly string[], row: number): DeviceRow {
  const read: Partial<Record<Exclude<Column, "device">, number>> = {};
  let device = "";
  columns.forEach((column, i) => {
    const text = values[i] ?? "";
    if (column === "device") {
      device = text;
      return;
    }
    const value = text === "" ? Number.NaN : Number(text);
    if (!(Number.isFinite(value) && value > 0)) {
      const path = `row ${row}, column ${column}`;
      throw new ConfigError(source, [{ path, expected: "a number above 0", found: `"${text}"` }]);
    }
    read[column] = value;
  });
  const { cores, intraOpThreads = cores, tensorParallel, memoryMb, batch = 1, serviceMs = 0 } = read;
  return {
    device,
    batch,
    serviceMs,
    ...(intraOpThreads === undefined ? {} : { intraOpThreads }),
    ...(tensorParallel === undefined ? {} : { tensorParallel }),
    ...(memoryMb === undefined ? {} : { memoryMb }),
  };
}

/** Parses the text of a profile. @throws {ConfigError} for the first row or column that cannot be */
export function parseProfile(text: string, source: string): DeviceRow[] {
  let rows: string[][];
  try {
    rows = parse(text, { bom: true, trim: true, skip_empty_lines: true }) as string[][];
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new ConfigError(source, [{ path: "file", expected: "CSV with as many fields as the header", found }]);
  }
  const [names, ...data] = rows;
  if (names === undefined || data.length === 0) {
    throw new ConfigError(source, [{ path: "file", expected: "a header and at least one row", found: "neither" }]);
  }
  const columns = header(source, names);
  return data.map((values, i) => rowOf(source, columns, values, i + 2));
}

/** @throws {ConfigError} when the file cannot be read, or for the first row or column that cannot be */
export async function readProfile(path: string, source = path): Promise<DeviceRow[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new ConfigError(source, [{ path: "file", expected: "a readable CSV file", found }], { cause: error });
  }
  return parseProfile(text, source);
}
