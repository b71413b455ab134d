// The function cover: which requests are handed to functions because they would otherwise miss the SLO.
//
// A request goes to the function when its predicted wait exceeds the threshold; it still meets the SLO on a server
// when  wait + T_b <= at * SLO,  so the threshold is  at * SLO - T_b;  less where slow batches were late (service-tail.ts).
// Source: C. Zhang et al., "MArk", USENIX ATC 2019 (SLO-awareness); offload iff slack < E[wait], "Paragon", WoSC 2020.

import type { Configuration, TuningProblem } from "../core/index.ts";
import { countOf, numberAt, numbersOf, serverOptions } from "./fleet.ts";
import { slackMs } from "./service-tail.ts";

/** What a cover sets, and why. */
export interface Cover {
  readonly set: Configuration;
  readonly note: string;
}

const NEVER = Number.POSITIVE_INFINITY;

/** Whether a call to the function fits the SLO, at the memory of the configuration. */
export function functionFits(problem: TuningProblem, configuration: Configuration): boolean {
  const [slo] = problem.objective.slo;
  return problem.catalogue.function !== null && problem.model.serviceMs("function", configuration, 1) <= slo.latencyMs;
}

/**
 * The offload threshold that hands over the requests which would miss the SLO; never, where a function would miss it
 * too. Empty where the lattice has no such knob. @param at share of the SLO that wait and service may use up
 */
export function lateCover(problem: TuningProblem, configuration: Configuration, at: number): Cover {
  const thresholds = numbersOf(problem, "offloadThresholdMs");
  const shortest = thresholds[0];
  if (shortest === undefined) return { set: {}, note: "" };
  if (!functionFits(problem, configuration)) return noCover(problem, "a function would miss the SLO too");
  const running = serverOptions(problem).filter((option) => countOf(configuration, option) > 0);
  const batch = numberAt(configuration, "maxBatchSize", 1);
  const serviceMs = Math.max(0, ...running.map((option) => problem.model.serviceMs(option.host, configuration, batch)));
  const longestMs = slackMs(problem.objective, serviceMs, problem.serviceTail, at);
  const thresholdMs = thresholds.findLast((value) => Number.isFinite(value) && value <= longestMs) ?? shortest;
  return {
    set: { offloadThresholdMs: thresholdMs },
    note: `; a request that would wait longer than ${thresholdMs} ms goes to a function`,
  };
}

/** Functions take nothing. Empty where the lattice has no such knob. */
export function noCover(problem: TuningProblem, why: string): Cover {
  const thresholds = numbersOf(problem, "offloadThresholdMs");
  const longest = thresholds.at(-1);
  if (longest === undefined) return { set: {}, note: "" };
  return { set: { offloadThresholdMs: longest }, note: longest === NEVER ? `; no functions: ${why}` : "" };
}
