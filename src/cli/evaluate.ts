// `trimtab evaluate`: policies side by side on the same arrivals, the SLO as a gate, bounds beside them.

import type { Command } from "commander";
import { openScenario } from "../../environments/index.ts";
import { dataFolder } from "../config.ts";
import { type Evaluation, evaluate, policyPool } from "../training/index.ts";
import { nameList, wholeNumber } from "./options.ts";
import { printJson, printLine, printTable, startProgress, usd } from "./output.ts";

interface EvaluateFlags {
  readonly scenario: string;
  readonly policies: readonly string[];
  readonly seeds: number;
  readonly seed: number;
  readonly bound?: boolean;
  readonly sweep?: boolean;
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
  const progress = startProgress("evaluate");
  const pool = policyPool(flags.scenario, dataFolder());
  try {
    const evaluation = await evaluate(open, {
      policies: flags.policies,
      seeds: Array.from({ length: flags.seeds }, (_, i) => flags.seed + i),
      bound: flags.bound === true,
      sweep: flags.sweep === true,
      nowMs: () => performance.now(),
      run: pool.run,
      onProgress: ({ share, what }) => progress.update(share, what),
    });
    progress.stop();
    if (flags.json === true) printJson(evaluation);
    else printEvaluation(evaluation);
  } finally {
    progress.stop();
    await pool.close();
  }
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
    .option("--bound", "compute the lower bounds and the clairvoyant's cost")
    .option("--sweep", "try each optimizer at all its settings, show it at its cheapest passing one")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExample:\n  $ trimtab evaluate --scenario image-diurnal --policies static,reactive,mark --bound\n",
    )
    .action((flags: EvaluateFlags) => run(flags));
}
