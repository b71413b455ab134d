// A forecast of the arrival rate from the observation's own history: level and damped trend.
//
// l_t = α·x_t + (1-α)(l + φ·b),  b_t = β(l_t - l) + (1-β)φ·b,  x̂_{t+h} = l_t + (φ + φ² + … + φ^h)·b_t
// Source: E. S. Gardner, E. McKenzie, "Forecasting trends in time series", Management Science 1985.
// α = 0.5, β = 0.1, φ = 0.9 lie in the range the paper's data sets ended up with; rates are never below 0.

import type { ClusterState, Forecast } from "../core/index.ts";

const ALPHA = 0.5;
const BETA = 0.1;
const PHI = 0.9;

/** Steps ahead that are forecast. */
const STEPS = 10;

/** The forecast after the windows of the observation's history; null without any. @param stepS length of a step */
export function dampedTrend(observation: ClusterState, stepS: number): Forecast | null {
  const [first, ...later] = observation.history;
  if (first === undefined) return null;
  let level = first.arrivalRateRps;
  let trend = 0;
  let errors = 0;
  let compared = 0;
  for (const { arrivalRateRps } of later) {
    const expected = Math.max(0, level + PHI * trend);
    if (arrivalRateRps > 0) {
      errors += Math.abs(arrivalRateRps - expected) / arrivalRateRps;
      compared += 1;
    }
    const before = level;
    level = ALPHA * arrivalRateRps + (1 - ALPHA) * (level + PHI * trend);
    trend = BETA * (level - before) + (1 - BETA) * PHI * trend;
  }
  const ratesRps: number[] = [];
  let damping = 0;
  for (let step = 1; step <= STEPS; step++) {
    damping += PHI ** step;
    ratesRps.push(Math.max(0, level + damping * trend));
  }
  return { method: "damped-trend", stepS, ratesRps, error: compared === 0 ? null : errors / compared };
}
