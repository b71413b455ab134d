// From what a method wants to a solution: on the lattice, within the limits, or infeasible with the binding reason.

import type { Configuration, KnobValue, Prediction, Solution, TuningProblem } from "../core/index.ts";
import { allowedValues, countOf, serverOptions } from "./fleet.ts";
import { impossible } from "./impossible.ts";

/** The value among those allowed that is nearest to the wanted one. */
function nearestAllowed(values: readonly KnobValue[], wanted: KnobValue): KnobValue {
  if (values.includes(wanted) || typeof wanted !== "number")
    return values.includes(wanted) ? wanted : (values[0] ?? wanted);
  const gap = (value: KnobValue): number =>
    typeof value !== "number" ? Number.POSITIVE_INFINITY : value === wanted ? 0 : Math.abs(value - wanted);
  return values.reduce((best, value) => (gap(value) < gap(best) ? value : best));
}

/** The allowed configuration nearest to what is wanted; knobs not named keep the value they have. */
function onLattice(problem: TuningProblem, wanted: Configuration): Configuration {
  const { lattice, observation } = problem;
  const entries = lattice.knobs.map((knob) => {
    const value = wanted[knob.name] ?? observation.configuration[knob.name] ?? knob.values[0] ?? 0;
    const values = observation.mask === null ? knob.values : allowedValues(problem, knob);
    return [knob.name, values.length > 0 ? nearestAllowed(values, value) : value] as const;
  });
  return lattice.nearest(Object.fromEntries(entries));
}

function overLimit(problem: TuningProblem, configuration: Configuration): string | null {
  const sums = { gpus: 0, vcpus: 0, usdPerHour: 0 };
  for (const option of serverOptions(problem)) {
    const count = countOf(configuration, option);
    sums.gpus += count * option.gpus;
    sums.vcpus += count * option.vcpus;
    sums.usdPerHour += count * option.usdPerHour;
  }
  const { gpus, vcpus, usdPerHour } = problem.limits;
  if (gpus !== undefined && sums.gpus > gpus) return `limits.gpus ${gpus} allows no ${sums.gpus} GPUs`;
  if (vcpus !== undefined && sums.vcpus > vcpus) return `limits.vcpus ${vcpus} allows no ${sums.vcpus} vCPUs`;
  if (usdPerHour !== undefined && sums.usdPerHour > usdPerHour * (1 + 1e-9))
    return `the budget of ${usdPerHour} USD/h allows no ${sums.usdPerHour.toFixed(2)} USD/h`;
  return null;
}

/** The solution that holds the configuration now in force, because nothing better can be had. */
export function infeasible(problem: TuningProblem, reason: string, evaluations = 0): Solution {
  const configuration = onLattice(problem, problem.observation.configuration);
  return { status: "infeasible", configuration, prediction: null, evaluations, explanation: `infeasible: ${reason}` };
}

/** The solution that leaves things as they were last asked for. */
export function hold(problem: TuningProblem, explanation: string): Solution {
  return settle(problem, problem.observation.inFlight ?? problem.observation.configuration, explanation);
}

/**
 * The solution for what a method wants: infeasible with the binding reason when no configuration could serve the load
 * within SLO and limits, or when the wanted one breaks a limit; else the nearest allowed configuration.
 */
export function settle(
  problem: TuningProblem,
  wanted: Configuration,
  explanation: string,
  options: { readonly status?: "optimal" | "feasible"; readonly evaluations?: number } = {},
): Solution {
  const evaluations = options.evaluations ?? 0;
  const reason = impossible(problem);
  if (reason !== null) return infeasible(problem, reason, evaluations);
  const configuration = onLattice(problem, wanted);
  const broken = overLimit(problem, configuration);
  if (broken !== null) return infeasible(problem, broken, evaluations);
  let predicted: Prediction | null = null;
  return {
    status: options.status ?? "feasible",
    configuration,
    /** Made when it is read: it takes the model milliseconds where batches wait, and most decisions are not asked for it. */
    get prediction() {
      predicted ??= problem.model.predict(configuration, problem.load);
      return predicted;
    },
    evaluations: evaluations + 1,
    explanation,
  };
}
