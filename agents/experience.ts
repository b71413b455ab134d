// Experience of network agents: what was seen, chosen, earned and seen next, and how it becomes columns to train on.

import { z } from "zod";
import type { Json } from "../src/core/index.ts";
import { floatsFromText, floatsToText, type Samples } from "../src/networks/index.ts";
import type { Sight } from "./sight.ts";

/** One window of experience. */
export interface Experience {
  readonly seen: Sight;
  /** Position of each knob, shape [knobs]. */
  readonly positions: Int32Array;
  /** 1 where a value was open, shape [scores]. */
  readonly open: Uint8Array;
  /** Of choosing these positions. */
  readonly logProbability: number;
  readonly reward: number;
  readonly next: Sight;
  /** Cluster time at both ends; where one begins when the one before it ended, they are parts of one trajectory. */
  readonly fromS: number;
  readonly toS: number;
  /** The trajectory ends here, though the task goes on. */
  readonly truncated: boolean;
}

/** JSON form: columns of 32-bit floats, and the times, which need more digits. */
export const experienceSchema = z.strictObject({
  rows: z.number().int().nonnegative(),
  floats: z.string(),
  times: z.array(z.tuple([z.number(), z.number(), z.boolean()])),
});

/** Widths of what is kept of one window. */
export interface ExperienceShape {
  readonly features: number;
  readonly sequence: number;
  readonly knobs: number;
  readonly scores: number;
}

function widthOf({ features, sequence, knobs, scores }: ExperienceShape): number {
  return 2 * (features + sequence) + knobs + scores + 2;
}

/** Whether `after` goes on where `before` ended. */
export function goesOn(before: Experience, after: Experience | undefined): boolean {
  return after !== undefined && !before.truncated && after.fromS === before.toS;
}

/** Rounds a sight to the precision it is kept in, so that what is restored is what was. */
export function keptSight({ features, sequence }: Sight): Sight {
  return { features: features.map(Math.fround), sequence: sequence.map(Math.fround) };
}

/** Experience as JSON. */
export function experienceJson(list: readonly Experience[]): Json {
  const rows = list.map(({ seen, next, positions, open, logProbability, reward }) => [
    ...seen.features,
    ...seen.sequence,
    ...next.features,
    ...next.sequence,
    ...positions,
    ...open,
    logProbability,
    reward,
  ]);
  return {
    rows: list.length,
    floats: floatsToText(Float32Array.from(rows.flat())),
    times: list.map(({ fromS, toS, truncated }) => [fromS, toS, truncated]),
  };
}

/** The experience JSON holds. @throws {CheckpointError} when it is of another shape */
export function experienceFromJson(json: z.infer<typeof experienceSchema>, shape: ExperienceShape): Experience[] {
  const width = widthOf(shape);
  const floats = floatsFromText(json.floats, json.rows * width);
  return json.times.map(([fromS, toS, truncated], row) => {
    let at = row * width;
    const take = (length: number): Float32Array => {
      at += length;
      return floats.subarray(at - length, at);
    };
    const sight = (): Sight => ({
      features: Float64Array.from(take(shape.features)),
      sequence: Float64Array.from(take(shape.sequence)),
    });
    const seen = sight();
    const next = sight();
    const positions = Int32Array.from(take(shape.knobs));
    const open = Uint8Array.from(take(shape.scores));
    const [logProbability = 0, reward = 0] = take(2);
    return { seen, positions, open, logProbability, reward, next, fromS, toS, truncated };
  });
}

/** What a loss needs beside the experience itself, one number a window; empty where it does not ask. */
export interface Targets {
  readonly target: Float32Array;
  readonly advantage: Float32Array;
}

/** The experience as columns. @param heads number of values of each knob */
export function samplesOf(list: readonly Experience[], heads: readonly number[], targets: Targets): Samples {
  const scores = heads.reduce((sum, values) => sum + values, 0);
  const chosen = new Float32Array(list.length * scores);
  list.forEach(({ positions }, row) => {
    let from = row * scores;
    heads.forEach((values, k) => {
      chosen[from + (positions[k] ?? 0)] = 1;
      from += values;
    });
  });
  const column = (of: (one: Experience) => Iterable<number>): Float32Array =>
    Float32Array.from(list.flatMap((one) => [...of(one)]));
  return {
    rows: list.length,
    features: column((one) => one.seen.features),
    sequence: column((one) => one.seen.sequence),
    chosen,
    open: column((one) => one.open),
    logProbability: column((one) => [one.logProbability]),
    ...targets,
  };
}
