// Figures over applications and seeds, each with its 95 % interval: percentile bootstrap, applications drawn with
// replacement, and of each its seeds.

import { quantile, randomInteger, SeededRandom } from "../src/math/index.ts";

/** A figure with its 95 % interval. */
export interface Figure {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 1000;

/** The mean of a number over runs; NaN of none. */
export function meanOf<Run>(runs: readonly Run[], of: (run: Run) => number): number {
  return runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
}

/** A figure of runs, of all and of resampled ones. @param cells one for each application and seed */
export function figureOver<Cell extends { readonly application: string }>(
  cells: readonly Cell[],
  of: (drawn: readonly Cell[]) => number,
): Figure {
  const names = [...new Set(cells.map(({ application }) => application))];
  const byApplication = names.map((name) => cells.filter(({ application }) => application === name));
  const random = new SeededRandom(1).split("bootstrap");
  const resampled = (): Cell[] =>
    byApplication.flatMap(() => {
      const seeds = byApplication[randomInteger(random, byApplication.length)] ?? [];
      return seeds.flatMap(() => seeds[randomInteger(random, seeds.length)] ?? []);
    });
  const values = Array.from({ length: RESAMPLES }, () => of(resampled()));
  return { value: of(cells), low: quantile(values, 0.025), high: quantile(values, 0.975) };
}
