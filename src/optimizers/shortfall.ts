// When nothing can serve the load within SLO and limits: as much as may run, instead of what happens to run.
//
// kinds of server by cost for what they carry, each raised as far as values, GPUs, vCPUs and budget allow, until the
// load is carried or nothing is left to raise

import type { Configuration, TuningProblem } from "../core/index.ts";
import { carriedRps, countOf, type SizedOption, serverOptions, sizedOptions } from "./fleet.ts";

/** What each server takes of each limit, where there is one. */
const uses: readonly (readonly ["gpus" | "vcpus" | "usdPerHour", (option: SizedOption) => number])[] = [
  ["gpus", (option) => option.gpus],
  ["vcpus", (option) => option.vcpus],
  ["usdPerHour", (option) => option.usdPerHour],
];

function fits(problem: TuningProblem, options: readonly SizedOption[], configuration: Configuration): boolean {
  if (!problem.lattice.allowed(configuration)) return false;
  return uses.every(([limit, use]) => {
    const most = problem.limits[limit];
    const sum = options.reduce((total, option) => total + use(option) * countOf(configuration, option), 0);
    return most === undefined || sum <= most * (1 + 1e-9);
  });
}

/** The running configuration, its servers raised towards the load as far as the limits allow; never lowered. */
export function mostThatMayRun(problem: TuningProblem): Configuration {
  const { configuration: running, inFlight } = problem.observation;
  const options = sizedOptions(problem, serverOptions(problem), inFlight ?? running);
  const unitCost = ({ usdPerHour, capacityRps }: SizedOption): number => usdPerHour / capacityRps;
  let reached = inFlight ?? running;
  for (const option of [...options].sort((a, b) => unitCost(a) - unitCost(b))) {
    for (const count of option.counts) {
      if (carriedRps(options, reached) >= problem.load.rateRps) return reached;
      const next = { ...reached, [option.knob]: count };
      if (count > countOf(reached, option) && fits(problem, options, next)) reached = next;
    }
  }
  return reached;
}
