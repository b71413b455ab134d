// The report of a search benchmark: medians, quartiles, geometric means over problems, and ratios with their intervals.
//
// windows to within x: censored at budget + 1; per problem the median over seeds; over problems its geometric mean
// ratio of A over B: exp(mean over problems of log(median_B/median_A)), 90 % interval by bootstrap over problems

import { geometricMean, mean, quantile, randomInteger, SeededRandom } from "../math/index.ts";
import { type Knowledge, knowledgeOf } from "./search-algorithms.ts";
import type { ProblemFacts, SearchRun } from "./search-worker.ts";

/** A spread of values. */
export interface Quartiles {
  readonly median: number;
  readonly q1: number;
  readonly q3: number;
}

/** Windows until what would be kept is near the optimum. */
export interface WindowsToWithin extends Quartiles {
  /** Of the per-problem medians. */
  readonly geomean: number;
  /** Share of runs that are near at the end. */
  readonly solvedShare: number;
  /** Share of runs that never were; they count as the budget + 1. */
  readonly censoredShare: number;
}

/** One method over all problems and seeds. */
export interface AlgorithmReport {
  readonly name: string;
  readonly knows: Knowledge;
  readonly toWithin5: WindowsToWithin;
  readonly toWithin10: WindowsToWithin;
  readonly unsafeShare: number;
  readonly unsafeFirst20: number;
  readonly overTwiceSloShare: number;
  readonly latencyPaid: Quartiles;
  readonly trials: number;
  readonly aborts: number;
  readonly decisionMicros: { readonly p50: number; readonly p99: number };
  /** Thinking off the decision path; null for methods that do none. */
  readonly planMs: { readonly p50: number; readonly p99: number } | null;
}

/** One method on one problem. */
export interface ProblemReport {
  readonly problem: string;
  readonly algorithm: string;
  readonly toWithin5: Quartiles;
  readonly toWithin10: Quartiles;
  readonly solvedShare: number;
  readonly unsafeShare: number;
  readonly unsafeFirst20: number;
  readonly overTwiceSloShare: number;
  readonly latencyPaid: number;
  /** Share of runs that named something their model would not lead one to expect, and what the first of them said last. */
  readonly noticed: { readonly share: number; readonly example: string | null };
}

/** How many times fewer windows one method needs than another. */
export interface SpeedRatio {
  readonly algorithm: string;
  readonly over: string;
  readonly ratio: number;
  /** 90 % interval by bootstrap over problems. */
  readonly low: number;
  readonly high: number;
  /** Problems on which it needs fewer windows, and on which it needs more. */
  readonly wins: number;
  readonly losses: number;
}

/** The JSON of `trimtab bench search`. */
export interface SearchReport {
  readonly problems: readonly string[];
  readonly seeds: readonly number[];
  readonly windows: number;
  readonly notes: readonly string[];
  readonly algorithms: readonly AlgorithmReport[];
  readonly ratios: readonly SpeedRatio[];
  readonly perProblem: readonly ProblemReport[];
  readonly facts: readonly ProblemFacts[];
}

/** The runs of one method on one problem. */
export interface RunGroup {
  readonly problem: string;
  readonly algorithm: string;
  readonly runs: readonly SearchRun[];
}

/** Methods whose speed is compared with the others'. */
const COMPARED = ["region-sim", "region-prior"];

/** Plans shorter than this are none. */
const LEAST_PLAN_MICROS = 50;

/** Resamples of a bootstrap. */
const RESAMPLES = 2000;

function quartiles(values: readonly number[]): Quartiles {
  return { median: quantile(values, 0.5), q1: quantile(values, 0.25), q3: quantile(values, 0.75) };
}

function percentiles(values: readonly number[], scale: number): { p50: number; p99: number } {
  return { p50: scale * quantile(values, 0.5), p99: scale * quantile(values, 0.99) };
}

function windowsTo(
  groups: readonly RunGroup[],
  windows: number,
  reached: (run: SearchRun) => number | null,
  near: (run: SearchRun) => boolean,
): WindowsToWithin {
  const censored = (run: SearchRun): number => reached(run) ?? windows + 1;
  const runs = groups.flatMap((group) => group.runs);
  return {
    geomean: geometricMean(groups.map((group) => quantile(group.runs.map(censored), 0.5))),
    ...quartiles(runs.map(censored)),
    solvedShare: mean(runs.map((run) => (near(run) ? 1 : 0))),
    censoredShare: mean(runs.map((run) => (reached(run) === null ? 1 : 0))),
  };
}

function algorithmReport(name: string, groups: readonly RunGroup[], windows: number): AlgorithmReport {
  const runs = groups.flatMap((group) => group.runs);
  const plans = runs.flatMap((run) => run.planMicros);
  return {
    name,
    knows: knowledgeOf(name),
    toWithin5: windowsTo(
      groups,
      windows,
      (run) => run.toWithin5,
      (run) => run.solved,
    ),
    toWithin10: windowsTo(
      groups,
      windows,
      (run) => run.toWithin10,
      (run) => run.solvedWithin10,
    ),
    unsafeShare: mean(runs.map((run) => run.unsafeShare)),
    unsafeFirst20: mean(runs.map((run) => run.unsafeFirst20)),
    overTwiceSloShare: mean(runs.map((run) => run.overTwiceSloShare)),
    latencyPaid: quartiles(runs.map((run) => run.latencyPaid)),
    trials: mean(runs.map((run) => run.trials)),
    aborts: mean(runs.map((run) => run.aborts)),
    decisionMicros: percentiles(
      runs.flatMap((run) => run.decisionMicros),
      1,
    ),
    planMs: quantile(plans, 0.99) > LEAST_PLAN_MICROS ? percentiles(plans, 1e-3) : null,
  };
}

