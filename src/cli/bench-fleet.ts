// `trimtab bench fleet`: policies on the reference contexts, their cost over the clairvoyant's.

import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { benchFleet, type FleetBench, fleetContexts, fleetPolicies } from "../../bench/fleet.ts";
import { cacheFolder, dataFolder } from "../config.ts";
import type { PairedCost } from "../training/index.ts";
import { nameList, wholeNumber } from "./options.ts";
import { printJson, printLine, printTable, startProgress } from "./output.ts";

interface FleetFlags {
  readonly contexts: readonly string[];
  readonly policies: readonly string[];
  readonly seeds: number;
  readonly workers: number;
  readonly json?: boolean;
}

function pairText({ name, against, ratio, interval, ratios, cheaperIn, periodS }: PairedCost): string {
  const range = interval === null ? "" : ` (95 %: ${interval[0].toFixed(3)} to ${interval[1].toFixed(3)})`;
  const periods = periodS >= 86_400 ? "days" : "hours";
  return `${name} costs ${ratio.toFixed(3)} of ${against}${range}, less on ${cheaperIn} of ${ratios.length} ${periods}`;
}

function printBench({ contexts, geomean }: FleetBench): void {
  const rows = contexts.flatMap(({ name, policies }) =>
    policies.map((policy) => [
      name,
      policy.name,
      policy.met ? "met" : "MISSED",
      policy.hoursMissed,
      policy.usdPerMillion.toFixed(3),
      policy.costToBound?.toFixed(3) ?? "–",
      policy.decisionMicros.p50.toFixed(0),
    ]),
  );
  printTable(["context", "policy", "SLO", "hours missed", "$/M", "× clairvoyant", "decision µs"], rows);
  for (const { name, paired } of contexts) for (const pair of paired) printLine(`${name}: ${pairText(pair)}`);
  for (const [policy, value] of Object.entries(geomean))
    printLine(`${policy}: geometric mean over contexts ${value?.toFixed(3) ?? "– (SLO missed or no bound)"}`);
}

async function run(flags: FleetFlags): Promise<void> {
  const progress = startProgress("fleet");
  const bench = await benchFleet({
    contexts: flags.contexts,
    policies: flags.policies,
    seeds: Array.from({ length: flags.seeds }, (_, i) => i + 1),
    dataFolder: dataFolder(),
    cacheFolder: cacheFolder(),
    workers: flags.workers,
    onProgress: (share, what) => progress.update(share, what),
  }).finally(() => progress.stop());
  if (flags.json === true) printJson(bench);
  else printBench(bench);
}

/** Adds the command. */
export function registerBenchFleet(bench: Command): void {
  bench
    .command("fleet")
    .description("policies on the reference contexts of the fleet, their cost over the clairvoyant's")
    .option(
      "--contexts <a,b,…>",
      `of ${fleetContexts.join(", ")}, or YAML files; tw ones need TRIMTAB_DATA`,
      nameList,
      [...fleetContexts],
    )
    .option("--policies <a,b,…>", "registry names or checkpoint files", nameList, fleetPolicies)
    .option("--seeds <n>", "number of seeds", wholeNumber(1), 1)
    .option("--workers <n>", "policies that run at once", wholeNumber(1), availableParallelism())
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab bench fleet --contexts mmpp,surge --json\n")
    .action((flags: FleetFlags) => run(flags));
}
