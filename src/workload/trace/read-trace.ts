// Finds a trace file and reads it in the format its name or the scenario says.

import { isAbsolute } from "node:path";
import { TraceError } from "../../core/index.ts";
import { type DataFolders, findDataFile } from "../../store/data-file.ts";
import { readParquet } from "./parquet.ts";
import { readPrometheus } from "./prometheus.ts";
import { readCsv, readJsonLines } from "./text.ts";
import type { TraceData } from "./trace-data.ts";

/** Formats of trace files; text formats may be gzip, told by a name in .gz. */
export const traceFormats = ["csv", "jsonl", "parquet", "prometheus"] as const;
/** One of `traceFormats`. */
export type TraceFormat = (typeof traceFormats)[number];

const readers: Readonly<Record<TraceFormat, (path: string, source: string) => Promise<TraceData>>> = {
  csv: readCsv,
  jsonl: readJsonLines,
  parquet: readParquet,
  prometheus: readPrometheus,
};

/**
 * The first place where a trace is.
 * @throws {TraceError} naming every place tried and how to get the data
 */
export async function locate(path: string, folders: DataFolders): Promise<string> {
  const search = await findDataFile(path, folders);
  if (search.path !== null) return search.path;
  const [set] = path.split("/");
  const download = isAbsolute(path) ? "" : `get it with: trimtab trace download ${set}`;
  const advice = [search.advice, download].filter((part) => part !== "").join("; or ");
  throw new TraceError(
    `${path}: expected a file, found none at ${search.places.join(" or ")}${advice === "" ? "" : `; ${advice}`}`,
  );
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
