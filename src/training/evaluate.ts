// Evaluates policies on a scenario: same arrivals, same guards, the SLO as a gate, bounds beside them.

import { type OpenScenario, withoutWarmup } from "../../environments/index.ts";
import { type Bounds, type BoundsOf, boundsOf, meanBounds, NO_BOUNDS } from "./bounds/index.ts";
import { findPolicy, openDecider, type PolicySource } from "./policies.ts";
import { type RunOptions, runPolicy } from "./run-policy.ts";
import { type PolicyRun, type PolicyScore, scoreOf } from "./scorecard.ts";
import { sweep, sweptNames } from "./sweep.ts";

/** Runs a policy on a seed, here or in a worker. */
export type RunPolicy = (
  source: PolicySource,
  seed: number,
  options: Pick<RunOptions, "onShare" | "untilMiss">,
) => Promise<PolicyRun>;

/** What to evaluate. */
export interface EvaluateOptions {
  readonly policies: readonly string[];
  readonly seeds: readonly number[];
  readonly bound: boolean;
  /** How bounds are come by; computed when absent. */
  readonly boundsOf?: BoundsOf;
  /** Whether each optimizer is tried at all its settings worth trying and shown at its cheapest passing one. */
  readonly sweep?: boolean;
  /** Monotonic clock in ms, for decision times only. */
  readonly nowMs: () => number;
  readonly onProgress?: (progress: EvaluateProgress) => void;
  /** Called with every whole run, in no order; what a report draws. */
  readonly onRun?: (run: PolicyRun) => void;
  /** Where policies run; in this thread, one after the other, when absent. */
  readonly run?: RunPolicy;
}

/** How far an evaluation is. */
export interface EvaluateProgress {
  readonly what: string;
  /** Share of the whole in [0, 1]. */
  readonly share: number;
}

/** The JSON of `trimtab evaluate`. */
export interface Evaluation {
  readonly scenario: string;
  readonly seeds: readonly number[];
  /** Scored requests, mean over seeds. */
  readonly requests: number;
  readonly bound: Bounds;
  readonly policies: readonly PolicyScore[];
}

/** The bounds of every seed, one after the other. */
async function allBounds(open: OpenScenario, { seeds, bound, boundsOf: given }: EvaluateOptions): Promise<Bounds> {
  if (!bound) return NO_BOUNDS;
  const all: Bounds[] = [];
  for (const seed of seeds) all.push(await (given ?? boundsOf)(open, seed));
  return meanBounds(all);
}

/** Adds up the shares of tasks that run side by side. */
class Tally {
  readonly #shares = new Map<string, number>();
  readonly #parts: number;
  readonly #report: (progress: EvaluateProgress) => void;

  constructor(parts: number, report: (progress: EvaluateProgress) => void) {
    this.#parts = parts;
    this.#report = report;
  }

  update(what: string, share: number): void {
    this.#shares.set(what, share);
    const done = [...this.#shares.values()].reduce((sum, one) => sum + one, 0);
    this.#report({ what, share: Math.min(1, done / this.#parts) });
  }
}

/** Side by side where there is a worker pool, else one after the other. */
function allOf(
  options: EvaluateOptions,
): <Task, Result>(tasks: readonly Task[], of: (task: Task) => Promise<Result>) => Promise<Result[]> {
  return async (tasks, of) => {
    if (options.run !== undefined) return Promise.all(tasks.map(of));
    const results = [];
    for (const task of tasks) results.push(await of(task));
    return results;
  };
}

/**
 * Evaluates each policy on each seed.
 * @throws {UnknownNameError} for a policy that is neither registered nor a file, before anything runs
 * @throws {CheckpointError} for a checkpoint that is damaged or of another environment, before anything runs
 */
export async function evaluate(open: OpenScenario, options: EvaluateOptions): Promise<Evaluation> {
  const names = (name: string): string[] => (options.sweep === true ? sweptNames(name, open.lattice) : [name]);
  const groups = await Promise.all(options.policies.map((name) => Promise.all(names(name).map(findPolicy))));
  for (const source of groups.flat()) openDecider(source, open, options.seeds[0] ?? 1);
  const parts = groups.reduce((sum, { length }) => sum + length + options.seeds.length - 1, 0);
  const tally = new Tally(parts, (progress) => options.onProgress?.(progress));
  const run = async (source: PolicySource, seed: number, untilMiss: boolean): Promise<PolicyRun> => {
    const what = `${source.name}, seed ${seed}`;
    const watch = { onShare: (share: number): void => tally.update(what, share), untilMiss };
    const result = await (options.run?.(source, seed, watch) ??
      runPolicy(open, source, seed, { nowMs: options.nowMs, ...watch }));
    tally.update(what, 1);
    if (!result.stopped) options.onRun?.(result);
    return result;
  };
  const all = allOf(options);
  const score = (runs: readonly PolicyRun[]): PolicyScore => scoreOf(runs, open.objective.slo, null);
  const [runs, bound] = await Promise.all([
    all(groups, (sources) => sweep({ sources, seeds: options.seeds, run, score, all })),
    allBounds(withoutWarmup(open), options),
  ]);
  const first = runs[0] ?? [];
  const requests = first.reduce((sum, { totals }) => sum + totals.requests, 0) / Math.max(1, first.length);
  const policies = runs.map((ofPolicy, i) => {
    const scored = scoreOf(ofPolicy, open.objective.slo, bound.clairvoyantUsd);
    const settings = groups[i]?.length ?? 1;
    return settings === 1 ? scored : { ...scored, settingsTried: settings };
  });
  return { scenario: open.scenario.name, seeds: options.seeds, requests, bound, policies };
}
