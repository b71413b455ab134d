// Evaluates policies on a scenario: same arrivals, same guards, the SLO as a gate, bounds beside them.

import { type OpenScenario, withoutWarmup } from "../../environments/index.ts";
import { simulationGuards } from "../guards/index.ts";
import { type Bounds, boundsOf } from "./bounds/index.ts";
import { runEpisode } from "./episode.ts";
import { evaluationEnvironment } from "./evaluation-environment.ts";
import { findPolicy, learns, openDecider, type PolicySource } from "./policies.ts";
import { type PolicyRun, type PolicyScore, scoreOf } from "./scorecard.ts";

/** What to evaluate. */
export interface EvaluateOptions {
  readonly policies: readonly string[];
  readonly seeds: readonly number[];
  readonly bound: boolean;
  /** Monotonic clock in ms, for decision times only. */
  readonly nowMs: () => number;
  readonly onProgress?: (progress: EvaluateProgress) => void;
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

/** Runs one policy on one seed over the whole workload. */
export async function runPolicy(
  open: OpenScenario,
  source: PolicySource,
  seed: number,
  nowMs: () => number,
  onShare: (share: number) => void = () => {},
): Promise<PolicyRun> {
  const scenario = learns(source) ? open : withoutWarmup(open);
  const environment = evaluationEnvironment(scenario, seed);
  const decider = openDecider(source, scenario, seed);
  const decisionMicros: number[] = [];
  try {
    const result = await runEpisode(
      environment,
      decider,
      {
        guards: simulationGuards,
        objective: scenario.objective,
        mode: "active",
        committedUsdPerHour: scenario.committedUsdPerHour,
        budgetUsdPerHour: scenario.budgetUsdPerHour,
      },
      {
        timer: { nowMs, record: (micros) => decisionMicros.push(micros) },
        onStep: (step) => {
          if (step % 100 === 0) onShare(step / environment.episodeSteps);
          return true;
        },
      },
    );
    return { name: source.name, seed, totals: environment.cluster.totals(), decisions: result.steps, decisionMicros };
  } finally {
    await environment.close();
  }
}

const NO_BOUNDS: Bounds = { lpUsd: null, integerLateUsd: null, integerUsd: null, clairvoyantUsd: null };

/**
 * Evaluates each policy on each seed.
 * @throws {UnknownNameError} for a policy that is neither registered nor a file, before anything runs
 */
export async function evaluate(open: OpenScenario, options: EvaluateOptions): Promise<Evaluation> {
  const sources = await Promise.all(options.policies.map(findPolicy));
  for (const source of sources) openDecider(source, open, options.seeds[0] ?? 1);
  const parts = sources.length * options.seeds.length + (options.bound ? 1 : 0);
  let done = 0;
  const report = (what: string, share: number): void => options.onProgress?.({ what, share: (done + share) / parts });
  const bound = options.bound
    ? await boundsOf(withoutWarmup(open), options.seeds, (what) => report(what, 0))
    : NO_BOUNDS;
  if (options.bound) done += 1;
  const scores: PolicyScore[] = [];
  let requests = 0;
  for (const source of sources) {
    const runs: PolicyRun[] = [];
    for (const seed of options.seeds) {
      runs.push(
        await runPolicy(open, source, seed, options.nowMs, (share) => report(`${source.name}, seed ${seed}`, share)),
      );
      done += 1;
    }
    requests = runs.reduce((sum, run) => sum + run.totals.requests, 0) / runs.length;
    scores.push(scoreOf(runs, open.objective.slo, bound.clairvoyantUsd));
  }
  return { scenario: open.scenario.name, seeds: options.seeds, requests, bound, policies: scores };
}
