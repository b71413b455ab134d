// Each policy of a report with its runs, its colour, and how far its cost differs from seed to seed.

import type { Evaluation, PolicyRun, PolicyScore } from "../training/index.ts";
import { HUES, type Key } from "./chart.ts";

/** Lowest and highest of what the seeds gave. */
export interface SeedRange {
  readonly low: number;
  readonly high: number;
}

/** A policy in a report. */
export interface PolicyRow extends Key {
  readonly score: PolicyScore;
  /** One a seed, in the order of the seeds. */
  readonly runs: readonly PolicyRun[];
  readonly usdPerMillion: SeedRange;
}

function range(values: readonly number[]): SeedRange {
  return { low: Math.min(...values), high: Math.max(...values) };
}

/** The rows of an evaluation, in its order. @param runs all of them, those of settings a sweep dropped included */
export function rowsOf(evaluation: Evaluation, runs: readonly PolicyRun[]): PolicyRow[] {
  return evaluation.policies.map((score, i) => {
    const own = runs.filter(({ name }) => name === score.name).sort((a, b) => a.seed - b.seed);
    const costs = own.map(({ totals }) => (1e6 * totals.usd) / Math.max(1, totals.requests));
    return {
      name: score.name,
      hue: i % HUES,
      score,
      runs: own,
      usdPerMillion: costs.length === 0 ? range([score.usdPerMillion]) : range(costs),
    };
  });
}
