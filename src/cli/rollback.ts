// `trimtab rollback`: a cluster back to the last other configuration known to be good, at once.

import type { Command } from "commander";
import { configurationText } from "../control/index.ts";
import { StateError } from "../core/index.ts";
import { decisionJson } from "../http/index.ts";
import { askService, type ServiceFlags, withService } from "./ask-service.ts";
import { printJson, printLine } from "./output.ts";

interface RollbackFlags extends ServiceFlags {
  readonly json?: boolean;
}

async function run(cluster: string, flags: RollbackFlags): Promise<void> {
  const record = decisionJson.parse(await askService(flags, "POST", cluster, "/rollback"));
  if (flags.json === true) printJson(record);
  else if (record.applied !== null) printLine(`${record.outcome}: ${configurationText(record.applied)}`);
  if (record.outcome === "failed" || record.outcome === "refused") throw new StateError(record.reason);
  if (flags.json !== true) printLine(record.reason);
}

/** Adds the command. */
export function registerRollback(program: Command): void {
  withService(program.command("rollback"))
    .description("go back to the last other configuration that met the SLO, at once, and hold it for ten intervals")
    .argument("<cluster>", "name of an attached cluster")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab rollback default\n")
    .action(run);
}