function problemReport({ problem, algorithm, runs }: RunGroup, windows: number): ProblemReport {
  return {
    problem,
    algorithm,
    toWithin5: quartiles(runs.map((run) => run.toWithin5 ?? windows + 1)),
    toWithin10: quartiles(runs.map((run) => run.toWithin10 ?? windows + 1)),
    solvedShare: mean(runs.map((run) => (run.solved ? 1 : 0))),
    unsafeShare: mean(runs.map((run) => run.unsafeShare)),
    unsafeFirst20: mean(runs.map((run) => run.unsafeFirst20)),
    overTwiceSloShare: mean(runs.map((run) => run.overTwiceSloShare)),
    latencyPaid: quantile(
      runs.map((run) => run.latencyPaid),
      0.5,
    ),
    noticed: {
      share: mean(runs.map((run) => (run.notices.length > 0 ? 1 : 0))),
      example: runs.find((run) => run.notices.length > 0)?.notices.at(-1)?.text ?? null,
    },
  };
}

/** The speed of one method over another's, problem by problem. */
export function speedRatio(
  algorithm: string,
  over: string,
  medians: ReadonlyMap<string, { readonly own: number; readonly other: number }>,
): SpeedRatio {
  const logs = [...medians.values()].map(({ own, other }) => Math.log(other / own));
  const random = new SeededRandom(1).split(`bootstrap ${algorithm} ${over}`);
  const resampled = Array.from({ length: RESAMPLES }, () =>
    mean(logs.map(() => logs[randomInteger(random, logs.length)] ?? 0)),
  );
  return {
    algorithm,
    over,
    ratio: Math.exp(mean(logs)),
    low: Math.exp(quantile(resampled, 0.05)),
    high: Math.exp(quantile(resampled, 0.95)),
    wins: logs.filter((log) => log > 0).length,
    losses: logs.filter((log) => log < 0).length,
  };
}

function ratiosOf(groups: readonly RunGroup[], algorithms: readonly string[], windows: number): SpeedRatio[] {
  const median = (algorithm: string, problem: string): number | null => {
    const group = groups.find((one) => one.algorithm === algorithm && one.problem === problem);
    return group === undefined
      ? null
      : quantile(
          group.runs.map((run) => run.toWithin5 ?? windows + 1),
          0.5,
        );
  };
  const problems = [...new Set(groups.map((group) => group.problem))];
  return COMPARED.filter((name) => algorithms.includes(name)).flatMap((own) =>
    algorithms
      .filter((other) => other !== own)
      .map((other) => {
        const medians = new Map<string, { own: number; other: number }>();
        for (const problem of problems) {
          const [a, b] = [median(own, problem), median(other, problem)];
          if (a !== null && b !== null) medians.set(problem, { own: a, other: b });
        }
        return speedRatio(own, other, medians);
      }),
  );
}

function notesOf(algorithms: readonly AlgorithmReport[], windows: number): string[] {
  const blind = algorithms.filter((one) => one.knows === "nothing").map((one) => one.name);
  const guarded = algorithms.filter((one) => one.name.startsWith("gp-prior")).map((one) => one.name);
  return [
    ...(blind.length === 0
      ? []
      : [
          `${blind.join(", ")} had no prior, no arrival rate and no guards: a ratio to them says what those are worth too.`,
        ]),
    ...(guarded.length === 0 ? [] : [`${guarded.join(", ")} had region-prior's prior, risk bank and canary.`]),
    "region-sim alone sees arrival times and service times by batch size; part of its lead is that information.",
    `Runs that never came within 5 % (10 %) count as ${windows + 1} windows, so their medians and means are lower bounds.`,
    "The first decision of a method that plans makes its model and counts as planning. Times are of a machine that may do other work.",
    "Least cost: the optimum is the cheapest configuration with true latency at most .97 of the SLO.",
    "Latency paid is the latency served (aborted canaries by their share of a window) over the optimum's true one.",
  ];
}

/** Makes the report; groups in the order problems and algorithms are to be listed. */
export function searchReport(
  groups: readonly RunGroup[],
  facts: readonly ProblemFacts[],
  seeds: readonly number[],
  windows: number,
): SearchReport {
  const names = [...new Set(groups.map((group) => group.algorithm))];
  const algorithms = names.map((name) =>
    algorithmReport(
      name,
      groups.filter((group) => group.algorithm === name),
      windows,
    ),
  );
  return {
    problems: facts.map((fact) => fact.name),
    seeds,
    windows,
    notes: notesOf(algorithms, windows),
    algorithms,
    ratios: ratiosOf(groups, names, windows),
    perProblem: groups.map((group) => problemReport(group, windows)),
    facts,
  };
}
