// The load level: a log bucket of the arrival rate, with hysteresis, computed from the observation alone.
//
// level L covers rates in [1.3^L, 1.3^(L+1)). It is left when the rate of a window is more than a whole level outside,
// or when two windows in a row are more than 10 % outside on the same side: bursts make the rates of single windows stray.
// The load is the mean rate over the present stay in the level, its last 8 windows, weighted by their length.
// The past rates of the observation's history are folded from the oldest on, so no other memory is needed.

import type { ClusterState } from "../src/core/index.ts";

/** Ratio of the highest to the lowest rate of a level. */
export const LOAD_LEVEL_RATIO = 1.3;

/** Relative overshoot beyond a level's bounds before it is left. */
export const LOAD_LEVEL_HYSTERESIS = 0.1;

/** Rates below this count as this, so that an idle cluster has a level too. */
const LOWEST_RATE_RPS = 1e-3;

/** Windows a load is averaged over. */
const AVERAGED_WINDOWS = 8;

const LOG_RATIO = Math.log(LOAD_LEVEL_RATIO);

/** A load and its level. */
export interface LevelledLoad {
  readonly level: number;
  readonly rateRps: number;
}

/** The level a rate falls in when nothing is known of the past. */
export function levelOfRate(rateRps: number): number {
  return Math.floor(Math.log(Math.max(LOWEST_RATE_RPS, rateRps)) / LOG_RATIO + 1e-9);
}

/** Lowest and highest rate of a level, in requests per second. */
export function levelRatesRps(level: number): readonly [number, number] {
  return [LOAD_LEVEL_RATIO ** level, LOAD_LEVEL_RATIO ** (level + 1)];
}

/** The load of an observation: its level, and the mean rate since the level was entered. */
export function levelledLoad(observation: ClusterState): LevelledLoad {
  const { history } = observation;
  const rateNow = observation.metrics.arrivals.rateRps;
  const rates = history.length > 0 ? history.map((window) => window.arrivalRateRps) : [rateNow];
  let level = levelOfRate(rates[0] ?? rateNow);
  let [low, high] = levelRatesRps(level);
  let entered = 0;
  let outside = 0;
  rates.forEach((rateRps, i) => {
    const rate = Math.max(LOWEST_RATE_RPS, rateRps);
    const side = rate < low * (1 - LOAD_LEVEL_HYSTERESIS) ? -1 : rate >= high * (1 + LOAD_LEVEL_HYSTERESIS) ? 1 : 0;
    const far = rate < low / LOAD_LEVEL_RATIO || rate >= high * LOAD_LEVEL_RATIO;
    const leaves = far || (side !== 0 && side === outside);
    outside = leaves ? 0 : side;
    if (!leaves) return;
    level = levelOfRate(rate);
    [low, high] = levelRatesRps(level);
    entered = far ? i : i - 1;
  });
  return { level, rateRps: Math.max(LOWEST_RATE_RPS, meanRateRps(observation, entered)) };
}

function meanRateRps(observation: ClusterState, entered: number): number {
  const { history, metrics } = observation;
  let requests = 0;
  let lengthS = 0;
  for (let i = Math.max(entered, history.length - AVERAGED_WINDOWS); i < history.length; i++) {
    const window = history[i];
    requests += (window?.arrivalRateRps ?? 0) * (window?.durationS ?? 0);
    lengthS += window?.durationS ?? 0;
  }
  return lengthS > 0 ? requests / lengthS : metrics.arrivals.rateRps;
}

/** The load level of an observation. */
export function loadLevel(observation: ClusterState): number {
  return levelledLoad(observation).level;
}
