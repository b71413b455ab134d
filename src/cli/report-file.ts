// Writes the report of an evaluation: gathers what it takes to repeat it beside the figures.

import { arch, cpus, platform } from "node:os";
import type { OpenScenario } from "../../environments/index.ts";
import { type CheckpointSource, type LearningCurve, reportPage } from "../report/index.ts";
import { type Checkpoint, readCheckpoint, writeFileAtomically } from "../store/index.ts";
import { type Evaluation, findPolicy, learningCurve } from "../training/index.ts";
import type { EvaluationRun } from "./run-evaluation.ts";
import { packageVersion } from "./version.ts";

interface Trained {
  readonly path: string;
  readonly checkpoint: Checkpoint;
}

async function trainedOf({ policies }: Evaluation): Promise<Trained[]> {
  const all = await Promise.all(
    policies.map(async ({ name }) =>
      (await findPolicy(name)).kind === "checkpoint" ? [{ path: name, checkpoint: await readCheckpoint(name) }] : [],
    ),
  );
  return all.flat();
}

function sourceOf({ path, checkpoint: { agent, seed, spec } }: Trained): CheckpointSource {
  const { steps, episodes } = spec.training;
  return { path, agent, seed, policySha256: spec.sha256, steps, episodes };
}

function curveOf({ path, checkpoint: { seed, progress } }: Trained): LearningCurve {
  return { name: path, seed, meanRewards: learningCurve(progress) };
}

const plainWord = /^[\w./:=,@%+-]+$/;

/** The command as it was typed, words quoted where a shell would split them. */
function typedCommand(): string {
  const words = process.argv
    .slice(2)
    .map((word) => (plainWord.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  return ["trimtab", ...words].join(" ");
}

/** Writes the page. @throws {StoreError} when the file cannot be written */
export async function writeReport(
  path: string,
  open: OpenScenario,
  { evaluation, runs }: EvaluationRun,
): Promise<void> {
  const trained = await trainedOf(evaluation);
  const page = reportPage({
    evaluation,
    runs,
    slos: open.objective.slo,
    curves: trained.map(curveOf).filter(({ meanRewards }) => meanRewards.length > 0),
    provenance: {
      command: typedCommand(),
      version: packageVersion(),
      node: process.versions.node,
      machine: `${platform()} ${arch()}, ${cpus()[0]?.model ?? "unknown processor"}`,
      madeAt: new Date().toISOString(),
      scenario: open.scenario,
      checkpoints: trained.map(sourceOf),
    },
  });
  await writeFileAtomically(path, page);
}
