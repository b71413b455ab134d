// `trimtab catalogue`: the dated price lists, their limits and billing rules.

import type { Command } from "commander";
import { findPriceSet, type PriceSet, priceSets } from "../catalogue/index.ts";
import type { BillingRule, DurationSpec } from "../core/index.ts";
import { printJson, printLine, printTable, usd } from "./output.ts";

interface Flags {
  readonly json?: boolean;
  readonly prices?: string;
}

function durationText(spec: DurationSpec): string {
  if ("constant" in spec) return `${spec.constant} s`;
  if ("uniform" in spec) return `${spec.uniform[0]}-${spec.uniform[1]} s`;
  if ("exponential" in spec) return `${spec.exponential} s (exponential)`;
  return `${spec.lognormal.mean} s (lognormal, cv ${spec.lognormal.cv})`;
}

function billingText({ incrementS, minimumS }: BillingRule): string {
  return `per ${incrementS} s, at least ${minimumS} s`;
}

function showSet({ name, region, date, source, instances, function: called }: PriceSet): void {
  printLine(`${name}: ${region}, ${date}\n${source}`);
  printTable(
    ["type", "kind", "vCPU", "GiB", "GPU", "USD/h", "spot", "spot losses/h", "launch", "billed"],
    instances.map((type) => [
      type.name,
      type.kind,
      type.vcpus,
      type.memoryGib,
      type.gpus,
      Number(type.usdPerHour.toFixed(5)),
      type.spotPriceRatio === null ? "-" : `${Math.round(100 * type.spotPriceRatio)} %`,
      Number(type.spotInterruptionsPerHour.toPrecision(2)),
      durationText(type.launchS),
      billingText(type.billing),
    ]),
  );
  const { memoryMb } = called;
  printLine(
    `${called.name}: $${called.usdPerGbS}/GB-s + ${usd(called.usdPerRequest * 1e6)} per million calls, ` +
      `billed per ${called.billingIncrementMs} ms; ${memoryMb.min}-${memoryMb.max} MB, a vCPU per ${memoryMb.mbPerVcpu} MB; ` +
      `cold start ${durationText(called.coldStartS)}, kept ${called.keepAliveS} s; ${called.concurrencyLimit} at once\n`,
  );
}

function show(flags: Flags): void {
  const sets = flags.prices === undefined ? priceSets : [findPriceSet(flags.prices)];
  if (flags.json === true) printJson({ items: sets, next: null });
  else for (const set of sets) showSet(set);
}

/** Adds the commands. */
export function registerCatalogue(program: Command): void {
  const catalogue = program.command("catalogue").description("what can be rented, and at what price");
  catalogue
    .command("show")
    .description("price lists with their sources, limits, launch delays and billing rules")
    .option("--prices <name>", `only this list: ${priceSets.map((set) => set.name).join(", ")}`)
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab catalogue show --prices aws-us-east-1-2018\n")
    .action((flags: Flags) => show(flags));
}
