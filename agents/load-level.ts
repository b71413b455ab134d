// The load level: a log bucket of the arrival rate, with hysteresis, computed from the observation alone.
//
// level L covers rates in [1.3^L, 1.3^(L+1)). It is left when the mean rate of the last window, or of the last two, is
// more than 10 % outside and by more than four standard errors: bursts make the rates of short windows stray.
//   standard error of a rate over D seconds: sqrt(I/(λ·D));  I, the index of dispersion, is the largest of
//   1, Poisson's;
//   the median of (n - λD)²/(λD) over the 16 windows before, once there are four, over .455, λ their median rate (a
//   chi-square of one degree has that median);
//   the mean of (n/m)·((peak/rate - 1)/c)² over those windows and the one in question, where they tell the highest rate
//   of their m parts: c = .861·(ln m)^.7 is the expected maximum of m standard normal variables, within 5 % from m = 4 on
// The load is the mean rate over the present stay in the level, its last windows, weighted by their length.
// The past rates of the observation's history are folded from the oldest on, so no other memory is needed.

import type { ClusterState, LevelsForm, PastWindow } from "../src/core/index.ts";

/** Ratio of the highest to the lowest rate of a level. */
export const LOAD_LEVEL_RATIO = 1.3;

/** Relative overshoot beyond a level's bounds before it is left. */
export const LOAD_LEVEL_HYSTERESIS = 0.1;

/** Rates below this count as this, so that an idle cluster has a level too. */
const LOWEST_RATE_RPS = 1e-3;

/** Windows a load is averaged over, and windows the dispersion is taken from. */
const AVERAGED_WINDOWS = 16;
const DISPERSION_WINDOWS = 16;

/** Median of a chi-square variable of one degree of freedom. */
const CHI_SQUARE_MEDIAN = 0.455;

/** The expected maximum of m standard normal variables: factor and power of ln m. */
const PEAK_FACTOR = 0.861;
const PEAK_POWER = 0.7;

/** Standard errors a rate must be away before it counts as another load. */
const SIGNIFICANT = 4;

const LOG_RATIO = Math.log(LOAD_LEVEL_RATIO);

/** All of the above, for programs that fold rates into levels themselves. */
export const loadLevelConstants: LevelsForm["loadLevel"] = {
  ratio: LOAD_LEVEL_RATIO,
  hysteresis: LOAD_LEVEL_HYSTERESIS,
  lowestRateRps: LOWEST_RATE_RPS,
  averagedWindows: AVERAGED_WINDOWS,
  dispersionWindows: DISPERSION_WINDOWS,
  chiSquareMedian: CHI_SQUARE_MEDIAN,
  peakFactor: PEAK_FACTOR,
  peakPower: PEAK_POWER,
  standardErrors: SIGNIFICANT,
};

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

/** Windows of one stay in a level, the last ones, with their mean rate. */
class Stay {
  readonly #windows: PastWindow[] = [];
  #requests = 0;
  #lengthS = 0;

