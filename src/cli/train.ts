// `trimtab train`: trains an agent on a scenario and writes a resumable checkpoint.

import { access } from "node:fs/promises";
import type { Command } from "commander";
import { type OpenScenario, openScenario } from "../../environments/index.ts";
import { dataFolder } from "../config.ts";
import { ConfigError, type Json, type TrainingSummary } from "../core/index.ts";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "../store/index.ts";
import { DEFAULT_OPTIMIZER, train } from "../training/index.ts";
import { wholeNumber } from "./options.ts";
import { type Progress, printJson, printLine, startProgress } from "./output.ts";
import { writeReport } from "./report-file.ts";
import { runEvaluation } from "./run-evaluation.ts";
import { type AcrossFlags, applicationRange, runAcross } from "./train-across.ts";
import { openTrainingLog } from "./training-log.ts";

interface TrainFlags {
  readonly scenario: string;
  readonly start?: string;
  readonly agent: string;
  readonly seed: number;
  readonly episodes: number;
  readonly out: string;
  readonly seeds: number;
  readonly report?: string;
  readonly tensorboard?: string;
  readonly minari?: string;
  readonly resume: boolean;
  readonly json?: boolean;
}

/** As given: a scenario, or applications. */
type Given = Omit<TrainFlags, "scenario"> &
  Omit<AcrossFlags, "applications"> & { readonly scenario?: string; readonly applications?: readonly number[] };

/** One training of the command: a seed and its checkpoint. */
interface Run {
  readonly seed: number;
  readonly out: string;
}

/** The file named where there is one seed, else one beside it a seed. */
function runsOf({ seed, seeds, out }: TrainFlags): readonly [Run, ...Run[]] {
  const first = { seed, out: seeds === 1 ? out : `${out}-${seed}` };
  const others = Array.from({ length: seeds - 1 }, (_, i) => ({ seed: seed + i + 1, out: `${out}-${seed + i + 1}` }));
  return [first, ...others];
}

async function resumed({ resume }: TrainFlags, out: string): Promise<Checkpoint | null> {
  const exists = await access(out).then(
    () => true,
    () => false,
  );
  return resume && exists ? readCheckpoint(out) : null;
}

interface Watch {
  readonly progress: Progress;
  readonly interrupted: () => boolean;
}

async function trainOne(
  open: OpenScenario,
  flags: TrainFlags,
  { seed, out }: Run,
  { progress, interrupted }: Watch,
): Promise<Checkpoint> {
  const earlier = await resumed(flags, out);
  const start = flags.start === undefined ? null : await readCheckpoint(flags.start);
  const log = await openTrainingLog(open, { ...flags, seed });
  const checkpoint = await train(open, {
    agent: flags.agent,
    seed,
    episodes: flags.episodes,
    ...(earlier === null ? {} : { resume: earlier }),
    ...(start === null ? {} : { start }),
    onStep: ({ episode, episodes, step, stepsPerEpisode, meanReward }) => {
      if (step % 20 === 0) {
        const share = (seed - flags.seed + (episode + step / stepsPerEpisode) / episodes) / flags.seeds;
        progress.update(share, `seed ${seed}, episode ${episode + 1}, reward ${meanReward.toFixed(3)} a step`);
      }
      return !interrupted();
    },
    onTransition: (transition) => log.step(transition),
    onEpisode: async (finished, { step, curve }) => {
      await writeCheckpoint(out, finished);
      await log.episode(step, curve);
    },
  });
  await log.close();
  await writeCheckpoint(out, checkpoint);
  return checkpoint;
}

/** The trained policies beside the rule they lean on and a fleet that never changes. */
async function writeTrainingReport(path: string, open: OpenScenario, flags: TrainFlags): Promise<void> {
  const policies = ["static", DEFAULT_OPTIMIZER, ...runsOf(flags).map(({ out }) => out)];
  const options = { policies, seeds: [flags.seed], bound: true };
  await writeReport(path, open, await runEvaluation(open, flags.scenario, options));
}

