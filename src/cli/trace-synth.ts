// `trimtab trace synth`: one run of a workload, written as a trace.

import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Command } from "commander";
import { parse } from "yaml";
import { dataFolder } from "../config.ts";
import { ConfigError } from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";
import { fieldIssues } from "../store/index.ts";
import { countArrivals, openWorkload, reportTrace, type Workload, workloadSchema } from "../workload/index.ts";
import { positiveNumber, wholeNumber } from "./options.ts";
import { printJson, printLine } from "./output.ts";

interface Flags {
  readonly workload: string;
  readonly out: string;
  readonly seed: number;
  readonly bin: number;
  readonly times?: boolean;
  readonly json?: boolean;
}

/** The workload block of a YAML or JSON file: the whole document, or under `workload` as in a scenario or a fit. */
async function openBlock(file: string): Promise<Workload> {
  const path = resolve(file);
  let document: unknown;
  try {
    document = parse(await readFile(path, "utf8"));
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new ConfigError(file, [{ path: "file", expected: "YAML or JSON with a workload", found }], { cause: error });
  }
  const block =
    typeof document === "object" && document !== null && "workload" in document ? document.workload : document;
  const parsed = workloadSchema.safeParse(block);
  if (!parsed.success) throw new ConfigError(file, fieldIssues(parsed.error, block));
  return openWorkload(parsed.data, { baseFolder: dirname(path), dataFolder: dataFolder() });
}

function* countLines(workload: Workload, flags: Flags): Generator<string> {
  const { counts, binS } = countArrivals(workload, new SeededRandom(flags.seed), flags.bin);
  yield "t_s,count\n";
  for (let bin = 0; bin < counts.length; bin++) yield `${Number((bin * binS).toPrecision(12))},${counts[bin]}\n`;
}

function* timeLines(workload: Workload, flags: Flags): Generator<string> {
  const source = workload.open(new SeededRandom(flags.seed));
  const block = new Float64Array(4096);
  yield "t_s\n";
  for (let n = source.fill(block); n > 0; n = source.fill(block)) {
    yield Array.from(block.subarray(0, n), (timeS) => timeS.toFixed(6))
      .join("\n")
      .concat("\n");
  }
}

function writeFailure(path: string, error: unknown): unknown {
  if (typeof error !== "object" || error === null || !("code" in error) || error.code !== "EEXIST") return error;
  const issue = { path: "file", expected: "a name that is free", found: "an existing file" };
  return new ConfigError(path, [issue], { cause: error });
}

async function synth(flags: Flags): Promise<void> {
  const workload = await openBlock(flags.workload);
  const lines = Readable.from(flags.times === true ? timeLines(workload, flags) : countLines(workload, flags));
  const file = createWriteStream(flags.out, { flags: "wx" });
  try {
    await (flags.out.endsWith(".gz") ? pipeline(lines, createGzip(), file) : pipeline(lines, file));
  } catch (error) {
    throw writeFailure(flags.out, error);
  }
  const report = reportTrace(countArrivals(workload, new SeededRandom(flags.seed)));
  const { requests, durationS, meanRateRps, sparkline } = report;
  if (flags.json === true) {
    printJson({ file: flags.out, seed: flags.seed, requests, durationS, meanRateRps });
    return;
  }
  printLine(sparkline);
  printLine(`${flags.out}: ${requests} requests in ${(durationS / 3600).toFixed(2)} h, ${meanRateRps.toFixed(3)}/s`);
}

/** Adds the command. */
export function registerSynth(trace: Command): void {
  trace
    .command("synth")
    .description("write one run of a workload as a trace")
    .requiredOption("--workload <file>", "YAML or JSON: a workload block, a scenario, or the JSON of trace fit")
    .requiredOption("--out <file>", "a new CSV file; gzip where it ends in .gz")
    .option("--seed <n>", "seed of the run", wholeNumber(0), 1)
    .option("--bin <s>", "width of the bins", positiveNumber, 1)
    .option("--times", "one row a request instead of counts")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab trace synth --workload fit.json --seed 7 --out synthetic.csv.gz\n")
    .action((flags: Flags) => synth(flags));
}