  add(window: PastWindow): void {
    this.#windows.push(window);
    this.#requests += window.arrivalRateRps * window.durationS;
    this.#lengthS += window.durationS;
    if (this.#windows.length <= AVERAGED_WINDOWS) return;
    const oldest = this.#windows.shift() ?? window;
    this.#requests -= oldest.arrivalRateRps * oldest.durationS;
    this.#lengthS -= oldest.durationS;
  }

  get rateRps(): number {
    const last = this.#windows.at(-1)?.arrivalRateRps ?? 0;
    return Math.max(LOWEST_RATE_RPS, this.#lengthS > 0 ? this.#requests / this.#lengthS : last);
  }
}

function meanOfTwo(a: PastWindow, b: PastWindow): number {
  const lengthS = a.durationS + b.durationS;
  const requests = a.arrivalRateRps * a.durationS + b.arrivalRateRps * b.durationS;
  return Math.max(LOWEST_RATE_RPS, lengthS > 0 ? requests / lengthS : b.arrivalRateRps);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Index of dispersion of windows around their median rate; Poisson's until four are known. */
function dispersionBetween(windows: readonly PastWindow[]): number {
  if (windows.length < 4) return 1;
  const rate = Math.max(LOWEST_RATE_RPS, median(windows.map((window) => window.arrivalRateRps)));
  const deviations = windows.map((window) => rate * window.durationS * (window.arrivalRateRps / rate - 1) ** 2);
  return Math.max(1, median(deviations) / CHI_SQUARE_MEDIAN);
}

/** Index of dispersion by the highest of windows' parts; 0 where none tells. @param parts of a window */
function dispersionWithin(windows: readonly PastWindow[], parts: number): number {
  const telling = windows.filter((window) => window.arrivalRateRps > 0 && window.peakRateRps > window.arrivalRateRps);
  if (parts < 2 || telling.length === 0) return 0;
  const expected = PEAK_FACTOR * Math.log(parts) ** PEAK_POWER;
  const sum = telling.reduce((total, { arrivalRateRps, durationS, peakRateRps }) => {
    const excess = (peakRateRps / arrivalRateRps - 1) / expected;
    return total + ((arrivalRateRps * durationS) / parts) * excess * excess;
  }, 0);
  return sum / telling.length;
}

/** Rates at which a level is left, above and below. */
function boundsOf(level: number): readonly [number, number] {
  const [low, high] = levelRatesRps(level);
  return [low * (1 - LOAD_LEVEL_HYSTERESIS), high * (1 + LOAD_LEVEL_HYSTERESIS)];
}

/** Whether a rate over `lengthS` differs from the mean by more than chance, as the windows up to the `end`-th scatter. */
function isSignificant(
  rateRps: number,
  lengthS: number,
  meanRps: number,
  { history, metrics }: ClusterState,
  end: number,
): boolean {
  const from = Math.max(0, end - DISPERSION_WINDOWS);
  const within = dispersionWithin(history.slice(from, end + 1), metrics.arrivals.recentRatesRps.length);
  const dispersion = Math.max(dispersionBetween(history.slice(from, end)), within);
  const error = Math.sqrt(dispersion / Math.max(1, meanRps * lengthS));
  return Math.abs(Math.log(rateRps / meanRps)) > SIGNIFICANT * error;
}

/** The load of an observation: its level, and the mean rate since the level was entered. */
export function levelledLoad(observation: ClusterState): LevelledLoad {
  const { history } = observation;
  const first = history[0];
  if (first === undefined) {
    const rateRps = Math.max(LOWEST_RATE_RPS, observation.metrics.arrivals.rateRps);
    return { level: levelOfRate(rateRps), rateRps };
  }
  let level = levelOfRate(first.arrivalRateRps);
  let stay = new Stay();
  stay.add(first);
  let before = first;
  let meanBefore = stay.rateRps;
  let [low, high] = boundsOf(level);
  for (let i = 1; i < history.length; i++) {
    const window = history[i] ?? first;
    const rate = Math.max(LOWEST_RATE_RPS, window.arrivalRateRps);
    const meanRps = stay.rateRps;
    const two = meanOfTwo(before, window);
    const lengthS = before.durationS + window.durationS;
    const leaves =
      ((rate < low || rate >= high) && isSignificant(rate, window.durationS, meanRps, observation, i)) ||
      ((two < low || two >= high) &&
        rate > meanBefore === two > meanBefore &&
        isSignificant(two, lengthS, meanBefore, observation, i));
    meanBefore = leaves ? rate : meanRps;
    if (leaves) {
      level = levelOfRate(rate);
      [low, high] = boundsOf(level);
      stay = new Stay();
    }
    stay.add(window);
    before = window;
  }
  return { level, rateRps: stay.rateRps };
}

/** The load level of an observation. */
export function loadLevel(observation: ClusterState): number {
  return levelledLoad(observation).level;
}

/**
 * The arrival rate of an observation as a policy of load levels takes it: the middle of the level. Programs that keep no
 * history may give the rate they measure instead; the level then is that rate's own.
 */
export function settledRps(observation: ClusterState): number {
  return LOAD_LEVEL_RATIO ** (loadLevel(observation) + 0.5);
}
