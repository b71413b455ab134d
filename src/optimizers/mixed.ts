// Mixed (Spock): machines for the load as it is, functions for what would be late while more machines boot.
//
// desired = ceil((1 + margin) * rate / capacity);  a machine is dropped once nothing in the last `holdS` needed it
// Source: J. Gunasekaran et al., "Spock: Exploiting Serverless Functions for SLO and Cost Aware Resource Procurement
//   in Public Cloud", IEEE CLOUD 2019; hold times as in fleet-switching.md's baseline.
// Differs: rate is the mean of the last `windowS`, or the predicted one where `predict` is set (their two schemes).

import type { Solution, TuningProblem } from "../core/index.ts";
import { defineOptimizer, offered } from "./entry.ts";
import { forecastChoices, withForecast } from "./forecast-input.ts";
import { historySteps } from "./history.ts";
import { lateCover } from "./offload.ts";
import { nothingToScale, onePool, scaleTo } from "./one-pool.ts";
import { meanRateRps, rateAheadRps } from "./rates.ts";

/** Steps a forecaster is asked for; longer than any launch in intervals. */
const HORIZON = 60;

export const mixedDefaults = {
  holdS: 120,
  margin: 0,
  windowS: 30,
  predict: false,
  forecast: "given",
  spot: false,
  type: "",
  deadlineShare: 0.96,
};
export type MixedSettings = typeof mixedDefaults;

/** Solves by the mixed rule; `name` and `why` open the explanation. */
export function solveMixed(posed: TuningProblem, settings: MixedSettings, name: string, why = ""): Solution {
  const problem = settings.predict ? withForecast(posed, settings.forecast, posed.intervalS, HORIZON) : posed;
  const { observation } = problem;
  const pool = onePool(problem, settings.type, true, settings.spot);
  if (pool === null) return nothingToScale(problem, name);
  const need = (rateRps: number): number => Math.ceil(((1 + settings.margin) * rateRps) / pool.capacityRps - 1e-9);
  const measured = meanRateRps(observation, settings.windowS);
  const rateRps = settings.predict ? rateAheadRps(observation, 10 * settings.windowS, pool.option.launchS) : measured;
  const held = historySteps(
    observation,
    settings.windowS,
    Math.max(1, Math.ceil(settings.holdS / settings.windowS)),
  ).filter((step) => step.timeS - step.durationS >= observation.timeS - settings.holdS - 1e-6);
  const running = pool.units(pool.current);
  const now = need(rateRps);
  const units = now >= running ? now : Math.min(running, Math.max(now, ...held.map((step) => need(step.rateRps))));
  const cover = lateCover(problem, pool.current, settings.deadlineShare);
  const text = `${name}: ${why}${rateRps.toFixed(1)} requests/s, ${pool.capacityRps.toFixed(2)} per machine${cover.note}`;
  return scaleTo(problem, pool, units, text, cover.set);
}

export const mixed = defineOptimizer({
  name: "mixed",
  summary: "Spock: machines for the load as it is, functions for what would be late while machines boot",
  settings: mixedDefaults,
  choices: { forecast: forecastChoices },
  bounds: { margin: [-0.9, 10], windowS: [1, 3600], deadlineShare: [0.1, 1] },
  sweep: { holdS: [30, 120, 300], margin: [-0.3, -0.15, 0, 0.15], spot: [false, true], type: ["", "cheapest"] },
  worthTrying: offered,
  solve: (problem, settings) => solveMixed(problem, settings, "mixed"),
});
