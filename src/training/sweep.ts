// Sweeps: a baseline is shown at its cheapest passing setting, so that no comparison wins by a badly set rival.

import type { KnobLattice } from "../core/index.ts";
import { optimizers } from "../optimizers/index.ts";
import type { PolicyScore } from "./scorecard.ts";

/**
 * The names of an optimizer at each of its settings worth trying on a lattice; any other policy, or one with settings,
 * as it is.
 */
export function sweptNames(name: string, lattice: KnobLattice): string[] {
  const entry = optimizers.find((candidate) => candidate.name === name);
  const sweep = entry?.sweepOn(lattice) ?? [];
  if (entry === undefined || sweep.length < 2) return [name];
  return sweep.map((settings) => {
    const changed = Object.entries(settings).filter(([key, value]) => value !== entry.settings[key]);
    return changed.length === 0 ? name : `${name}:${changed.map(([key, value]) => `${key}=${value}`).join(",")}`;
  });
}

/** The cheapest of those that met every SLO in every hour; where none did, the one that missed the fewest hours. */
export function cheapestPassing(scores: readonly PolicyScore[]): PolicyScore {
  const passing = scores.filter((score) => score.met);
  const better = (a: PolicyScore, b: PolicyScore): PolicyScore =>
    passing.length > 0 || a.hoursMissed === b.hoursMissed
      ? b.usd < a.usd
        ? b
        : a
      : b.hoursMissed < a.hoursMissed
        ? b
        : a;
  const [first, ...others] = passing.length > 0 ? passing : scores;
  if (first === undefined) throw new RangeError("sweep: expected at least one score, found none");
  return others.reduce(better, first);
}

/** What a sweep needs of an evaluation. */
export interface SweepTasks<Source, Run> {
  /** The settings, each a policy of its own. */
  readonly sources: readonly Source[];
  readonly seeds: readonly number[];
  /** @param untilMiss whether the run may end once an hour has missed an SLO */
  readonly run: (source: Source, seed: number, untilMiss: boolean) => Promise<Run>;
  readonly score: (runs: readonly Run[]) => PolicyScore;
  /** All at once, or one after the other. */
  readonly all: <Task, Result>(tasks: readonly Task[], of: (task: Task) => Promise<Result>) => Promise<Result[]>;
}

/**
 * The runs, one a seed, of the cheapest setting that passes on every seed. Each setting runs on the first seed, and one
 * that misses there is out, as soon as it does. Those that pass go on to the other seeds in the order of what they cost
 * on the first, until one passes on all. Where none passes, the runs of the one that missed the fewest hours.
 */
export async function sweep<Source, Run>(tasks: SweepTasks<Source, Run>): Promise<readonly Run[]> {
  const { sources, seeds, run, score, all } = tasks;
  const [firstSeed = 1, ...otherSeeds] = seeds;
  const alone = sources.length === 1;
  const onFirst = (untilMiss: boolean) =>
    all(sources, async (source) => {
      const first = await run(source, firstSeed, untilMiss);
      return { source, first, score: score([first]) };
    });
  let firsts = await onFirst(!alone);
  const passing = firsts.filter((tried) => tried.score.met).sort((a, b) => a.score.usd - b.score.usd);
  // How many hours each misses is known of whole runs only.
  if (passing.length === 0 && !alone) firsts = await onFirst(false);
  const least = cheapestPassing(firsts.map((tried) => tried.score));
  const goingOn = passing.length > 0 ? passing : firsts.filter((tried) => tried.score === least);
  const finished: { runs: readonly Run[]; score: PolicyScore }[] = [];
  for (const { source, first } of goingOn) {
    const runs = [first, ...(await all(otherSeeds, (seed) => run(source, seed, false)))];
    finished.push({ runs, score: score(runs) });
    if (finished.at(-1)?.score.met === true) break;
  }
  const chosen = cheapestPassing(finished.map((tried) => tried.score));
  return finished.find((tried) => tried.score === chosen)?.runs ?? [];
}
