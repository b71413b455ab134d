// From what an agent is made from and what it sees to the problem an optimizer solves.

import type { AgentContext, ClusterState, TuningProblem } from "../core/index.ts";
import { measuredTail } from "./service-tail.ts";

/** The lasting parts of a tuning problem. */
export type ProblemContext = Pick<
  AgentContext,
  "space" | "objective" | "model" | "catalogue" | "limits" | "initial" | "intervalS"
>;

/** Dispersion of counts is noisy over a window; beyond this the tail formulas say nothing more. */
const LARGEST_SCV = 20;

/**
 * The problem at one observation: the load is what arrived at the input in the last window, its burstiness the index
 * of dispersion of counts, which for a renewal process tends to the squared coefficient of variation of the gaps.
 */
export function tuningProblem(context: ProblemContext, observation: ClusterState): TuningProblem {
  const { rateRps, dispersion } = observation.metrics.arrivals;
  return {
    lattice: context.space,
    objective: context.objective,
    observation,
    load: dispersion === null ? { rateRps } : { rateRps, scv: Math.min(LARGEST_SCV, Math.max(0, dispersion)) },
    serviceTail: measuredTail(observation, context.objective) ?? 1,
    model: context.model,
    catalogue: context.catalogue,
    limits: context.limits,
    initial: context.initial,
    intervalS: context.intervalS,
  };
}
