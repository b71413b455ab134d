// `trimtab evaluate`: policies side by side on the same arrivals, the SLO as a gate, bounds beside them.

import type { Command } from "commander";
import { openScenario } from "../../environments/index.ts";
import { dataFolder } from "../config.ts";
import type { Evaluation } from "../training/index.ts";
import { nameList, wholeNumber } from "./options.ts";
import { printJson, printLine, printTable, usd } from "./output.ts";
import { writeReport } from "./report-file.ts";
import { runEvaluation } from "./run-evaluation.ts";

interface EvaluateFlags {
  readonly scenario: string;
  readonly policies: readonly string[];
  readonly seeds: number;
  readonly seed: number;
  readonly bound?: boolean;
  readonly sweep?: boolean;
  readonly report?: string;
  readonly json?: boolean;
}

function printEvaluation(evaluation: Evaluation): void {
  printLine(
    `${evaluation.scenario}: ${Math.round(evaluation.requests).toLocaleString("en")} requests, seeds ${evaluation.seeds.join(", ")}`,
  );
  printTable(
    ["policy", "SLO", "hours missed", "$", "$/M", "× clairvoyant", "p99 ms", "offloaded"],
    evaluation.policies.map((policy) => [
      policy.name,
      policy.met ? "met" : "MISSED",
      policy.hoursMissed,
      usd(policy.usd),
      usd(policy.usdPerMillion),
      policy.costToBound?.toFixed(3) ?? "–",
      policy.latencyMs.p99.toFixed(0),
      `${(100 * policy.offloadedShare).toFixed(1)} %`,
    ]),
  );
  const { lpUsd, integerLateUsd, integerUsd, clairvoyantUsd } = evaluation.bound;
  const bounds = { lp: lpUsd, integerLate: integerLateUsd, integer: integerUsd, clairvoyant: clairvoyantUsd };
  const known = Object.entries(bounds).flatMap(([name, value]) => (value === null ? [] : [`${name} ${usd(value)}`]));
  if (known.length > 0) printLine(`bounds: ${known.join(", ")}`);
  printLine("Costs are comparable only between policies that met the SLO in every hour.");
}

async function run(flags: EvaluateFlags): Promise<void> {
  const open = await openScenario(flags.scenario, { dataFolder: dataFolder() });
  const done = await runEvaluation(open, flags.scenario, {
    policies: flags.policies,
    seeds: Array.from({ length: flags.seeds }, (_, i) => flags.seed + i),
    bound: flags.bound === true || flags.report !== undefined,
    sweep: flags.sweep === true,
  });
  if (flags.report !== undefined) await writeReport(flags.report, open, done);
  if (flags.json === true) {
    printJson(done.evaluation);
    return;
  }
  printEvaluation(done.evaluation);
  if (flags.report !== undefined) printLine(`report: ${flags.report}`);
}

/** Adds the command. */
export function registerEvaluate(program: Command): void {
  program
    .command("evaluate")
    .description("evaluate policies on a scenario: cost, SLO in every hour, cost to the bound")
    .requiredOption("--scenario <name|file>", "scenario that ships, or a YAML file")
    .requiredOption("--policies <a,b,…>", "registry names (name:key=value for settings) or checkpoint files", nameList)
    .option("--seeds <n>", "number of seeds", wholeNumber(1), 1)
    .option("--seed <n>", "the first of them", wholeNumber(0), 1)
    .option("--bound", "the lower bounds and the clairvoyant's cost; kept in TRIMTAB_CACHE")
    .option("--sweep", "try each optimizer at all its settings, show it at its cheapest passing one")
    .option("--report <file>", "write a self-contained HTML page: tables, charts, bounds, and how to repeat it")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExample:\n  $ trimtab evaluate --scenario image-diurnal --policies static,reactive,mark --bound\n",
    )
    .action((flags: EvaluateFlags) => run(flags));
}
