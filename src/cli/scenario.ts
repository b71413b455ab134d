// `trimtab scenario`: lists, shows and validates scenarios.

import type { Command } from "commander";
import {
  environmentId,
  listScenarios,
  loadScenario,
  openScenario,
  scenarioReference,
} from "../../environments/index.ts";
import { dataFolder } from "../config.ts";
import { printJson, printLine, printTable } from "./output.ts";

interface Flags {
  readonly json?: boolean;
}

async function list(flags: Flags): Promise<void> {
  const names = await listScenarios();
  const items = await Promise.all(
    names.map(async (name) => {
      const { scenario } = await loadScenario(name);
      return { name, environment: environmentId(name), description: scenario.description ?? "" };
    }),
  );
  if (flags.json === true) printJson({ items, next: null });
  else
    printTable(
      ["scenario", "environment", "what"],
      items.map((item) => [item.name, item.environment, item.description]),
    );
}

async function show(name: string, flags: Flags): Promise<void> {
  const { scenario, path } = await loadScenario(name);
  if (flags.json !== true) printLine(`# ${path}, defaults filled in`);
  printJson(scenario);
}

async function validate(name: string, flags: Flags): Promise<void> {
  const open = await openScenario(name, { dataFolder: dataFolder() });
  const summary = {
    scenario: open.scenario.name,
    valid: true,
    environment: open.id,
    configurations: open.lattice.count,
    durationS: open.plan.workload.durationS,
    meanRateRps: open.plan.workload.meanRateRps,
    initialUsdPerHour: open.committedUsdPerHour(open.initial),
  };
  if (flags.json === true) {
    printJson(summary);
    return;
  }
  printLine(
    `${summary.scenario}: valid; ${summary.configurations} configurations, ${(summary.durationS / 3600).toFixed(1)} h at ${summary.meanRateRps.toFixed(1)} requests/s on average`,
  );
}

/** Adds the commands. */
export function registerScenario(program: Command): void {
  const scenario = program.command("scenario").description("scenarios that ship, and your own");
  scenario
    .command("list")
    .description("the scenarios that ship")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab scenario list\n")
    .action((flags: Flags) => list(flags));
  scenario
    .command("show")
    .description("a scenario with its defaults filled in")
    .argument("<name|file>")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab scenario show image-diurnal\n")
    .action((name: string, flags: Flags) => show(name, flags));
  scenario
    .command("validate")
    .description("check a scenario and everything it names, data included")
    .argument("<name|file>")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab scenario validate my-cluster.yaml\n")
    .action((name: string, flags: Flags) => validate(name, flags));
  scenario
    .command("reference")
    .description("every key of a scenario file, as Markdown")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab scenario reference > docs/scenario-reference.md\n")
    .action((flags: Flags) => {
      if (flags.json === true) printJson({ markdown: scenarioReference() });
      else process.stdout.write(scenarioReference());
    });
}
