// Measured values of configurations, per load level, kept sparsely: what a tabular learner remembers.
//
// n ← n + 1;  value ← value + (target - value)/n, and no slower than 1/memory, so that old worlds are forgotten.

import { z } from "zod";
import type { Configuration, Json, KnobLattice } from "../src/core/index.ts";
import type { LevelChoice } from "./level-policy.ts";
import { type Move, moveOf, positionsKey } from "./moves.ts";

/** What is known of one measured configuration at one load level. */
export interface MeasuredValue {
  readonly move: Move;
  visits: number;
  value: number;
}

/** JSON form of a table: positions on the lattice, visits and value per level. */
export const valueTableSchema = z.array(
  z.object({
    level: z.number().int(),
    entries: z.array(z.tuple([z.array(z.number().int().nonnegative()), z.number().int().positive(), z.number()])),
  }),
);

/** The values of one load level. */
export class LevelValues {
  readonly entries: MeasuredValue[] = [];
  readonly #byKey = new Map<string, MeasuredValue>();
  /** Samples so far. */
  samples = 0;

  get(key: string): MeasuredValue | undefined {
    return this.#byKey.get(key);
  }

  add(move: Move, visits: number, value: number): MeasuredValue {
    const entry = { move, visits, value };
    this.entries.push(entry);
    this.#byKey.set(move.key, entry);
    this.samples += visits;
    return entry;
  }

  /** The measured configuration of greatest value, the first measured among equals; undefined before any. */
  best(): MeasuredValue | undefined {
    let best: MeasuredValue | undefined;
    for (const entry of this.entries) if (best === undefined || entry.value > best.value) best = entry;
    return best;
  }
}

/** The values of every load level. */
export class ValueTable {
  readonly #space: KnobLattice;
  readonly #memory: number;
  readonly #levels = new Map<number, LevelValues>();

  /** @param memory samples after which the average becomes a moving one */
  constructor(space: KnobLattice, memory: number) {
    this.#space = space;
    this.#memory = memory;
  }

  /** The values of a level; empty before its first sample. */
  at(level: number): LevelValues {
    const known = this.#levels.get(level);
    if (known !== undefined) return known;
    const values = new LevelValues();
    this.#levels.set(level, values);
    return values;
  }

  /** Learns a target for a configuration. @returns the entry and whether it is new */
  learn(level: number, configuration: Configuration, target: number): { entry: MeasuredValue; first: boolean } {
    const values = this.at(level);
    const move = moveOf(this.#space, configuration);
    const entry = values.get(move.key);
    if (entry === undefined) return { entry: values.add(move, 1, target), first: true };
    entry.visits++;
    values.samples++;
    entry.value += (target - entry.value) / Math.min(this.#memory, entry.visits);
    return { entry, first: false };
  }

  /** The best configuration of each level, ascending by level. */
  choices(): LevelChoice[] {
    return [...this.#levels]
      .sort(([a], [b]) => a - b)
      .flatMap(([level, values]) => {
        const best = values.best();
        return best === undefined ? [] : [{ level, configuration: best.move.configuration }];
      });
  }

  save(): Json {
    return [...this.#levels]
      .filter(([, values]) => values.entries.length > 0)
      .map(([level, values]) => ({
        level,
        entries: values.entries.map(({ move, visits, value }) => [[...move.positions], visits, value]),
      }));
  }

  /** Takes over a saved table. @throws {RangeError} for positions off the lattice */
  restore(saved: z.infer<typeof valueTableSchema>): void {
    for (const { level, entries } of saved) {
      for (const [positions, visits, value] of entries) {
        const configuration = this.#space.at(positions);
        const key = positionsKey(positions);
        this.at(level).add({ configuration, positions: Int32Array.from(positions), key }, visits, value);
      }
    }
  }
}
