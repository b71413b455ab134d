// Finds a trace file and reads it in the format its name or the scenario says.

import { access } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { TraceError } from "../../core/index.ts";
import { readParquet } from "./parquet.ts";
import { readPrometheus } from "./prometheus.ts";
import { readCsv, readJsonLines } from "./text.ts";
import type { TraceData } from "./trace-data.ts";

/** Formats of trace files; text formats may be gzip, told by a name in .gz. */
export const traceFormats = ["csv", "jsonl", "parquet", "prometheus"] as const;
/** One of `traceFormats`. */
export type TraceFormat = (typeof traceFormats)[number];

/** Where files named in a scenario are looked for, in this order, after absolute paths. */
export interface DataFolders {
  /** Folder of the file that names the path. */
  readonly baseFolder: string;
  /** TRIMTAB_DATA, or null where there is none. */
  readonly dataFolder: string | null;
}

const readers: Readonly<Record<TraceFormat, (path: string, source: string) => Promise<TraceData>>> = {
  csv: readCsv,
  jsonl: readJsonLines,
  parquet: readParquet,
  prometheus: readPrometheus,
};

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * The first place where a data file is.
 * @throws {TraceError} naming every place tried and how to get the data
 */
export async function locate(path: string, folders: DataFolders): Promise<string> {
  const { baseFolder, dataFolder } = folders;
  const places = isAbsolute(path)
    ? [path]
    : [resolve(baseFolder, path), ...(dataFolder === null ? [] : [resolve(dataFolder, path)])];
  for (const place of places) if (await exists(place)) return place;
  const set = path.split("/")[0] ?? path;
  const advice = isAbsolute(path)
    ? ""
    : dataFolder === null
      ? `; set TRIMTAB_DATA to the folder that holds ${join(path)}, or get it with: trimtab trace download ${set}`
      : `; get it with: trimtab trace download ${set}`;
  throw new TraceError(`${path}: expected a file, found none at ${places.join(" or ")}${advice}`);
}

function formatOf(path: string): TraceFormat | null {
  const name = path.toLowerCase().replace(/\.gz$/, "");
  if (/\.(csv|txt)$/.test(name)) return "csv";
  if (/\.(jsonl|ndjson)$/.test(name)) return "jsonl";
  if (name.endsWith(".parquet")) return "parquet";
  return name.endsWith(".json") ? "prometheus" : null;
}

/**
 * Reads a whole trace.
 * @param source how the file is called in refusals
 * @throws {TraceError} when the format is unknown, the file damaged, empty or holds an impossible row
 */
export async function readTrace(path: string, source = path, format?: TraceFormat): Promise<TraceData> {
  const chosen = format ?? formatOf(path);
  if (chosen === null) {
    throw new TraceError(
      `${source}: expected a name ending in .csv, .jsonl, .ndjson, .parquet or .json (.gz for text), ` +
        `or a format (${traceFormats.join(", ")}), found neither`,
    );
  }
  return readers[chosen](path, source);
}
