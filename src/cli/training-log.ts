// What a training leaves for other tools to read: TensorBoard's curves and Minari's datasets, where asked for.

import { appendFile, mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { OpenScenario } from "../../environments/index.ts";
import type { Transition } from "../core/index.ts";
import { eventFileName, eventFileStart, eventRecords, MinariWriter } from "../training/index.ts";

/** Where to write; nothing where absent. */
export interface TrainingLogOptions {
  readonly agent: string;
  readonly seed: number;
  readonly tensorboard?: string;
  readonly minari?: string;
}

/** Follows a training. */
export interface TrainingLog {
  step(transition: Transition): void;
  /** @param curve mean reward a step of each finished episode */
  episode(steps: number, curve: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

const nowS = (): number => Date.now() / 1000;

/** A file TensorBoard reads; the folder is a run. */
async function openEvents(folder: string): Promise<(steps: number, curve: readonly number[]) => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, eventFileName(nowS(), hostname()));
  await appendFile(file, eventFileStart(nowS()));
  let total = 0;
  return async (steps, curve) => {
    total += steps;
    const meanReward = curve.at(-1) ?? Number.NaN;
    await appendFile(
      file,
      eventRecords(nowS(), [
        { tag: "rollout/ep_rew_mean", step: total, value: meanReward * steps },
        { tag: "rollout/ep_len_mean", step: total, value: steps },
        { tag: "rollout/step_rew_mean", step: total, value: meanReward },
      ]),
    );
  };
}

/** Opens what was asked for. @throws {ConfigError} for an id Minari does not take */
export async function openTrainingLog(open: OpenScenario, options: TrainingLogOptions): Promise<TrainingLog> {
  const { agent, seed, tensorboard, minari } = options;
  const name = `${open.scenario.name}/${agent.replace(/[^A-Za-z0-9]+/g, "-")}`;
  const events = tensorboard === undefined ? null : await openEvents(join(tensorboard, `${name}-seed${seed}`));
  const dataset =
    minari === undefined
      ? null
      : new MinariWriter({
          root: minari,
          id: `trimtab/${name}-seed${seed}-v0`,
          observationSpace: open.observationSpace,
          actionSpace: open.lattice,
          algorithm: agent,
        });
  return {
    step: (transition) => dataset?.add(transition),
    episode: async (steps, curve) => {
      await events?.(steps, curve);
      await dataset?.endEpisode();
    },
    close: async () => dataset?.close(),
  };
}
