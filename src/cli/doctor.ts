// `trimtab doctor`: says what this machine has, what is missing, and how to get it.

import { existsSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Command } from "commander";
import pico from "picocolors";
import { listScenarios, openScenario } from "../../environments/index.ts";
import { dataFolder } from "../config.ts";
import { TrimtabError } from "../core/index.ts";
import { probeBackend } from "../networks/index.ts";
import { packageRoot } from "../store/index.ts";
import { printJson, printLine } from "./output.ts";

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

function networksCheck(): Check {
  const { backend, fault } = probeBackend("auto");
  return {
    name: "TensorFlow.js",
    ok: fault === null,
    required: false,
    found: backend,
    remedy: `only agents that are networks need it: ${fault}`,
  };
}

/** A program that only some tests and documents need. */
async function programCheck(name: string, use: string, remedy: string): Promise<Check> {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(folder, name), constants.X_OK).then(
        () => join(folder, name),
        () => null,
      ),
    ),
  );
  const path = found.find((one) => one !== null) ?? null;
  return { name, ok: path !== null, required: false, found: path ?? `none; ${use}`, remedy };
}

function dashboardCheck(): Check {
  const folder = join(packageRoot(), "dist", "web");
  const ok = existsSync(join(folder, "index.html"));
  return { name: "dashboard", ok, required: true, found: ok ? folder : "not built", remedy: "run npm run build" };
}

/** A scenario that only lacks its public trace is no fault of the machine. */
function unopened(error: unknown): Pick<Check, "ok" | "required" | "found" | "remedy"> {
  const lacksData = error instanceof TrimtabError && error.code === "E_TRACE";
  const remedy = error instanceof Error ? error.message : String(error);
  return { ok: false, required: !lacksData, found: lacksData ? "its trace is missing" : "cannot be opened", remedy };
}

async function scenarioChecks(): Promise<Check[]> {
  const names = await listScenarios();
  return Promise.all(
    names.map(async (name) => {
      const outcome = await openScenario(name, { dataFolder: dataFolder() }).then(
        (open) => ({ ok: true, required: true, found: `${open.lattice.count} configurations`, remedy: "" }),
        unopened,
      );
      return { name: `scenario ${name}`, ...outcome };
    }),
  );
}

function printChecks(checks: readonly Check[]): void {
  const width = Math.max(...checks.map((check) => check.name.length));
  for (const check of checks) {
    const mark = check.ok ? pico.green("ok  ") : check.required ? pico.red("FAIL") : pico.yellow("-   ");
    printLine(`${mark}  ${check.name.padEnd(width)}  ${check.found}`);
    if (!check.ok) printLine(`      ${check.remedy}`);
  }
}

async function run(flags: { readonly json?: boolean }): Promise<void> {
  const provision = (part: string): string => `only the integration tests need it: run scripts/provision.sh ${part}`;
  const checks: Check[] = [
    nodeCheck(),
    dashboardCheck(),
    await storeCheck(),
    await dataCheck(),
    networksCheck(),
    await programCheck("chromium", "the dashboard is tried in it", provision("browser")),
    await programCheck("promtool", "Prometheus rules are checked by it", provision("monitoring")),
    ...(await scenarioChecks()),
  ];
  const ok = checks.every((check) => check.ok || !check.required);
  if (flags.json === true) printJson({ ok, checks });
  else printChecks(checks);
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