async function run(flags: TrainFlags): Promise<void> {
  const open = await openScenario(flags.scenario, { dataFolder: dataFolder() });
  const progress = startProgress(`train ${flags.agent}`);
  let interrupted = false;
  const onSignal = (): void => {
    interrupted = true;
  };
  process.once("SIGINT", onSignal);
  const summaries: Summary[] = [];
  try {
    for (const one of runsOf(flags)) {
      if (interrupted) break;
      const checkpoint = await trainOne(open, flags, one, { progress, interrupted: () => interrupted });
      summaries.push(summaryOf(one, checkpoint));
    }
  } finally {
    progress.stop();
    process.removeListener("SIGINT", onSignal);
  }
  if (flags.report !== undefined && !interrupted) await writeTrainingReport(flags.report, open, flags);
  print(flags, summaries);
}

interface Summary extends Run, TrainingSummary {
  readonly progress: Json;
  readonly policySha256: string;
}

function summaryOf(one: Run, { spec, progress }: Checkpoint): Summary {
  return { ...one, ...spec.training, progress, policySha256: spec.sha256 };
}

function print(flags: TrainFlags, summaries: readonly Summary[]): void {
  const { scenario, agent, report } = flags;
  if (flags.json === true) {
    const all = summaries.map(({ out, ...summary }) => ({ scenario, agent, ...summary, checkpoint: out }));
    printJson(flags.seeds === 1 ? all[0] : { scenario, agent, trainings: all });
    return;
  }
  for (const { seed, out, episodes, steps, meanReward, backend } of summaries) {
    const reward = meanReward?.toFixed(4) ?? "none";
    printLine(
      `${agent} on ${scenario}, seed ${seed}: ${episodes} episodes, ${steps} steps, last mean reward ${reward}`,
    );
    if (backend !== undefined) printLine(`network trained by TensorFlow.js, backend ${backend}`);
    printLine(`checkpoint ${out}`);
  }
  if (report !== undefined) printLine(`report: ${report}`);
  const made = summaries.map(({ out }) => out).join(",");
  printLine(`next: trimtab evaluate --scenario ${scenario} --policies static,${made} --bound`);
}

/** Adds the command. */
export function registerTrain(program: Command): void {
  program
    .command("train")
    .description("train an agent on a scenario and write a checkpoint")
    .option("--scenario <name|file>", "scenario that ships, or a YAML file")
    .option("--applications <a-b>", "instead of a scenario: made-up applications, one after another", applicationRange)
    .option("--shown <n>", "of the applications, those the optimizer shows first", wholeNumber(0), 40)
    .option("--windows <n>", "windows on each of the applications", wholeNumber(2), 256)
    .option("--start <file>", "begin with what this checkpoint of the same agent learnt elsewhere")
    .requiredOption("--agent <name>", "agent of the registry, with settings as name:key=value")
    .requiredOption("--out <file>", "checkpoint to write, after every episode")
    .option("--seed <n>", "fixes all chance", wholeNumber(0), 1)
    .option("--episodes <n>", "episodes in all, those of a resumed checkpoint included", wholeNumber(1), 2)
    .option(
      "--seeds <n>",
      "trainings with consecutive seeds; with several each writes <file>-<seed>",
      wholeNumber(1),
      1,
    )
    .option(
      "--report <file>",
      "write an HTML page: learning curves, and what the policies come to beside static and mark",
    )
    .option("--no-resume", "start anew even where the checkpoint exists")
    .option("--tensorboard <dir>", "write TensorBoard event files there, a folder a seed")
    .option("--minari <dir>", "write what was seen and done there as a Minari dataset, one a seed")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ trimtab train --scenario image-diurnal --agent region-q --seed 1 --out t1\n")
    .action(({ scenario, applications, ...flags }: Given) => {
      if ((scenario === undefined) === (applications === undefined))
        throw new ConfigError("trimtab train", [
          {
            path: "--scenario, --applications",
            expected: "one of them",
            found: scenario === undefined ? "none" : "both",
          },
        ]);
      return scenario === undefined
        ? runAcross({ ...flags, applications: applications ?? [] })
        : run({ ...flags, scenario });
    });
}
