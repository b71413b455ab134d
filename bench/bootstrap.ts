// `trimtab bench bootstrap`: what learning costs from the first interval on, with the trust lifecycle and without.
//
// every agent from nothing on every application and seed, on the same arrivals; violations are intervals that broke the SLO
// intervals: 95 %, percentile bootstrap over applications, and over the seeds of each
// Source: the experiment is that of H. Qiu et al., "AWARE", USENIX ATC 2023, section 5.4: there 16.9 times fewer violations.

import { Piscina } from "piscina";
import { findAgent } from "../agents/index.ts";
import { UnknownNameError } from "../src/core/index.ts";
import { createOptimizer } from "../src/optimizers/index.ts";
import { compiledEntry } from "../src/store/index.ts";
import type { LearningRun } from "../src/training/learning-run.ts";
import type { LearningTask } from "../src/training/learning-worker.ts";
import { type Figure, figureOver, meanOf } from "./resampling.ts";

/** What to run. */
export interface BootstrapBenchOptions {
  /** Numbers of applications. */
  readonly applications: readonly number[];
  readonly agents: readonly string[];
  /** What agents lean on, and what their cost is compared with. */
  readonly optimizer: string;
  readonly seeds: readonly number[];
  readonly intervals: number;
  readonly workers: number;
  readonly onProgress: (share: number, what: string) => void;
}

/** One run, summed up. */
export interface BootstrapRun {
  readonly application: string;
  readonly seed: number;
  readonly agent: string;
  readonly violations: number;
  readonly usd: number;
  /** Of the last quarter of the intervals. */
  readonly lateUsd: number;
  readonly meanReward: number;
  readonly trust: LearningRun["trust"];
  readonly servingFrom: number | null;
}

/** An agent over all runs. */
export interface BootstrapRow {
  readonly agent: string;
  readonly violationsPerRun: Figure;
  /** Violations of the bare agent for each one of this agent's, which counts as having had one. Null for the bare one. */
  readonly timesFewer: Figure | null;
  /** Share of runs at whose end the policy serves; null for agents that act without asking. */
  readonly serving: Figure | null;
  /** Share of runs that serve at the end, no dearer than the optimizer's on the same arrivals: over all, and the last quarter. */
  readonly servingNoDearer: Figure | null;
  readonly lateServingNoDearer: Figure | null;
  /** Cost over the optimizer's on the same arrivals: of all intervals, and of the last quarter. */
  readonly costToOptimizer: Figure;
  readonly lateCostToOptimizer: Figure;
}

/** The benchmark's answer. */
export interface BootstrapBench {
  readonly intervals: number;
  readonly seeds: readonly number[];
  readonly optimizer: string;
  /** What violations are compared with. */
  readonly bare: string;
  readonly agents: readonly BootstrapRow[];
  readonly runs: readonly BootstrapRun[];
}

/** Who is compared: the first learns without the lifecycle, and violations are compared with its. */
export const bootstrapAgents: readonly string[] = ["ppo", "bootstrapped", "region-fleet"];

function summed(task: LearningTask, { intervals, trust, servingFrom }: LearningRun): BootstrapRun {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const late = intervals.slice(-Math.ceil(intervals.length / 4));
  return {
    application: `application-${task.application}`,
    seed: task.seed,
    agent: task.agent,
    violations: intervals.filter((one) => one.late).length,
    usd: sum(intervals.map(({ usd }) => usd)),
    lateUsd: sum(late.map(({ usd }) => usd)),
    meanReward: sum(intervals.map(({ reward }) => reward)) / intervals.length,
    trust,
    servingFrom,
  };
}

/** All rows from all runs. @param bare the agent violations are compared with */
export function bootstrapRows(
  runs: readonly BootstrapRun[],
  agents: readonly string[],
  optimizer: string,
  bare: string,
): BootstrapRow[] {
  const of = (agent: string): Map<string, BootstrapRun> =>
    new Map(runs.filter((run) => run.agent === agent).map((run) => [`${run.application} ${run.seed}`, run]));
  const at = new Map([...agents, optimizer, bare].map((agent) => [agent, of(agent)]));
  const cells = [...(at.get(optimizer)?.values() ?? [])];
  const figure = (value: (drawn: readonly BootstrapRun[]) => number): Figure => figureOver(cells, value);
  const mean = (drawn: readonly BootstrapRun[], agent: string, of: (run: BootstrapRun) => number): number =>
    meanOf(
      drawn.flatMap(({ application, seed }) => at.get(agent)?.get(`${application} ${seed}`) ?? []),
      of,
    );
  const ratio = (agent: string, of: (run: BootstrapRun) => number): Figure =>
    figure((drawn) => mean(drawn, agent, of) / mean(drawn, optimizer, of));
  return agents.map((agent) => {
    const asks = runs.some((run) => run.agent === agent && run.trust !== null);
    const share = (of: (run: BootstrapRun) => boolean): Figure | null =>
      asks ? figure((drawn) => mean(drawn, agent, (run) => Number(of(run)))) : null;
    const optimized = ({ application, seed }: BootstrapRun): BootstrapRun | undefined =>
      at.get(optimizer)?.get(`${application} ${seed}`);
    const violations = ({ violations: count }: BootstrapRun): number => count;
    return {
      agent,
      violationsPerRun: figure((drawn) => mean(drawn, agent, violations)),
      timesFewer:
        agent === bare
          ? null
          : figure((drawn) => {
              const own = Math.max(1 / drawn.length, mean(drawn, agent, violations));
              return mean(drawn, bare, violations) / own;
            }),
      serving: share((run) => run.trust === "serving"),
      servingNoDearer: share((run) => run.trust === "serving" && run.usd <= (optimized(run)?.usd ?? 0)),
      lateServingNoDearer: share((run) => run.trust === "serving" && run.lateUsd <= (optimized(run)?.lateUsd ?? 0)),
      costToOptimizer: ratio(agent, ({ usd }) => usd),
      lateCostToOptimizer: ratio(agent, ({ lateUsd }) => lateUsd),
    };
  });
}

/**
 * Runs every agent, and the optimizer on its own, on every application and seed.
 * @throws {UnknownNameError} for an unknown agent or optimizer, before anything runs
 */
export async function benchBootstrap(options: BootstrapBenchOptions): Promise<BootstrapBench> {
  const { applications, optimizer, seeds, intervals, workers, onProgress } = options;
  const [bare] = options.agents;
  if (bare === undefined) throw new UnknownNameError("agent", "", bootstrapAgents);
  createOptimizer(optimizer);
  const agents = [...new Set([...options.agents, optimizer])];
  for (const agent of agents) findAgent(agent);
  const tasks: LearningTask[] = applications.flatMap((number) =>
    seeds.flatMap((seed) => agents.map((agent) => ({ application: number, agent, optimizer, seed, intervals }))),
  );
  const pool = new Piscina<LearningTask, LearningRun>({
    filename: compiledEntry("src/training/learning-worker.ts"),
    minThreads: 0,
    maxThreads: workers,
  });
  let done = 0;
  try {
    const runs = await Promise.all(
      tasks.map(async (task) => {
        const run = summed(task, await pool.run(task));
        onProgress(++done / tasks.length, `${run.application} ${run.agent} seed ${run.seed}`);
        return run;
      }),
    );
    return { intervals, seeds, optimizer, bare, agents: bootstrapRows(runs, agents, optimizer, bare), runs };
  } finally {
    await pool.destroy();
  }
}
