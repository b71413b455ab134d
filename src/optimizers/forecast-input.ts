// Forecasts as inputs: the one an observation carries, none, or one made from its history by any forecaster.

import type { Forecast, TuningProblem } from "../core/index.ts";
import { ForecastTracker, findForecaster, forecasters } from "../workload/forecast/index.ts";
import { historySteps } from "./history.ts";

/** What a `forecast` setting may be. */
export const forecastChoices: readonly string[] = ["given", "none", ...forecasters.map((entry) => entry.name)];

/** Longest past a forecaster is shown, in steps. */
const PAST_STEPS = 360;

/** The forecast a setting asks for; null where there is none. @param horizon steps ahead */
export function forecastFor(problem: TuningProblem, choice: string, stepS: number, horizon: number): Forecast | null {
  const { observation } = problem;
  if (choice === "given") return observation.forecast;
  const past = historySteps(observation, stepS, PAST_STEPS);
  if (choice === "none" || past.length === 0) return null;
  const tracker = new ForecastTracker(findForecaster(choice), past.at(-1)?.durationS ?? stepS);
  for (const step of past) tracker.observe(step.rateRps);
  return tracker.forecast(horizon);
}

/** The problem with the forecast a setting asks for in its observation. */
export function withForecast(problem: TuningProblem, choice: string, stepS: number, horizon: number): TuningProblem {
  if (choice === "given") return problem;
  const forecast = forecastFor(problem, choice, stepS, horizon);
  return { ...problem, observation: { ...problem.observation, forecast } };
}
