#!/usr/bin/env node
// The `trimtab` command: finds the subcommand, and turns failures into a clear line and an exit code.

import { Command, CommanderError } from "commander";
import pico from "picocolors";
import { TrimtabError } from "../core/index.ts";
import { registerBench } from "./bench.ts";
import { registerCatalogue } from "./catalogue.ts";
import { registerCompletion } from "./completion.ts";
import { registerDoctor } from "./doctor.ts";
import { registerEvaluate } from "./evaluate.ts";
import { registerExport } from "./export.ts";
import { registerGateway } from "./gateway.ts";
import { registerProfile } from "./profile.ts";
import { registerRecommend } from "./recommend.ts";
import { registerReplay } from "./replay.ts";
import { registerRollback } from "./rollback.ts";
import { registerScenario } from "./scenario.ts";
import { registerServe } from "./serve.ts";
import { registerTrace } from "./trace.ts";
import { registerTrain } from "./train.ts";
import { registerTune } from "./tune.ts";
import { packageVersion } from "./version.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Commander's own refusals (unknown option, missing argument) become usage errors, also in subcommands. */
function exitOnUsage(command: Command): void {
  command.exitOverride();
  command.showHelpAfterError("(add --help for the options and an example)");
  for (const child of command.commands) exitOnUsage(child);
}

/** The whole command line. */
export function createProgram(): Command {
  const program = new Command("trimtab")
    .description("Tunes machine-learning serving clusters for cost within the latency SLO")
    .version(packageVersion())
    .addHelpText("after", "\nExample:\n  $ trimtab serve\n");
  for (const register of [
    registerServe,
    registerGateway,
    registerTrain,
    registerEvaluate,
    registerTune,
    registerRecommend,
    registerRollback,
    registerReplay,
    registerExport,
    registerScenario,
    registerTrace,
    registerProfile,
    registerCatalogue,
    registerBench,
    registerDoctor,
    registerCompletion,
  ]) {
    register(program);
  }
  exitOnUsage(program);
  return program;
}

async function main(): Promise<void> {
  // A reader that has seen enough, such as `head`, is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
      return;
    }
    process.exitCode = EXIT_FAILED;
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${pico.red("error")}: ${text}\n`);
    if (!(error instanceof TrimtabError) && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
  }
}

await main();
