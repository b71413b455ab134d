// `trimtab trace download`: fetches a public trace from its origin and checks that it is the expected one.

import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Command } from "commander";
import { dataFolder } from "../config.ts";
import { TraceError, UnknownNameError } from "../core/index.ts";
import { writeFileAtomically } from "../store/index.ts";
import { printJson, printLine, printTable, startProgress } from "./output.ts";
import { DEFAULT_ORIGIN, type TraceSet, type TraceSetFile, traceSets } from "./trace-sets.ts";

interface Flags {
  readonly to?: string;
  readonly origin: string;
  readonly json?: boolean;
}

/** A file that keeps a connection silent for this long has failed. */
const TIMEOUT_MS = 60_000;
/** No file of an origin is larger. */
const MAX_BYTES = 100_000_000;

async function fetchFile(url: string): Promise<Buffer> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new TraceError(`${url}: expected an answer, found: ${cause}`, { cause: error });
  }
  if (!response.ok) throw new TraceError(`${url}: expected status 200, found ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new TraceError(`${url}: expected at most ${MAX_BYTES} bytes, found more`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The CSV text of a file. @throws {TraceError} when its sha256 is not the expected one */
export function convertChecked(file: TraceSetFile, bodies: readonly Buffer[]): string {
  const text = file.convert(bodies);
  const found = createHash("sha256").update(text).digest("hex");
  if (found !== file.sha256) {
    throw new TraceError(`${file.name}: sha256: expected ${file.sha256}, found ${found}; nothing was written`);
  }
  return text;
}

/**
 * Fetches, converts and checks every file of a set, then writes them.
 * @param onFile called before each file of the origin with the share done
 * @returns the paths written
 * @throws {TraceError} when the origin does not answer or serves something else; nothing is written then
 */
export async function downloadSet(
  set: TraceSet,
  folder: string,
  origin: string,
  onFile: (share: number, path: string) => void = () => {},
): Promise<string[]> {
  const paths = [...new Set(set.files.flatMap((file) => file.paths))];
  const bodies = new Map<string, Buffer>();
  for (const [i, path] of paths.entries()) {
    onFile(i / paths.length, path);
    bodies.set(path, await fetchFile(`${origin.replace(/\/$/, "")}/${set.base}/${path}`));
  }
  const texts = set.files.map((file) => {
    const parts = file.paths.map((path) => bodies.get(path) ?? Buffer.alloc(0));
    return { path: join(folder, set.name, file.name), text: convertChecked(file, parts) };
  });
  await mkdir(join(folder, set.name), { recursive: true });
  for (const { path, text } of texts) await writeFileAtomically(path, path.endsWith(".gz") ? gzipSync(text) : text);
  return texts.map(({ path }) => path);
}

async function download(name: string | undefined, flags: Flags): Promise<void> {
  if (name === undefined) {
    const items = traceSets.map(({ name, about, licence }) => ({ name, about, licence }));
    if (flags.json === true) printJson({ items, next: null });
    else
      printTable(
        ["set", "what", "licence"],
        items.map((item) => [item.name, item.about, item.licence]),
      );
    return;
  }
  const set = traceSets.find((one) => one.name === name);
  if (set === undefined) {
    throw new UnknownNameError(
      "trace set",
      name,
      traceSets.map((one) => one.name),
    );
  }
  const folder = flags.to ?? dataFolder() ?? "data";
  const progress = startProgress(`download ${name}`);
  let files: string[];
  try {
    files = await downloadSet(set, folder, flags.origin, (share, path) => progress.update(share, path));
  } finally {
    progress.stop();
  }
  if (flags.json === true) {
    printJson({ set: name, licence: set.licence, files });
    return;
  }
  for (const file of files) printLine(file);
  printLine(`licence: ${set.licence}; use it with: export TRIMTAB_DATA=${folder}`);
}

/** Adds the command. */
export function registerDownload(trace: Command): void {
  trace
    .command("download")
    .description("fetch a public trace from its origin, checked by sha256; without a name, list them")
    .argument("[set]", traceSets.map((set) => set.name).join(", "))
    .option("--to <folder>", "where to (default: the folder named by TRIMTAB_DATA, or ./data)")
    .option("--origin <url>", "another server with the same paths", DEFAULT_ORIGIN)
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab trace download azure-llm-2023 --to data\n")
    .action((name: string | undefined, flags: Flags) => download(name, flags));
}
