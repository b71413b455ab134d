// `trimtab train --applications`: one agent trained over many made-up applications, to start warm on others.

import { InvalidArgumentError } from "commander";
import { writeCheckpoint } from "../store/index.ts";
import { trainAcross } from "../training/index.ts";
import { printJson, printLine, startProgress } from "./output.ts";

/** What the command needs to know. */
export interface AcrossFlags {
  readonly agent: string;
  readonly applications: readonly number[];
  readonly shown: number;
  readonly windows: number;
  readonly seed: number;
  readonly out: string;
  readonly json?: boolean;
}

const MOST_APPLICATIONS = 100_000;

/** Numbers of applications: `7`, or `1001-1600`. */
export function applicationRange(text: string): number[] {
  const [, first, last] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text) ?? [];
  const from = Number(first);
  const count = Number(last ?? first) - from + 1;
  if (!(count >= 1 && count <= MOST_APPLICATIONS))
    throw new InvalidArgumentError(`expected numbers of applications such as 1001-1600, found "${text}".`);
  return Array.from({ length: count }, (_, i) => from + i);
}

/** Trains and writes the checkpoint, also where it is interrupted. */
export async function runAcross({ json, out, ...flags }: AcrossFlags): Promise<void> {
  const { agent, applications } = flags;
  const progress = startProgress(`train ${agent}`);
  let interrupted = false;
  const onSignal = (): void => {
    interrupted = true;
  };
  process.once("SIGINT", onSignal);
  try {
    const checkpoint = await trainAcross({
      ...flags,
      onApplication: (done, meanReward) => {
        const share = done / applications.length;
        progress.update(
          share,
          `${done} of ${applications.length} applications, reward ${meanReward.toFixed(3)} a step`,
        );
        return !interrupted;
      },
    });
    await writeCheckpoint(out, checkpoint);
    progress.stop();
    const { steps, meanReward } = checkpoint.spec.training;
    if (json === true) {
      printJson({ agent, seed: flags.seed, steps, meanReward, policySha256: checkpoint.spec.sha256, checkpoint: out });
      return;
    }
    printLine(`${agent} across ${applications.length} applications, seed ${flags.seed}: ${steps} steps`);
    printLine(`checkpoint ${out}`);
    printLine(`next: trimtab train --scenario application-1 --agent ${agent} --start ${out} --out <file>`);
  } finally {
    progress.stop();
    process.removeListener("SIGINT", onSignal);
  }
}
