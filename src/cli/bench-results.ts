// `trimtab bench results`: writes the results page.

import { readFile, writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { fleetSections } from "../../bench/fleet-report.ts";
import { measureResults, resultsMarkdown } from "../../bench/results.ts";
import { cacheFolder, dataFolder } from "../config.ts";
import { ConfigError } from "../core/index.ts";
import { nameList, wholeNumber } from "./options.ts";
import { printJson, printLine, startProgress } from "./output.ts";

interface ResultsFlags {
  readonly scenarios: readonly string[];
  readonly policies: readonly string[];
  readonly seeds: number;
  readonly sweep: boolean;
  readonly fleet: readonly string[];
  readonly out?: string;
  readonly json?: boolean;
}

const DEFAULT_SCENARIOS = ["image-diurnal", "image-mmpp", "image-surge"];
const DEFAULT_POLICIES = [
  "static",
  "static-functions",
  "reactive",
  "hpa",
  "kpa",
  "util-aware",
  "mixed",
  "paragon",
  "inferline",
  "mark",
  "region-q",
];

/** A JSON document of another benchmark. @throws {ConfigError} when it is no JSON */
async function documentAt(path: string): Promise<{ readonly path: string; readonly content: unknown }> {
  const text = await readFile(path, "utf8");
  try {
    return { path, content: JSON.parse(text) };
  } catch (cause) {
    throw new ConfigError(path, [{ path: "", expected: "JSON", found: JSON.stringify(text.slice(0, 40)) }], { cause });
  }
}

async function run(flags: ResultsFlags, version: string): Promise<void> {
  const sections = fleetSections(await Promise.all(flags.fleet.map(documentAt)));
  const progress = startProgress("results");
  const evaluations = await measureResults({
    scenarios: flags.scenarios,
    policies: flags.policies,
    seeds: Array.from({ length: flags.seeds }, (_, i) => i + 1),
    sweep: flags.sweep,
    dataFolder: dataFolder(),
    cacheFolder: cacheFolder(),
    onProgress: (share, what) => progress.update(share, what),
  }).finally(() => progress.stop());
  const command = `trimtab bench results --scenarios ${flags.scenarios.join(",")} --policies ${flags.policies.join(",")} --seeds ${flags.seeds}${flags.sweep ? "" : " --no-sweep"}${flags.fleet.length > 0 ? ` --fleet ${flags.fleet.join(",")}` : ""}`;
  const page = resultsMarkdown(evaluations, { command, version, node: process.versions.node }, sections);
  if (flags.out !== undefined) await writeFile(flags.out, page);
  if (flags.json === true) printJson({ evaluations });
  else if (flags.out === undefined) printLine(page);
  else printLine(`${evaluations.length} scenarios written to ${flags.out}`);
}

/** Adds the command. @param version of the project, for the head of the page */
export function registerBenchResults(bench: Command, version: string): void {
  bench
    .command("results")
    .description("every policy on every scenario, as a Markdown page")
    .option("--scenarios <a,b,…>", "scenarios that ship, or YAML files", nameList, DEFAULT_SCENARIOS)
    .option("--policies <a,b,…>", "registry names or checkpoint files", nameList, DEFAULT_POLICIES)
    .option("--seeds <n>", "number of seeds", wholeNumber(1), 1)
    .option("--no-sweep", "show baselines at their default settings instead of their cheapest passing ones")
    .option("--fleet <a,b,…>", "JSON files of `bench fleet`, for tables of their own", nameList, [])
    .option("--out <file>", "file to write; standard output where absent")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExample:\n  $ trimtab bench results --scenarios image-mmpp --seeds 3 --out docs/results.md\n",
    )
    .action((flags: ResultsFlags) => run(flags, version));
}
