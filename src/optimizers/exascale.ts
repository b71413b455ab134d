// Exascale: predict the load until new machines are ready, and provision that plus headroom.
//
// desired = ceil((1 + headroom) * rate(now + launch) / capacity),  held for `holdS` before scaling in
// Source: the predict-plus ("exascale") scheme in J. Gunasekaran et al., Paragon, 2020, which over-provisions by a
//   fixed margin on top of a moving-window prediction; no functions.
// Differs: the prediction is an input; without one, a straight line through the last `windowS`.

import type { Solution, TuningProblem } from "../core/index.ts";
import { defineOptimizer, offered } from "./entry.ts";
import { forecastChoices, withForecast } from "./forecast-input.ts";
import { recentWindows } from "./history.ts";
import { nothingToScale, onePool, scaleTo } from "./one-pool.ts";
import { rateAheadRps } from "./rates.ts";

/** Steps a forecaster is asked for; longer than any launch in intervals. */
const HORIZON = 60;

const defaults = { headroom: 0.3, windowS: 600, holdS: 300, type: "", functions: false, forecast: "given" };

function solve(posed: TuningProblem, settings: typeof defaults): Solution {
  const problem = withForecast(posed, settings.forecast, posed.intervalS, HORIZON);
  const { observation, intervalS } = problem;
  const pool = onePool(problem, settings.type, settings.functions);
  if (pool === null) return nothingToScale(problem, "exascale");
  const aheadS = pool.option.launchS + intervalS;
  const expected = rateAheadRps(observation, settings.windowS, aheadS);
  const need = (rateRps: number): number => Math.ceil(((1 + settings.headroom) * rateRps) / pool.capacityRps - 1e-9);
  const held = Math.max(...recentWindows(observation, settings.holdS).map((window) => need(window.arrivalRateRps)));
  const running = pool.units(pool.current);
  const now = need(Math.max(expected, observation.metrics.arrivals.rateRps));
  const units = now >= running ? now : Math.min(running, Math.max(now, held));
  const text = `exascale: ${expected.toFixed(1)} requests/s expected in ${aheadS.toFixed(0)} s, plus ${(100 * settings.headroom).toFixed(0)} %`;
  return scaleTo(problem, pool, units, text);
}

export const exascale = defineOptimizer({
  name: "exascale",
  summary: "machines for the predicted load plus headroom, no functions",
  settings: defaults,
  choices: { forecast: forecastChoices },
  sweep: { headroom: [0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2, 3, 4], type: ["", "cheapest"] },
  worthTrying: offered,
  solve,
});
