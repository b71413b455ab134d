// What an agent learnt from so far: windows, episodes and their rewards, as policies and snapshots tell it.

import { z } from "zod";
import type { TrainingSummary, Transition } from "../src/core/index.ts";

const count = z.number().int().nonnegative();

/** JSON form, field by field of a snapshot. */
export const tallyShape = { steps: count, episodes: count, rewardSum: z.number() };

interface Counts {
  readonly steps: number;
  readonly episodes: number;
  readonly rewardSum: number;
}

/** Counts windows as they are learnt from. */
export class TrainingTally {
  #steps = 0;
  #episodes = 0;
  #rewardSum = 0;

  /** Windows so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Counts a window. */
  add({ reward, truncated }: Pick<Transition, "reward" | "truncated">): void {
    this.#steps += 1;
    this.#rewardSum += reward;
    if (truncated) this.#episodes += 1;
  }

  summary(): TrainingSummary {
    const meanReward = this.#steps === 0 ? null : this.#rewardSum / this.#steps;
    return { steps: this.#steps, episodes: this.#episodes, meanReward };
  }

  save(): Counts {
    return { steps: this.#steps, episodes: this.#episodes, rewardSum: this.#rewardSum };
  }

  restore({ steps, episodes, rewardSum }: Counts): void {
    this.#steps = steps;
    this.#episodes = episodes;
    this.#rewardSum = rewardSum;
  }
}
