// `trimtab bench search`: searches for the best safe configuration, side by side on problems whose truth is known.

import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { benchSearch, defaultCacheFolder, type SearchBenchOptions } from "../../bench/search.ts";
import { dataFolder } from "../config.ts";
import type { SearchReport } from "../training/search-report.ts";
import { nameList, wholeNumber } from "./options.ts";
import { type Progress, printJson, printLine, printTable, startProgress } from "./output.ts";

/** What every benchmark of searches is asked. */
export interface SearchBenchFlags {
  readonly problems: readonly string[];
  readonly algorithms: readonly string[];
  readonly seeds: number;
  readonly workers: number;
  readonly cache: string;
  readonly json?: boolean;
}

interface SearchFlags extends SearchBenchFlags {
  readonly windows: number;
}

/** The flags as the benchmark takes them. */
export function benchOptions(flags: SearchBenchFlags, progress: Progress): Omit<SearchBenchOptions, "windows"> {
  return {
    problems: flags.problems,
    algorithms: flags.algorithms,
    seeds: Array.from({ length: flags.seeds }, (_, i) => i + 1),
    dataFolder: dataFolder(),
    cacheFolder: flags.cache,
    workers: flags.workers,
    onProgress: (share, what) => progress.update(share, what),
  };
}

function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

function printReport({ algorithms, ratios, notes, problems, seeds, windows }: SearchReport): void {
  printLine(`${problems.length} problems, ${seeds.length} seeds, ${windows} windows each`);
  printTable(
    [
      "method",
      "to 5 %",
      "to 10 %",
      "solved",
      "unsafe",
      "first 20",
      "> 2 SLO",
      "latency paid",
      "decision µs p50/p99",
      "plan ms p99",
    ],
    algorithms.map((one) => [
      one.name,
      one.toWithin5.geomean.toFixed(1),
      one.toWithin10.geomean.toFixed(1),
      percent(one.toWithin5.solvedShare, 0),
      percent(one.unsafeShare),
      percent(one.unsafeFirst20),
      percent(one.overTwiceSloShare),
      one.latencyPaid.median.toFixed(2),
      `${one.decisionMicros.p50.toFixed(0)} / ${one.decisionMicros.p99.toFixed(0)}`,
      one.planMs?.p99.toFixed(0) ?? "–",
    ]),
  );
  if (ratios.length > 0) {
    printTable(
      ["method", "over", "times fewer windows", "90 % interval", "wins", "losses"],
      ratios.map((one) => [
        one.algorithm,
        one.over,
        one.ratio.toFixed(1),
        `${one.low.toFixed(1)} – ${one.high.toFixed(1)}`,
        one.wins,
        one.losses,
      ]),
    );
  }
  for (const note of notes) printLine(note);
}

async function run(flags: SearchFlags): Promise<void> {
  const progress = startProgress("search");
  const report = await benchSearch({ ...benchOptions(flags, progress), windows: flags.windows }).finally(() =>
    progress.stop(),
  );
  if (flags.json === true) printJson(report);
  else printReport(report);
}

/** Adds the command. */
export function registerBenchSearch(bench: Command): void {
  bench
    .command("search")
    .description("windows until each method has found the best safe configuration, and what it risks on the way")
    .option("--problems <a,b,…>", "sets, problems, folders or scenario files; most need TRIMTAB_DATA", nameList, [
      "reference",
    ])
    .option("--algorithms <a,b,…>", "all, ablation, or names with settings", nameList, ["all"])
    .option("--seeds <n>", "number of seeds", wholeNumber(1), 20)
    .option("--windows <n>", "budget of windows per search", wholeNumber(1), 100)
    .option("--workers <n>", "searches that run at once", wholeNumber(1), Math.min(2, availableParallelism()))
    .option(
      "--cache <folder>",
      "where truths and runs are kept, so that a stopped benchmark goes on",
      defaultCacheFolder(),
    )
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExample:\n  $ trimtab bench search --problems reference --algorithms region-prior,gp-prior --seeds 5\n",
    )
    .action((flags: SearchFlags) => run(flags));
}
