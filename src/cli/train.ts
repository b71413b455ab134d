// `trimtab train`: trains an agent on a scenario and writes a resumable checkpoint.

import { access } from "node:fs/promises";
import type { Command } from "commander";
import { openScenario } from "../../environments/index.ts";
import { dataFolder } from "../config.ts";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "../store/index.ts";
import { train } from "../training/index.ts";
import { wholeNumber } from "./options.ts";
import { printJson, printLine, startProgress } from "./output.ts";

interface TrainFlags {
  readonly scenario: string;
  readonly agent: string;
  readonly seed: number;
  readonly episodes: number;
  readonly out: string;
  readonly resume: boolean;
  readonly json?: boolean;
}

async function resumed(flags: TrainFlags): Promise<Checkpoint | null> {
  const exists = await access(flags.out).then(
    () => true,
    () => false,
  );
  return flags.resume && exists ? readCheckpoint(flags.out) : null;
}

async function run(flags: TrainFlags): Promise<void> {
  const open = await openScenario(flags.scenario, { dataFolder: dataFolder() });
  const earlier = await resumed(flags);
  const progress = startProgress(`train ${flags.agent}`);
  let interrupted = false;
  const onSignal = (): void => {
    interrupted = true;
  };
  process.once("SIGINT", onSignal);
  try {
    const checkpoint = await train(open, {
      agent: flags.agent,
      seed: flags.seed,
      episodes: flags.episodes,
      ...(earlier === null ? {} : { resume: earlier }),
      onStep: ({ episode, episodes, step, stepsPerEpisode, meanReward }) => {
        if (step % 20 === 0) {
          progress.update(
            (episode + step / stepsPerEpisode) / episodes,
            `episode ${episode + 1}, reward ${meanReward.toFixed(3)} a step`,
          );
        }
        return !interrupted;
      },
      onEpisode: (finished) => writeCheckpoint(flags.out, finished),
    });
    await writeCheckpoint(flags.out, checkpoint);
    progress.stop();
    report(flags, checkpoint);
  } finally {
    progress.stop();
    process.removeListener("SIGINT", onSignal);
  }
}

function report(flags: TrainFlags, checkpoint: Checkpoint): void {
  const { training, sha256 } = checkpoint.spec;
  const summary = {
    scenario: flags.scenario,
    agent: flags.agent,
    seed: flags.seed,
    episodes: training.episodes,
    steps: training.steps,
    meanReward: training.meanReward,
    progress: checkpoint.progress,
    checkpoint: flags.out,
    policySha256: sha256,
  };
  if (flags.json === true) {
    printJson(summary);
    return;
  }
  printLine(
    `${flags.agent} on ${flags.scenario}: ${training.episodes} episodes, ${training.steps} steps, last mean reward ${training.meanReward?.toFixed(4) ?? "none"}`,
  );
  printLine(
    `checkpoint ${flags.out}; next: trimtab evaluate --scenario ${flags.scenario} --policies static,${flags.out} --bound`,
  );
}

/** Adds the command. */
export function registerTrain(program: Command): void {
  program
    .command("train")
    .description("train an agent on a scenario and write a checkpoint")
    .requiredOption("--scenario <name|file>", "scenario that ships, or a YAML file")
    .requiredOption("--agent <name>", "agent of the registry, with settings as name:key=value")
    .requiredOption("--out <file>", "checkpoint to write, after every episode")
    .option("--seed <n>", "fixes all chance", wholeNumber(0), 1)
    .option("--episodes <n>", "episodes in all, those of a resumed checkpoint included", wholeNumber(1), 2)
    .option("--no-resume", "start anew even where the checkpoint exists")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab train --scenario image-diurnal --agent region-q --seed 1 --out t1\n")
    .action((flags: TrainFlags) => run(flags));
}
