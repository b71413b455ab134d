// `trimtab export`: writes a trained policy in a format others run.

import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { exporters, findExporter } from "../export/index.ts";
import { readCheckpoint } from "../store/index.ts";
import { printJson, printLine } from "./output.ts";

interface ExportFlags {
  readonly format: string;
  readonly out?: string;
  readonly json?: boolean;
}

async function run(checkpointPath: string, flags: ExportFlags): Promise<void> {
  const exporter = findExporter(flags.format);
  const { spec } = await readCheckpoint(checkpointPath);
  const content = exporter.export(spec);
  if (flags.out === undefined) {
    process.stdout.write(content);
    return;
  }
  await writeFile(flags.out, content);
  const summary = {
    format: exporter.format,
    mediaType: exporter.mediaType,
    out: flags.out,
    bytes: content.length,
    policySha256: spec.sha256,
  };
  if (flags.json === true) printJson(summary);
  else printLine(`${spec.kind} policy for ${spec.environment} written to ${flags.out} as ${exporter.format}`);
}

/** Adds the command. */
export function registerExport(program: Command): void {
  const formats = exporters.map((exporter) => `  ${exporter.format.padEnd(12)} ${exporter.summary}`).join("\n");
  program
    .command("export")
    .description("export a trained policy")
    .argument("<checkpoint>", "checkpoint file of a training")
    .requiredOption("--format <name>", "format to write")
    .option("--out <file>", "file to write; standard output where absent")
    .option("--json", "print a JSON summary; needs --out")
    .addHelpText("after", `\nFormats:\n${formats}\n\nExample:\n  $ trimtab export t1 --format json --out t1.json\n`)
    .action((checkpoint: string, flags: ExportFlags, command: Command) => {
      if (flags.json === true && flags.out === undefined)
        command.error("error: option '--json' needs '--out <file>'", { exitCode: 2 });
      return run(checkpoint, flags);
    });
}
