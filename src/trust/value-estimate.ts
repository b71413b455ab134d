// What a choice is worth: measured where it was tried, else the model corrected by what it got wrong before.
//
// residual_i = mean of (measured - predicted) over the windows choice i was in force at this load level
// value_i = predicted_i + (κ·r̄ + n_i·residual_i) / (κ + n_i),   r̄ the mean over all choices, κ = 5 windows
// Source: shrinkage of group means towards the grand mean (W. James, C. Stein 1961), with a fixed weight.

import { z } from "zod";
import type { Json } from "../core/index.ts";

/** Windows the mean over all choices counts for. */
const SHRINKAGE_WINDOWS = 5;

/** Older windows fade: a choice never counts for more than this many. */
const MEMORY_WINDOWS = 100;

/** Choices kept per book; the one unused longest goes first. */
const LARGEST_BOOK = 2_000;

const entrySchema = z.tuple([z.string(), z.number(), z.number()]);
const bookSchema = z.object({ all: z.tuple([z.number(), z.number()]), entries: z.array(entrySchema) });

interface Residual {
  windows: number;
  mean: number;
}

function learn(residual: Residual, value: number): void {
  residual.windows = Math.min(MEMORY_WINDOWS, residual.windows + 1);
  residual.mean += (value - residual.mean) / residual.windows;
}

/** The differences between measured and predicted reward, by choice. */
export class ResidualBook {
  readonly #all: Residual = { windows: 0, mean: 0 };
  readonly #entries = new Map<string, Residual>();

  /** Notes what a choice was measured to be worth. @param key names the choice and its load level */
  measured(key: string, predicted: number, value: number): void {
    const residual = value - predicted;
    if (!Number.isFinite(residual)) return;
    learn(this.#all, residual);
    const entry = this.#entries.get(key) ?? { windows: 0, mean: 0 };
    learn(entry, residual);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > LARGEST_BOOK && oldest.done !== true) this.#entries.delete(oldest.value);
  }

  /** The predicted value corrected by what was measured. */
  corrected(key: string, predicted: number): number {
    const entry = this.#entries.get(key);
    const windows = entry?.windows ?? 0;
    const sum = SHRINKAGE_WINDOWS * this.#all.mean + windows * (entry?.mean ?? 0);
    return predicted + sum / (SHRINKAGE_WINDOWS + windows);
  }

  /** Windows a choice was measured in; at most the memory. */
  windows(key: string): number {
    return this.#entries.get(key)?.windows ?? 0;
  }

  save(): Json {
    return {
      all: [this.#all.windows, this.#all.mean],
      entries: [...this.#entries].map(([key, { windows, mean }]) => [key, windows, mean]),
    };
  }

  /** The book that was saved. @throws {z.ZodError} when it is not one */
  static restore(saved: unknown): ResidualBook {
    const { all, entries } = bookSchema.parse(saved);
    const book = new ResidualBook();
    book.#all.windows = all[0];
    book.#all.mean = all[1];
    for (const [key, windows, mean] of entries) book.#entries.set(key, { windows, mean });
    return book;
  }
}
