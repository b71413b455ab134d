// One policy on one seed over the whole workload, under the guards.

import { type OpenScenario, withoutWarmup } from "../../environments/index.ts";
import { type Decider, runEpisode } from "./episode.ts";
import { arrivalsRandom, evaluationEnvironment } from "./evaluation-environment.ts";
import { Grounds } from "./grounds.ts";
import { learns, openDecider, type PolicySource } from "./policies.ts";
import { recordedArrivals } from "./recorded-arrivals.ts";
import { RunTimeline } from "./run-timeline.ts";
import { type PolicyRun, runMissesHours } from "./scorecard.ts";
import { simulationRules } from "./simulation-rules.ts";

/** What a policy goes by where that is not what it runs on. */
export interface Hearsay {
  /** Prices, delays and profiles it is told; of the same knobs. */
  readonly told: OpenScenario;
  /** Whose arrivals it is told as its own of before it began. */
  readonly past: OpenScenario;
}

/**
 * What a policy is run on and what acts: learners see the whole warm-up; those that can recall arrivals are told those of its
 * first days and simulate the last alone, as do policies with nothing to learn.
 */
function begin(
  open: OpenScenario,
  source: PolicySource,
  seed: number,
  { told, past }: Hearsay,
): { readonly scenario: OpenScenario; readonly decider: Decider } {
  const scenario = withoutWarmup(open);
  const decider = openDecider(source, withoutWarmup(told), seed);
  if (!learns(source)) return { scenario, decider };
  if (decider.recall === undefined) return { scenario: open, decider: openDecider(source, told, seed) };
  const fromS = open.warmupS - scenario.warmupS;
  if (fromS > 0) decider.recall(recordedArrivals(past.plan.workload, arrivalsRandom(seed), fromS, open.intervalS));
  return { scenario, decider };
}

/** How a run is watched and ended. */
export interface RunOptions {
  /** Monotonic clock in ms, for decision times only. */
  readonly nowMs: () => number;
  readonly onShare?: (share: number) => void;
  readonly hearsay?: Hearsay;
  /** Whether it ends once an hour has missed an SLO: for those who ask only whether it passes. */
  readonly untilMiss?: boolean;
}

/** Simulated time between looks at the hours. */
const LOOK_EVERY_S = 600;

/** Runs one policy on one seed over the whole workload. */
export async function runPolicy(
  open: OpenScenario,
  source: PolicySource,
  seed: number,
  { nowMs, onShare = () => {}, hearsay = { told: open, past: open }, untilMiss = false }: RunOptions,
): Promise<PolicyRun> {
  const { scenario, decider } = begin(open, source, seed, hearsay);
  const environment = evaluationEnvironment(scenario, seed);
  const decisionMicros: number[] = [];
  const scored = { fromS: scenario.warmupS, toS: scenario.plan.workload.durationS };
  const shiftS = open.warmupS - scenario.warmupS;
  const timeline = new RunTimeline(scored, shiftS);
  const grounds = new Grounds(shiftS);
  let lookAtS = 0;
  const missed = (timeS: number): boolean => {
    if (timeS < lookAtS) return false;
    lookAtS = timeS + LOOK_EVERY_S;
    return runMissesHours({ perHour: environment.cluster.hours() }, scenario.objective.slo) > 0;
  };
  try {
    const result = await runEpisode(environment, decider, simulationRules(scenario), {
      timer: { nowMs, record: (micros) => decisionMicros.push(micros) },
      onStep: (step, { observation, proposed, next }) => {
        grounds.add(observation.timeS, proposed.reason);
        timeline.add(next);
        if (step % 100 === 0) onShare(step / environment.episodeSteps);
        return !(untilMiss && missed(next.timeS));
      },
    });
    const totals = environment.cluster.totals();
    const { scoreFromS } = scenario.plan;
    const { steps: decisions, stopped } = result;
    const course = { timeline: timeline.bins, grounds: grounds.all };
    return { name: source.name, seed, totals, scoreFromS, stopped, ...course, decisions, decisionMicros };
  } finally {
    await environment.close();
  }
}
