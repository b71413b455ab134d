// `trimtab bench change`: how each method copes with a load that grows or a system that is no longer what it was.

import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { benchChanges, defaultCacheFolder } from "../../bench/search.ts";
import type { ChangeReport } from "../training/change-report.ts";
import { type SearchChange, searchChanges } from "../training/search-change.ts";
import { benchOptions, type SearchBenchFlags } from "./bench-search.ts";
import { nameList, someOf, wholeNumber } from "./options.ts";
import { printJson, printLine, printTable, startProgress } from "./output.ts";

/** Problems that can change in every way and still be solved: light loads. */
const DEFAULT_PROBLEMS = ["resnet16", "bert16", "resnet18", "bert18", "function", "llm"].map((name) => `${name}-light`);

interface ChangeFlags extends SearchBenchFlags {
  readonly changes: readonly SearchChange[];
  readonly before: number;
  readonly after: number;
}

function printReport({ changes, seeds, windowsBefore, windowsAfter }: ChangeReport): void {
  printLine(`${seeds.length} seeds, ${windowsBefore} windows before the change and ${windowsAfter} after it`);
  printTable(
    ["change", "method", "to 10 %", "median", "recovered", "noticed", "unsafe of first 20", "worst problem"],
    changes.map((one) => [
      one.change,
      one.name,
      one.toWithin10.geomean.toFixed(1),
      one.toWithin10.median.toFixed(1),
      `${(100 * one.recoveredShare).toFixed(0)} %`,
      `${(100 * one.noticedShare).toFixed(0)} %`,
      one.unsafeOfFirst20.mean.toFixed(1),
      one.unsafeOfFirst20.worst.toFixed(1),
    ]),
  );
}

async function run(flags: ChangeFlags): Promise<void> {
  const progress = startProgress("change");
  const { changes, before: windows, after: windowsAfter } = flags;
  const options = { ...benchOptions(flags, progress), changes, windows, windowsAfter };
  const report = await benchChanges(options).finally(() => progress.stop());
  if (flags.json === true) printJson(report);
  else printReport(report);
}

/** Adds the command. */
export function registerBenchChange(bench: Command): void {
  bench
    .command("change")
    .description("windows until each method is near the optimum again after its load or its system changed")
    .option("--problems <a,b,…>", "sets, problems, folders or scenario files", nameList, DEFAULT_PROBLEMS)
    .option("--changes <a,b,…>", searchChanges.join(", "), someOf(searchChanges), [...searchChanges])
    .option("--algorithms <a,b,…>", "all, ablation, or names with settings", nameList, ["region-sim", "region-prior"])
    .option("--seeds <n>", "number of seeds", wholeNumber(1), 10)
    .option("--before <n>", "windows before the change", wholeNumber(1), 40)
    .option("--after <n>", "windows after it", wholeNumber(1), 40)
    .option("--workers <n>", "searches that run at once", wholeNumber(1), Math.min(2, availableParallelism()))
    .option("--cache <folder>", "where truths and runs are kept", defaultCacheFolder())
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab bench change --changes slower --seeds 5\n")
    .action((flags: ChangeFlags) => run(flags));
}
