// `trimtab bench adaptation`: how soon an agent trained across applications is at home in a new one.

import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { type AdaptationBench, benchAdaptation } from "../../bench/adaptation.ts";
import { adaptationCells, adaptationColumns } from "../../bench/adaptation-section.ts";
import { intervalText } from "../../bench/interval-text.ts";
import { wholeNumber } from "./options.ts";
import { printJson, printLine, printTable, startProgress } from "./output.ts";

interface AdaptationFlags {
  readonly applications: number;
  readonly first: number;
  readonly seeds: number;
  readonly trained: number;
  readonly sources: number;
  readonly windows: number;
  readonly workers: number;
  readonly json?: boolean;
}

function printBench({ methods, runs, seeds, windows, timesSooner, timesSoonerToBest }: AdaptationBench): void {
  const applications = new Set(runs.map((run) => run.application)).size;
  printLine(`${applications} applications, ${seeds.length} seeds, ${windows} windows each; 95 % intervals`);
  printTable(adaptationColumns, adaptationCells(methods));
  printLine(
    `meta adapts ${intervalText(timesSooner, 1)} times sooner, nears the better ${intervalText(timesSoonerToBest, 1)}`,
  );
}

const from = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

async function run({ applications, first, seeds, json, ...options }: AdaptationFlags): Promise<void> {
  const progress = startProgress("adaptation");
  const bench = await benchAdaptation({
    ...options,
    applications: from(first, applications),
    seeds: from(1, seeds),
    onProgress: (share, what) => progress.update(share, what),
  }).finally(() => progress.stop());
  if (json === true) printJson(bench);
  else printBench(bench);
}

/** Adds the command. */
export function registerBenchAdaptation(bench: Command): void {
  bench
    .command("adaptation")
    .description("windows until an agent trained across applications is at home in a new one, beside transfer")
    .option("--applications <n>", "number of applications to adapt to", wholeNumber(1), 10)
    .option("--first <n>", "number of the first of them", wholeNumber(1), 1)
    .option("--seeds <n>", "number of seeds", wholeNumber(1), 5)
    .option("--trained <n>", "applications the one agent is trained across, from number 1001 on", wholeNumber(3), 600)
    .option("--sources <n>", "of these, applications with an agent of their own", wholeNumber(1), 24)
    .option("--windows <n>", "windows lived through in each", wholeNumber(64), 1024)
    .option("--workers <n>", "runs at once", wholeNumber(1), availableParallelism())
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExample:\n  $ trimtab bench adaptation --applications 2 --seeds 1 --trained 60 --sources 4\n",
    )
    .action((flags: AdaptationFlags) => run(flags));
}
