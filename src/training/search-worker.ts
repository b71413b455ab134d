// A worker's side of the search benchmark: one method on one problem, seed after seed, or the truth of a problem.

import { type OpenScenario, openScenario } from "../../environments/index.ts";
import type { Configuration } from "../core/index.ts";
import { createSearcher } from "./search-algorithms.ts";
import { type SearchProblem, searchProblem } from "./search-problem.ts";
import { runSearch, type SearchRun } from "./search-run.ts";
import { isWithin, type SearchTruth, TRUTH_EFFORT } from "./search-truth.ts";
import { truthOf } from "./search-truth-file.ts";

/** A task, in plain data that crosses to a worker. */
export interface SearchTask {
  /** Path of the problem's scenario file. */
  readonly problem: string;
  readonly dataFolder: string | null;
  readonly cacheFolder: string;
  /** Null to establish the truth alone. */
  readonly run: { readonly algorithm: string; readonly seeds: readonly number[]; readonly windows: number } | null;
}

/** What is to be said of a problem. */
export interface ProblemFacts {
  readonly name: string;
  readonly minimize: "cost" | "latency";
  readonly sloMs: number;
  readonly percentile: number;
  readonly configurations: number;
  /** Share of configurations whose true latency meets the SLO. */
  readonly safeShare: number;
  /** Configurations within 5 % of the optimum. */
  readonly within5: number;
  readonly optimum: {
    readonly configuration: Configuration;
    readonly latencyMs: number;
    readonly costUsdPerHour: number;
  };
}

/** What a task came to. */
export interface SearchTaskResult {
  readonly facts: ProblemFacts;
  readonly runs: readonly SearchRun[];
}

interface Opened {
  readonly open: OpenScenario;
  readonly problem: SearchProblem;
  readonly truth: SearchTruth;
}

let last: { readonly key: string; readonly opened: Promise<Opened> } | null = null;

async function openProblem({ problem: path, dataFolder, cacheFolder }: SearchTask): Promise<Opened> {
  const open = await openScenario(path, { dataFolder });
  const problem = searchProblem(open);
  return { open, problem, truth: await truthOf(problem, TRUTH_EFFORT, cacheFolder) };
}

function factsOf({ problem, truth }: Opened): ProblemFacts {
  const indices = problem.configurations.map((_, i) => i);
  const safe = indices.filter((i) => (truth.latencyMs[i] ?? Number.POSITIVE_INFINITY) <= problem.sloMs);
  return {
    name: problem.name,
    minimize: problem.open.objective.minimize,
    sloMs: problem.sloMs,
    percentile: problem.percentile,
    configurations: indices.length,
    safeShare: safe.length / indices.length,
    within5: indices.filter((i) => isWithin(problem, truth, i, 0.05)).length,
    optimum: {
      configuration: problem.configurations[truth.optimum] ?? {},
      latencyMs: truth.latencyMs[truth.optimum] ?? 0,
      costUsdPerHour: truth.costUsdPerHour[truth.optimum] ?? 0,
    },
  };
}

const MS_PER_NS = 1e-6;

/** Runs the task; the problem stays open for the next one. */
export default async function work(task: SearchTask): Promise<SearchTaskResult> {
  const key = JSON.stringify([task.problem, task.dataFolder, task.cacheFolder]);
  if (last?.key !== key) last = { key, opened: openProblem(task) };
  const opened = await last.opened;
  const nowMs = (): number => Number(process.hrtime.bigint()) * MS_PER_NS;
  const { run } = task;
  const runs = (run?.seeds ?? []).map((seed) => {
    const searcher = createSearcher(run?.algorithm ?? "", opened.open, seed);
    return runSearch(opened.problem, opened.truth, searcher, { seed, windows: run?.windows ?? 0, nowMs });
  });
  return { facts: factsOf(opened), runs };
}
