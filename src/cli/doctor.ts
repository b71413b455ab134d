// `trimtab doctor`: says what this machine has, what is missing, and how to get it.

import { access, constants } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Command } from "commander";
import { listScenarios, loadScenario, openScenario } from "../../environments/index.ts";
import { dataFolder } from "../config.ts";
import { printJson, printTable } from "./output.ts";

interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** Without it the main job cannot run. */
  readonly required: boolean;
  readonly found: string;
  readonly remedy: string;
}

const MIN_NODE_MAJOR = 20;

function nodeCheck(): Check {
  const major = Number(process.versions.node.split(".")[0]);
  return {
    name: "node",
    ok: major >= MIN_NODE_MAJOR,
    required: true,
    found: process.versions.node,
    remedy: `install Node ${MIN_NODE_MAJOR} or later`,
  };
}

async function storeCheck(): Promise<Check> {
  const found = process.cwd();
  const ok = await access(found, constants.W_OK).then(
    () => true,
    () => false,
  );
  return {
    name: "store folder",
    ok,
    required: true,
    found,
    remedy: "start where files can be written, or pass --store <dir>",
  };
}

async function dataCheck(): Promise<Check> {
  const folder = dataFolder();
  const ok =
    folder !== null &&
    (await access(folder).then(
      () => true,
      () => false,
    ));
  return {
    name: "TRIMTAB_DATA",
    ok,
    required: false,
    found: folder ?? "not set",
    remedy: "only scenarios on public traces need it: set it to a folder of traces, see trimtab trace download --help",
  };
}

async function scenarioChecks(): Promise<Check[]> {
  const names = await listScenarios();
  return Promise.all(
    names.map(async (name) => {
      const loaded = await loadScenario(name);
      const outcome = await openScenario(loaded, { dataFolder: dataFolder() }).then(
        (open) => ({ ok: true, found: `${open.lattice.count} configurations`, remedy: "" }),
        (error: unknown) => ({
          ok: false,
          found: "cannot be opened",
          remedy: error instanceof Error ? error.message : String(error),
        }),
      );
      return { name: `scenario ${name}`, required: !("trace" in loaded.scenario.workload), ...outcome };
    }),
  );
}

function optionalPackage(name: string, remedy: string): Check {
  try {
    createRequire(import.meta.url).resolve(name);
    return { name, ok: true, required: false, found: "installed", remedy };
  } catch {
    return { name, ok: false, required: false, found: "not installed", remedy };
  }
}

async function run(flags: { readonly json?: boolean }): Promise<void> {
  const checks: Check[] = [
    nodeCheck(),
    await storeCheck(),
    await dataCheck(),
    ...(await scenarioChecks()),
    optionalPackage(
      "@tensorflow/tfjs-node",
      "optional, for faster network training: npm install @tensorflow/tfjs-node",
    ),
  ];
  const ok = checks.every((check) => check.ok || !check.required);
  if (flags.json === true) printJson({ ok, checks });
  else {
    printTable(
      ["", "check", "found", "to do"],
      checks.map((check) => [
        check.ok ? "ok" : check.required ? "FAIL" : "–",
        check.name,
        check.found,
        check.ok ? "" : check.remedy,
      ]),
    );
  }
  if (!ok) process.exitCode = 1;
}

/** Adds the command. */
export function registerDoctor(program: Command): void {
  program
    .command("doctor")
    .description("what this machine has, what is missing and how to get it")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab doctor\n")
    .action((flags: { json?: boolean }) => run(flags));
}
