// One policy on one seed over the whole workload, under the guards.

import { type OpenScenario, withoutWarmup } from "../../environments/index.ts";
import { simulationGuards } from "../guards/index.ts";
import { type Decider, runEpisode } from "./episode.ts";
import { arrivalsRandom, evaluationEnvironment } from "./evaluation-environment.ts";
import { learns, openDecider, type PolicySource } from "./policies.ts";
import { recordedArrivals } from "./recorded-arrivals.ts";
import { RunTimeline } from "./run-timeline.ts";
import type { PolicyRun } from "./scorecard.ts";

/**
 * What a policy is run on and what acts: learners see the whole warm-up; those that can recall arrivals are told those of its
 * first days and simulate the last alone, as do policies with nothing to learn.
 */
function begin(
  open: OpenScenario,
  source: PolicySource,
  seed: number,
): { readonly scenario: OpenScenario; readonly decider: Decider } {
  const scenario = withoutWarmup(open);
  const decider = openDecider(source, scenario, seed);
  if (!learns(source)) return { scenario, decider };
  if (decider.recall === undefined) return { scenario: open, decider: openDecider(source, open, seed) };
  const fromS = open.warmupS - scenario.warmupS;
  if (fromS > 0) decider.recall(recordedArrivals(open.plan.workload, arrivalsRandom(seed), fromS, open.intervalS));
  return { scenario, decider };
}

/** Runs one policy on one seed over the whole workload. */
export async function runPolicy(
  open: OpenScenario,
  source: PolicySource,
  seed: number,
  nowMs: () => number,
  onShare: (share: number) => void = () => {},
): Promise<PolicyRun> {
  const { scenario, decider } = begin(open, source, seed);
  const environment = evaluationEnvironment(scenario, seed);
  const decisionMicros: number[] = [];
  const scored = { fromS: scenario.warmupS, toS: scenario.plan.workload.durationS };
  const timeline = new RunTimeline(scored, open.warmupS - scenario.warmupS);
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
        onStep: (step, { next }) => {
          timeline.add(next);
          if (step % 100 === 0) onShare(step / environment.episodeSteps);
          return true;
        },
      },
    );
    const totals = environment.cluster.totals();
    const { scoreFromS } = scenario.plan;
    const { steps: decisions } = result;
    return { name: source.name, seed, totals, scoreFromS, timeline: timeline.bins, decisions, decisionMicros };
  } finally {
    await environment.close();
  }
}
