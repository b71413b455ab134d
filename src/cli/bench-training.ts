// `trimtab bench training`: how fast networks train here, and whether memory stays flat while they do.

import type { Command } from "commander";
import { benchTraining, type TrainingBench } from "../../bench/training.ts";
import { backendSchema } from "../networks/index.ts";
import { wholeNumber } from "./options.ts";
import { printJson, printLine, printTable, startProgress } from "./output.ts";

interface TrainingFlags {
  readonly steps: number;
  readonly backend: string;
  readonly json?: boolean;
}

/** Enough for a speed within a few per cent. */
const SPEED_STEPS = 200;

const MEBIBYTE = 2 ** 20;

function printBench({ backend, tensorflow, speeds, memory, largestDifference }: TrainingBench): void {
  printLine(`TensorFlow.js ${tensorflow}, backend ${backend}`);
  printTable(
    ["loss", "recurrent over", "batch", "gradient steps / s", "processor ms / step"],
    speeds.map((one) => [
      one.loss,
      one.recurrentSteps,
      one.batch,
      one.stepsPerSecond.toFixed(0),
      one.cpuMsPerStep.toFixed(1),
    ]),
  );
  printTable(
    ["steps", "worker MiB", "tensors", "resident MiB"],
    memory.points.map((point) => [
      point.steps,
      (point.workerBytes / MEBIBYTE).toFixed(1),
      point.tensors,
      (point.residentBytes / MEBIBYTE).toFixed(0),
    ]),
  );
  printLine(`most memory in the second half over most in the first: ${memory.growth.toFixed(3)}`);
  printLine(`compiled networks against the library: at most ${largestDifference.toExponential(1)} apart`);
}

function run({ steps, backend, json }: TrainingFlags): void {
  const progress = startProgress("training");
  try {
    const bench = benchTraining({
      steps,
      speedSteps: SPEED_STEPS,
      backend: backendSchema.parse(backend),
      onProgress: (share, what) => progress.update(share, what),
    });
    progress.stop();
    if (json === true) printJson(bench);
    else printBench(bench);
  } finally {
    progress.stop();
  }
}

/** Adds the command. */
export function registerBenchTraining(bench: Command): void {
  bench
    .command("training")
    .description("gradient steps per second, and memory over very many of them")
    .option("--steps <n>", "gradient steps of the long run", wholeNumber(10), 100_000)
    .option("--backend <name>", `of ${backendSchema.options.join(", ")}`, "auto")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab bench training --steps 2000\n")
    .action((flags: TrainingFlags) => run(flags));
}
