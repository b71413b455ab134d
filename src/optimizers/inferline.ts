// InferLine's tuner for one stage: a traffic envelope catches bursts in short windows and shifts in long ones.
//
// planned rate λ = n μ ρ;  envelope rate of a window ΔT:  r(ΔT) = λ + 3 sqrt(λ / ΔT)
// up:    live rate of any window above r  =>  n = ceil(r_max / (μ ρ))
// down:  nothing changed for `holdS`, λ_new = highest 5-s rate of the last 30 s  =>  n = ceil(λ_new / (μ ρ))
// Source: D. Crankshaw et al., "InferLine: Latency-Aware Provisioning and Scaling for Prediction Serving Pipelines",
//   SoCC 2020, section 5 (network-calculus tuner).
// Differs: one stage. The planner's sample trace is not part of an observation, so the envelope is that of a Poisson
//   stream at the planned rate, three standard deviations up. Windows run from the shortest sub-interval to 60 s.

import type { ClusterState, Solution, TuningProblem } from "../core/index.ts";
import { defineOptimizer } from "./entry.ts";
import { countOf } from "./fleet.ts";
import { lastChangeS, recentWindows } from "./history.ts";
import { holdPool, nothingToScale, onePool, scaleTo } from "./one-pool.ts";

const LONGEST_WINDOW_S = 60;
const DOWN_WINDOW_S = 30;
const DEVIATIONS = 3;

const defaults = { plannedUtilization: 0.7, holdS: 15, type: "", functions: false };

/** One window of the live envelope. */
interface LiveRate {
  readonly windowS: number;
  readonly rateRps: number;
}

/** Highest rate in any window of each length, sub-intervals doubled up to a minute. */
function liveEnvelope(observation: ClusterState): readonly LiveRate[] {
  const { durationS, arrivals } = observation.metrics;
  const parts = arrivals.recentRatesRps;
  const partS = durationS / Math.max(1, parts.length);
  const rates: LiveRate[] = [];
  for (let width = 1; width <= parts.length && width * partS <= LONGEST_WINDOW_S; width *= 2) {
    let highest = 0;
    for (let from = 0; from + width <= parts.length; from++) {
      const sum = parts.slice(from, from + width).reduce((total, rate) => total + rate, 0);
      highest = Math.max(highest, sum / width);
    }
    rates.push({ windowS: width * partS, rateRps: highest });
  }
  rates.push({ windowS: durationS, rateRps: arrivals.rateRps });
  const minute = recentWindows(observation, LONGEST_WINDOW_S);
  const minuteS = minute.reduce((sum, window) => sum + window.durationS, 0);
  const requests = minute.reduce((sum, window) => sum + window.arrivalRateRps * window.durationS, 0);
  if (minuteS > 0) rates.push({ windowS: minuteS, rateRps: requests / minuteS });
  return rates;
}

function solve(problem: TuningProblem, settings: typeof defaults): Solution {
  const { observation } = problem;
  const pool = onePool(problem, settings.type, settings.functions);
  if (pool === null) return nothingToScale(problem, "inferline");
  const perServer = pool.capacityRps * settings.plannedUtilization;
  const running = pool.units(pool.current);
  const plannedRps = running * perServer;
  const above = liveEnvelope(observation).filter(
    ({ windowS, rateRps }) => rateRps > plannedRps + DEVIATIONS * Math.sqrt(plannedRps / Math.max(windowS, 1e-3)),
  );
  const highest = above.reduce((most, { rateRps }) => Math.max(most, rateRps), 0);
  const up = Math.ceil(highest / perServer - 1e-9);
  if (up > running) {
    const text = `inferline: ${highest.toFixed(1)} requests/s above the envelope of ${plannedRps.toFixed(1)} planned`;
    return scaleTo(problem, pool, up, text);
  }
  const changes = [1, -1] as const;
  const count = (configuration: Parameters<typeof countOf>[0]): number => countOf(configuration, pool.option);
  const changedS = Math.max(...changes.map((way) => lastChangeS(observation, count, way) ?? Number.NEGATIVE_INFINITY));
  if (observation.timeS - changedS < settings.holdS) {
    return holdPool(problem, pool, `inferline: changed less than ${settings.holdS} s ago; holding`);
  }
  const windows = recentWindows(observation, Math.max(DOWN_WINDOW_S, settings.holdS));
  const lately = Math.max(...windows.map((window) => Math.max(window.peakRateRps, window.arrivalRateRps)));
  const down = Math.ceil(lately / perServer - 1e-9);
  if (down >= running)
    return holdPool(problem, pool, `inferline: within the envelope of ${plannedRps.toFixed(1)} requests/s; holding`);
  return scaleTo(problem, pool, down, `inferline: at most ${lately.toFixed(1)} requests/s lately`);
}

export const inferline = defineOptimizer({
  name: "inferline",
  summary: "InferLine's envelope tuner for one stage",
  settings: defaults,
  bounds: { plannedUtilization: [0.05, 1] },
  sweep: { plannedUtilization: [0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], holdS: [15, 300] },
  solve,
});
