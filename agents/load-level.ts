// The load level: a log bucket of the arrival rate, with hysteresis, computed from the observation alone.
//
// level L covers rates in [1.3^L, 1.3^(L+1)); it is left only when a rate falls 10 % below or rises 10 % above that.
// The past rates of the observation's history are folded from the oldest on, so no other memory is needed.

import type { ClusterState } from "../src/core/index.ts";

/** Ratio of the highest to the lowest rate of a level. */
export const LOAD_LEVEL_RATIO = 1.3;

/** Relative overshoot beyond a level's bounds before it is left. */
export const LOAD_LEVEL_HYSTERESIS = 0.1;

/** Rates below this count as this, so that an idle cluster has a level too. */
const LOWEST_RATE_RPS = 1e-3;

const LOG_RATIO = Math.log(LOAD_LEVEL_RATIO);

/** The level a rate falls in when nothing is known of the past. */
export function levelOfRate(rateRps: number): number {
  return Math.floor(Math.log(Math.max(LOWEST_RATE_RPS, rateRps)) / LOG_RATIO + 1e-9);
}

/** Lowest and highest rate of a level, in requests per second. */
export function levelRatesRps(level: number): readonly [number, number] {
  return [LOAD_LEVEL_RATIO ** level, LOAD_LEVEL_RATIO ** (level + 1)];
}

/** The level after a further rate. */
export function nextLevel(level: number, rateRps: number): number {
  const [low, high] = levelRatesRps(level);
  const rate = Math.max(LOWEST_RATE_RPS, rateRps);
  const inside = rate >= low * (1 - LOAD_LEVEL_HYSTERESIS) && rate < high * (1 + LOAD_LEVEL_HYSTERESIS);
  return inside ? level : levelOfRate(rate);
}

/** The load level of an observation. */
export function loadLevel(observation: ClusterState): number {
  const first = observation.history[0];
  if (first === undefined) return levelOfRate(observation.metrics.arrivals.rateRps);
  let level = levelOfRate(first.arrivalRateRps);
  let [low, high] = levelRatesRps(level);
  for (const { arrivalRateRps } of observation.history) {
    const rate = Math.max(LOWEST_RATE_RPS, arrivalRateRps);
    if (rate >= low * (1 - LOAD_LEVEL_HYSTERESIS) && rate < high * (1 + LOAD_LEVEL_HYSTERESIS)) continue;
    level = levelOfRate(rate);
    [low, high] = levelRatesRps(level);
  }
  return level;
}
