// The report on changes: whether each method noticed, how soon it was near the new optimum, and what it served meanwhile.
//
// windows to within 10 % count from the change; per problem the median over seeds, over problems its geometric mean

import { geometricMean, mean, quantile } from "../math/index.ts";
import { type Knowledge, knowledgeOf } from "./search-algorithms.ts";
import type { SearchChange } from "./search-change.ts";
import type { SearchRun } from "./search-worker.ts";

/** The runs of one method through one change of one problem. */
export interface ChangeGroup {
  readonly change: SearchChange;
  readonly problem: string;
  readonly algorithm: string;
  readonly runs: readonly SearchRun[];
}

/** One method through one change, over problems and seeds. */
export interface ChangeScore {
  readonly change: SearchChange;
  readonly name: string;
  readonly knows: Knowledge;
  /** Windows from the change until what would be kept is within 10 % of the new optimum. */
  readonly toWithin10: { readonly geomean: number; readonly median: number; readonly q3: number };
  /** Share of runs within 10 % at the end. */
  readonly recoveredShare: number;
  /** Share of runs whose reasons tell of something they did not tell of before. */
  readonly noticedShare: number;
  /** Unsafe windows of the first 20 after the change: mean over runs, and of the worst problem. */
  readonly unsafeOfFirst20: { readonly mean: number; readonly worst: number };
}

/** The JSON of `trimtab bench change`. */
export interface ChangeReport {
  readonly seeds: readonly number[];
  readonly windowsBefore: number;
  readonly windowsAfter: number;
  readonly changes: readonly ChangeScore[];
  readonly perProblem: readonly {
    readonly change: SearchChange;
    readonly problem: string;
    readonly algorithm: string;
    readonly toWithin10: number;
    readonly recoveredShare: number;
    readonly noticedShare: number;
    readonly unsafeOfFirst20: number;
  }[];
}

/** Windows that count as the first ones. */
const FIRST_WINDOWS = 20;

function noticed(run: SearchRun): boolean {
  const before = new Set(run.notices.filter((notice) => notice.pass < run.passesBefore).map((notice) => notice.text));
  return run.notices.some((notice) => notice.pass >= run.passesBefore && !before.has(notice.text));
}

function shareOf(runs: readonly SearchRun[], what: (run: SearchRun) => boolean): number {
  return mean(runs.map((run) => (what(run) ? 1 : 0)));
}

function problemScore({ change, problem, algorithm, runs }: ChangeGroup, after: number): ChangeReport["perProblem"][0] {
  const first = Math.min(FIRST_WINDOWS, after);
  return {
    change,
    problem,
    algorithm,
    toWithin10: quantile(
      runs.map((run) => run.toWithin10 ?? after + 1),
      0.5,
    ),
    recoveredShare: shareOf(runs, (run) => run.solvedWithin10),
    noticedShare: shareOf(runs, noticed),
    unsafeOfFirst20: first * mean(runs.map((run) => run.unsafeFirst20)),
  };
}

/** Makes the report; groups in the order changes and methods are to be listed. */
export function changeReport(
  groups: readonly ChangeGroup[],
  facts: Pick<ChangeReport, "seeds" | "windowsBefore" | "windowsAfter">,
): ChangeReport {
  const perProblem = groups.map((group) => problemScore(group, facts.windowsAfter));
  const keys = [...new Set(groups.map(({ change, algorithm }) => JSON.stringify([change, algorithm])))];
  const changes = keys.map((key): ChangeScore => {
    const own = groups.filter(({ change, algorithm }) => JSON.stringify([change, algorithm]) === key);
    const scores = perProblem.filter(({ change, algorithm }) => JSON.stringify([change, algorithm]) === key);
    const runs = own.flatMap((group) => group.runs);
    const windows = runs.map((run) => run.toWithin10 ?? facts.windowsAfter + 1);
    return {
      change: own[0]?.change ?? "slower",
      name: own[0]?.algorithm ?? "",
      knows: knowledgeOf(own[0]?.algorithm ?? ""),
      toWithin10: {
        geomean: geometricMean(scores.map((score) => score.toWithin10)),
        median: quantile(windows, 0.5),
        q3: quantile(windows, 0.75),
      },
      recoveredShare: shareOf(runs, (run) => run.solvedWithin10),
      noticedShare: shareOf(runs, noticed),
      unsafeOfFirst20: {
        mean: mean(scores.map((score) => score.unsafeOfFirst20)),
        worst: Math.max(...scores.map((score) => score.unsafeOfFirst20)),
      },
    };
  });
  return { ...facts, changes, perProblem };
}
