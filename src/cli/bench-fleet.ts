// `trimtab bench fleet`: policies on the reference contexts, their cost over the clairvoyant's.

import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { benchFleet, type FleetBench, fleetContexts, fleetPolicies, furtherContexts } from "../../bench/fleet.ts";
import { benchPerturbed, type PerturbedBench } from "../../bench/fleet-perturbed.ts";
import { cacheFolder, dataFolder } from "../config.ts";
import type { PairedCost } from "../training/index.ts";
import { nameList, wholeNumber } from "./options.ts";
import { printJson, printLine, printTable, startProgress } from "./output.ts";

interface FleetFlags {
  readonly contexts?: readonly string[];
  readonly policies?: readonly string[];
  readonly seeds: number;
  readonly workers: number;
  readonly perturb?: boolean;
  readonly json?: boolean;
}

/** Contexts that need no data and are quick enough for their variants to be tried one by one. */
const PERTURBED_CONTEXTS = ["surge", "mmpp"];

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

function printPerturbed({ policy, contexts }: PerturbedBench): void {
  const rows = contexts.flatMap(({ name, variants }) =>
    variants.map((variant) => [
      name,
      variant.name,
      variant.met ? "met" : "MISSED",
      variant.hoursMissed,
      variant.usdPerMillion.toFixed(3),
      variant.ratio === null ? "–" : `${variant.ratio.toFixed(3)} × ${variant.against}`,
    ]),
  );
  printTable(["context", policy, "SLO", "hours missed", "$/M", "cost"], rows);
  for (const { name, variants } of contexts) {
    for (const variant of variants) {
      const went = variant.grounds.map(({ sinceS, text }) => `from ${(sinceS / 3600).toFixed(0)} h ${text}`);
      printLine(`${name}, ${variant.name}: ${went.join("; ")}`);
    }
  }
}

async function run({ contexts, policies, seeds, workers, perturb, json }: FleetFlags): Promise<void> {
  const progress = startProgress("fleet");
  const shared = {
    seeds: Array.from({ length: seeds }, (_, i) => i + 1),
    dataFolder: dataFolder(),
    workers,
    onProgress: (share: number, what: string) => progress.update(share, what),
  };
  if (perturb === true) {
    const [policy = "region-fleet"] = policies ?? [];
    const bench = await benchPerturbed({ ...shared, contexts: contexts ?? PERTURBED_CONTEXTS, policy }).finally(() =>
      progress.stop(),
    );
    if (json === true) printJson(bench);
    else printPerturbed(bench);
    return;
  }
  const bench = await benchFleet({
    ...shared,
    contexts: contexts ?? fleetContexts,
    policies: policies ?? fleetPolicies,
    cacheFolder: cacheFolder(),
  }).finally(() => progress.stop());
  if (json === true) printJson(bench);
  else printBench(bench);
}

/** Adds the command. */
export function registerBenchFleet(bench: Command): void {
  bench
    .command("fleet")
    .description("policies on the reference contexts of the fleet, their cost over the clairvoyant's")
    .option(
      "--contexts <a,b,…>",
      `of ${fleetContexts.join(", ")} (default: these), ${furtherContexts.join(", ")}, or YAML files; those on traces need TRIMTAB_DATA`,
      nameList,
    )
    .option("--policies <a,b,…>", `registry names or checkpoint files (default: ${fleetPolicies.join(", ")})`, nameList)
    .option("--seeds <n>", "number of seeds", wholeNumber(1), 1)
    .option("--workers <n>", "policies that run at once", wholeNumber(1), availableParallelism())
    .option(
      "--perturb",
      `what wrong beliefs and failures cost the first policy (default: region-fleet, on ${PERTURBED_CONTEXTS.join(" and ")})`,
    )
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExample:\n  $ trimtab bench fleet --contexts mmpp,surge --json\n  $ trimtab bench fleet --perturb --contexts surge\n",
    )
    .action((flags: FleetFlags) => run(flags));
}
