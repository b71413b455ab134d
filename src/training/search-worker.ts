// A worker's side of the search benchmark: one method on one problem, seed after seed, or the truth of a problem.

import { join } from "node:path";
import { type OpenScenario, openScenario } from "../../environments/index.ts";
import type { Configuration } from "../core/index.ts";
import { createSearcher } from "./search-algorithms.ts";
import { changedScenario, heavierFile, type SearchChange } from "./search-change.ts";
import { type SearchProblem, searchProblem } from "./search-problem.ts";
import { keptRecord, problemKey } from "./search-record-file.ts";
import { runSearch, type SearchRecord } from "./search-run.ts";
import { type SearchScore, scoreRun } from "./search-score.ts";
import { isWithin, type SearchTruth, TRUTH_EFFORT } from "./search-truth.ts";
import { truthOf } from "./search-truth-file.ts";

/** A method to run. */
export interface MethodTask {
  readonly algorithm: string;
  readonly seeds: readonly number[];
  readonly windows: number;
  /** What happens then, and for how many windows it goes on; null where nothing does. */
  readonly change: { readonly name: SearchChange; readonly windows: number } | null;
}

/** A task, in plain data that crosses to a worker. */
export interface SearchTask {
  /** Path of the problem's scenario file. */
  readonly problem: string;
  readonly dataFolder: string | null;
  readonly cacheFolder: string;
  /** Null to establish the truth alone. */
  readonly run: MethodTask | null;
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

/** One run, judged. */
export interface SearchRun extends SearchScore {
  readonly trials: number;
  readonly notices: SearchRecord["notices"];
  /** Passes before the change, for runs that have one. */
  readonly passesBefore: number;
  /** Of every decision; but the first of a method that plans. */
  readonly decisionMicros: readonly number[];
  /** Of planning, and of the first decision of a method that plans, which makes its model. */
  readonly planMicros: readonly number[];
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
  readonly key: string;
}

let last: { readonly key: string; readonly opened: Promise<Opened> } | null = null;
let lastChanged: { readonly key: string; readonly opened: Promise<Opened> } | null = null;

async function judged(open: OpenScenario, cacheFolder: string): Promise<Opened> {
  const problem = searchProblem(open);
  const truth = await truthOf(problem, TRUTH_EFFORT, join(cacheFolder, "truth"));
  return { open, problem, truth, key: problemKey(problem, TRUTH_EFFORT) };
}

function opened({ problem: path, dataFolder, cacheFolder }: SearchTask): Promise<Opened> {
  const key = JSON.stringify([path, dataFolder, cacheFolder]);
  if (last?.key !== key) {
    last = { key, opened: openScenario(path, { dataFolder }).then((open) => judged(open, cacheFolder)) };
  }
  return last.opened;
}

async function openChanged(task: SearchTask, change: SearchChange): Promise<Opened> {
  const { open } = await opened(task);
  const { dataFolder, cacheFolder } = task;
  const heavier = change === "heavier" ? await openScenario(heavierFile(task.problem), { dataFolder }) : null;
  return judged(changedScenario(open, change, heavier), cacheFolder);
}

function changed(task: SearchTask, change: SearchChange): Promise<Opened> {
  const key = JSON.stringify([change, task.problem, task.dataFolder, task.cacheFolder]);
  if (lastChanged?.key !== key) lastChanged = { key, opened: openChanged(task, change) };
  return lastChanged.opened;
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

async function runOne(task: SearchTask, method: MethodTask, seed: number): Promise<SearchRun> {
  const { algorithm, windows, change } = method;
  const first = await opened(task);
  const phases = [{ ...first, windows }];
  if (change !== null) phases.push({ ...(await changed(task, change.name)), windows: change.windows });
  const kept = { algorithm, seed, phases: phases.map((phase) => ({ key: phase.key, windows: phase.windows })) };
  const nowMs = (): number => Number(process.hrtime.bigint()) * MS_PER_NS;
  const record = await keptRecord(kept, join(task.cacheFolder, "runs"), () =>
    runSearch(phases, createSearcher(algorithm, first.open, seed), { seed, nowMs }),
  );
  const judge = phases[phases.length - 1] ?? first;
  const { trials, notices } = record;
  const making = record.planMicros.length > 0 ? 1 : 0;
  return {
    ...scoreRun(judge.problem, judge.truth, record, phases.length - 1),
    trials,
    notices,
    passesBefore: record.passes.filter((pass) => pass.phase < phases.length - 1).length,
    decisionMicros: record.decisionMicros.slice(making),
    planMicros: [...record.decisionMicros.slice(0, making), ...record.planMicros],
  };
}

/** Runs the task, or reads what is kept of it; the problem stays open for the next one. */
export default async function work(task: SearchTask): Promise<SearchTaskResult> {
  const { run } = task;
  const runs: SearchRun[] = [];
  for (const seed of run?.seeds ?? []) if (run !== null) runs.push(await runOne(task, run, seed));
  const judge = run?.change == null ? await opened(task) : await changed(task, run.change.name);
  return { facts: factsOf(judge), runs };
}
