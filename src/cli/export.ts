// `trimtab export`: writes a trained policy in a format others run, or in all of them as a package.

import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Command } from "commander";
import { environmentId, listScenarios, type OpenScenario, openScenario } from "../../environments/index.ts";
import { dataFolder } from "../config.ts";
import { CheckpointError, type PolicySpec } from "../core/index.ts";
import {
  type Exported,
  exporters,
  exportPolicy,
  fidelityLine,
  findExporter,
  packagePolicy,
  tarOf,
  writeFolder,
} from "../export/index.ts";
import { readCheckpoint, writeFileAtomically } from "../store/index.ts";
import { printJson, printLine } from "./output.ts";

interface ExportFlags {
  readonly format?: string;
  readonly package?: string;
  readonly out?: string;
  readonly scenario?: string;
  readonly json?: boolean;
}

/** The scenario a policy was trained on: the one named, else the shipped one of its environment. */
async function scenarioOf(spec: PolicySpec, named: string | undefined): Promise<OpenScenario> {
  const shipped = await listScenarios();
  const name = named ?? shipped.find((candidate) => environmentId(candidate) === spec.environment);
  if (name !== undefined) return openScenario(name, { dataFolder: dataFolder() });
  throw new CheckpointError(
    `policy environment: expected that of a shipped scenario, found ${spec.environment}; name its file with --scenario`,
  );
}

function summary({ format, mediaType, files, fidelity }: Exported): object {
  return { format, mediaType, files: files.map(({ name, content }) => ({ name, bytes: content.length })), fidelity };
}

async function writePackage(open: OpenScenario, spec: PolicySpec, path: string, flags: ExportFlags): Promise<void> {
  const { name, files, exported, refused } = await packagePolicy(open, spec, exporters);
  if (path.endsWith(".tar")) await writeFileAtomically(path, await tarOf(name, files));
  else await writeFolder(path, files);
  if (flags.json === true) return printJson({ name, out: path, exports: exported.map(summary), refused });
  for (const one of exported) printLine(fidelityLine(one));
  for (const { format, reason } of refused) printLine(`${format}: not in the package: ${reason}`);
  printLine(`${name} written to ${path}`);
}

async function writeFormat(open: OpenScenario, spec: PolicySpec, format: string, flags: ExportFlags): Promise<void> {
  const [exported] = await exportPolicy(open, spec, [findExporter(format)]);
  if (exported === undefined) throw new RangeError(`${format}: expected an export, found none`);
  const [first, ...others] = exported.files;
  if (flags.out === undefined) {
    process.stdout.write(first.content);
    process.stderr.write(`${fidelityLine(exported)}\n`);
    return;
  }
  await mkdir(dirname(flags.out), { recursive: true });
  if (others.length === 0) await writeFileAtomically(flags.out, first.content);
  else await writeFolder(flags.out, exported.files);
  if (flags.json === true) printJson({ ...summary(exported), out: flags.out, policySha256: spec.sha256 });
  else printLine(`${fidelityLine(exported)}; ${others.length === 0 ? "" : "folder "}${flags.out}`);
}

async function run(checkpointPath: string, flags: ExportFlags, command: Command): Promise<void> {
  if ((flags.format === undefined) === (flags.package === undefined)) {
    command.error("error: expected either '--format <name>' or '--package <path>'", { exitCode: 2 });
  }
  if (flags.json === true && flags.package === undefined && flags.out === undefined) {
    command.error("error: option '--json' needs '--out <path>'", { exitCode: 2 });
  }
  const { spec } = await readCheckpoint(checkpointPath);
  const open = await scenarioOf(spec, flags.scenario);
  if (flags.package !== undefined) await writePackage(open, spec, flags.package, flags);
  else await writeFormat(open, spec, flags.format ?? "", flags);
}

/** Adds the command. */
export function registerExport(program: Command): void {
  const formats = exporters.map((exporter) => `  ${exporter.format.padEnd(17)} ${exporter.summary}`).join("\n");
  program
    .command("export")
    .description("export a trained policy; what is written has been replayed on 256 held-out observations")
    .argument("<checkpoint>", "checkpoint file of a training")
    .option("--format <name>", "format to write")
    .option("--package <path>", "write every format that can hold the policy, as a folder or a .tar")
    .option("--out <path>", "file to write, a folder where the format has several; standard output where absent")
    .option("--scenario <name>", "scenario the policy was trained on (default: the shipped one of its environment)")
    .option("--json", "print a JSON summary; needs --out or --package")
    .addHelpText("after", `\nFormats:\n${formats}\n\nExample:\n  $ trimtab export t1 --format python --out policy.py\n`)
    .action((checkpoint: string, flags: ExportFlags, command: Command) => run(checkpoint, flags, command));
}
