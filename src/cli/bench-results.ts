// `trimtab bench results`: writes the results page.

import { readFile, writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { evaluationSection } from "../../bench/evaluation-section.ts";
import { reportSections } from "../../bench/report-sections.ts";
import { measureResults, resultsMarkdown } from "../../bench/results.ts";
import { cacheFolder, dataFolder } from "../config.ts";
import { ConfigError } from "../core/index.ts";
import { nameList, wholeNumber } from "./options.ts";
import { printJson, printLine, startProgress } from "./output.ts";

interface ResultsFlags {
  readonly scenarios?: readonly string[];
  readonly policies: readonly string[];
  readonly seeds: number;
  readonly sweep: boolean;
  readonly reports: readonly string[];
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

/** A JSON document of another benchmark. @throws {ConfigError} when it cannot be read or is no JSON */
async function documentAt(path: string): Promise<{ readonly path: string; readonly content: unknown }> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(path, [{ path: "(file)", expected: "a readable JSON document", found }], { cause });
  });
  try {
    return { path, content: JSON.parse(text) };
  } catch (cause) {
    throw new ConfigError(path, [{ path: "", expected: "JSON", found: JSON.stringify(text.slice(0, 40)) }], { cause });
  }
}

function commandOf(flags: ResultsFlags, scenarios: readonly string[]): string {
  const measured =
    scenarios.length === 0
      ? []
      : [
          ["--scenarios", scenarios.join(",")],
          ["--policies", flags.policies.join(",")],
          ["--seeds", `${flags.seeds}`],
          flags.sweep ? [] : ["--no-sweep"],
        ];
  const reports = flags.reports.length === 0 ? [] : ["--reports", flags.reports.join(",")];
  return ["trimtab bench results", ...measured.flat(), ...reports].join(" ");
}

async function run(flags: ResultsFlags, version: string): Promise<void> {
  const sections = reportSections(await Promise.all(flags.reports.map(documentAt)));
  const scenarios = flags.scenarios ?? (flags.reports.length > 0 ? [] : DEFAULT_SCENARIOS);
  const progress = startProgress("results");
  const evaluations = await measureResults({
    scenarios,
    policies: flags.policies,
    seeds: Array.from({ length: flags.seeds }, (_, i) => i + 1),
    sweep: flags.sweep,
    dataFolder: dataFolder(),
    cacheFolder: cacheFolder(),
    onProgress: (share, what) => progress.update(share, what),
  }).finally(() => progress.stop());
  const page = resultsMarkdown([...evaluations.map(evaluationSection), ...sections], {
    command: commandOf(flags, scenarios),
    version,
    node: process.versions.node,
  });
  if (flags.out !== undefined) await writeFile(flags.out, page);
  if (flags.json === true) printJson({ evaluations });
  else if (flags.out === undefined) printLine(page);
  else printLine(`Written to ${flags.out}`);
}

/** Adds the command. @param version of the project, for the head of the page */
export function registerBenchResults(bench: Command, version: string): void {
  bench
    .command("results")
    .description("every policy on every scenario, as a Markdown page")
    .option(
      "--scenarios <a,b,…>",
      `scenarios that ship, or YAML files (default: ${DEFAULT_SCENARIOS.join(",")}; none beside --reports)`,
      nameList,
    )
    .option("--policies <a,b,…>", "registry names or checkpoint files", nameList, DEFAULT_POLICIES)
    .option("--seeds <n>", "number of seeds", wholeNumber(1), 1)
    .option("--no-sweep", "show baselines at their default settings instead of their cheapest passing ones")
    .option(
      "--reports <a,b,…>",
      "JSON files of other benchmarks, or of this one, for tables of their own",
      nameList,
      [],
    )
    .option("--out <file>", "file to write; standard output where absent")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExamples:\n  $ trimtab bench results --scenarios image-mmpp --seeds 3 --out docs/results.md\n  $ trimtab bench results --reports evaluations.json,fleet.json,search.json --out docs/results.md\n",
    )
    .action((flags: ResultsFlags) => run(flags, version));
}
