// `trimtab bench bootstrap`: what learning costs while it lasts, with the trust lifecycle and without.

import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { type BootstrapBench, benchBootstrap, bootstrapAgents } from "../../bench/bootstrap.ts";
import { intervalText } from "../../bench/interval-text.ts";
import { DEFAULT_OPTIMIZER } from "../training/policies.ts";
import { nameList, wholeNumber } from "./options.ts";
import { printJson, printLine, printTable, startProgress } from "./output.ts";

interface BootstrapFlags {
  readonly applications: number;
  readonly first: number;
  readonly agents: readonly string[];
  readonly optimizer: string;
  readonly seeds: number;
  readonly intervals: number;
  readonly workers: number;
  readonly json?: boolean;
}

function printBench({ agents, runs, intervals, seeds, bare, optimizer }: BootstrapBench): void {
  const applications = new Set(runs.map((run) => run.application)).size;
  printLine(`${applications} applications, ${seeds.length} seeds, ${intervals} intervals each; 95 % intervals`);
  printTable(
    [
      "agent",
      "violations a run",
      `times fewer than ${bare}`,
      "serving, %",
      "and no dearer, %",
      "last quarter, %",
      `cost / ${optimizer}`,
      "cost, last quarter",
    ],
    agents.map((row) => [
      row.agent,
      intervalText(row.violationsPerRun, 1),
      intervalText(row.timesFewer, 1),
      intervalText(row.serving, 0, 100),
      intervalText(row.servingNoDearer, 0, 100),
      intervalText(row.lateServingNoDearer, 0, 100),
      intervalText(row.costToOptimizer, 3),
      intervalText(row.lateCostToOptimizer, 3),
    ]),
  );
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

async function run({ agents, optimizer, intervals, workers, ...flags }: BootstrapFlags): Promise<void> {
  const progress = startProgress("bootstrap");
  const bench = await benchBootstrap({
    applications: upTo(flags.applications).map((number) => number + flags.first - 1),
    seeds: upTo(flags.seeds),
    agents,
    optimizer,
    intervals,
    workers,
    onProgress: (share, what) => progress.update(share, what),
  }).finally(() => progress.stop());
  if (flags.json === true) printJson(bench);
  else printBench(bench);
}

/** Adds the command. */
export function registerBenchBootstrap(bench: Command): void {
  bench
    .command("bootstrap")
    .description("SLO violations and cost while agents learn from nothing, on synthetic applications")
    .option("--applications <n>", "number of applications", wholeNumber(1), 10)
    .option("--first <n>", "number of the first application", wholeNumber(1), 1)
    .option("--agents <a,b,…>", "the first is bare, violations are compared with its", nameList, [...bootstrapAgents])
    .option("--optimizer <name>", "what agents lean on, and costs are compared with", DEFAULT_OPTIMIZER)
    .option("--seeds <n>", "number of seeds", wholeNumber(1), 5)
    .option("--intervals <n>", "intervals of a run", wholeNumber(2), 400)
    .option("--workers <n>", "runs at once", wholeNumber(1), availableParallelism())
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab bench bootstrap --applications 3 --seeds 1\n")
    .action((flags: BootstrapFlags) => run(flags));
}
