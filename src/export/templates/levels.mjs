// The part of an exported module for policies that hold one configuration per load level.
import { at, nearest, policy } from "./policy.mjs";

// form
const { rows, initial, loadLevel: fold } = policy.rule;

function levelOfRate(rateRps) {
  return Math.floor(Math.log(Math.max(fold.lowestRateRps, rateRps)) / Math.log(fold.ratio) + 1e-9);
}

function middle(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Index of dispersion of windows around their median rate; 1 until four are known. */
function dispersionBetween(windows) {
  if (windows.length < 4) return 1;
  const rate = Math.max(fold.lowestRateRps, middle(windows.map((window) => window.arrivalRateRps)));
  const deviations = windows.map((window) => rate * window.durationS * (window.arrivalRateRps / rate - 1) ** 2);
  return Math.max(1, middle(deviations) / fold.chiSquareMedian);
}

/** Index of dispersion by the highest of windows' parts; 0 where none tells. */
function dispersionWithin(windows, parts) {
  const telling = windows.filter((window) => window.arrivalRateRps > 0 && window.peakRateRps > window.arrivalRateRps);
  if (parts < 2 || telling.length === 0) return 0;
  const expected = fold.peakFactor * Math.log(parts) ** fold.peakPower;
  const sum = telling.reduce((total, { arrivalRateRps, durationS, peakRateRps }) => {
    const excess = (peakRateRps / arrivalRateRps - 1) / expected;
    return total + ((arrivalRateRps * durationS) / parts) * excess * excess;
  }, 0);
  return sum / telling.length;
}

/** Whether a rate over `lengthS` differs from the mean by more than chance, as the windows up to the `end`-th scatter. */
function differs(rateRps, lengthS, meanRps, observation, end) {
  const { history, metrics } = observation;
  const from = Math.max(0, end - fold.dispersionWindows);
  const within = dispersionWithin(history.slice(from, end + 1), (metrics.arrivals.recentRatesRps ?? []).length);
  const dispersion = Math.max(dispersionBetween(history.slice(from, end)), within);
  const error = Math.sqrt(dispersion / Math.max(1, meanRps * lengthS));
  return Math.abs(Math.log(rateRps / meanRps)) > fold.standardErrors * error;
}

/** Mean rate of windows, weighted by their length. */
function meanOf(windows) {
  const lengthS = windows.reduce((sum, window) => sum + window.durationS, 0);
  const requests = windows.reduce((sum, window) => sum + window.arrivalRateRps * window.durationS, 0);
  return Math.max(fold.lowestRateRps, lengthS > 0 ? requests / lengthS : windows[windows.length - 1].arrivalRateRps);
}

/** The load level of an observation: a log bucket of the arrival rate, left only for good reason. */
export function loadLevel(observation) {
  const history = observation.history ?? [];
  if (history.length === 0) return levelOfRate(observation.metrics.arrivals.rateRps);
  let level = levelOfRate(history[0].arrivalRateRps);
  let stay = [history[0]];
  let meanBefore = meanOf(stay);
  for (let i = 1; i < history.length; i++) {
    const window = history[i];
    const rate = Math.max(fold.lowestRateRps, window.arrivalRateRps);
    const low = fold.ratio ** level * (1 - fold.hysteresis);
    const high = fold.ratio ** (level + 1) * (1 + fold.hysteresis);
    const meanRps = meanOf(stay);
    const two = meanOf([history[i - 1], window]);
    const lengthS = history[i - 1].durationS + window.durationS;
    const leaves =
      ((rate < low || rate >= high) && differs(rate, window.durationS, meanRps, observation, i)) ||
      ((two < low || two >= high) &&
        rate > meanBefore === two > meanBefore &&
        differs(two, lengthS, meanBefore, observation, i));
    meanBefore = leaves ? rate : meanRps;
    if (leaves) {
      level = levelOfRate(rate);
      stay = [];
    }
    stay.push(window);
    if (stay.length > fold.averagedWindows) stay.shift();
  }
  return level;
}

/** The configuration for a load level. */
export function choose(level) {
  const row = rows.find((candidate) => candidate.level >= level) ?? rows[rows.length - 1];
  return row === undefined ? nearest(initial) : at(row.positions);
}

/** The configuration for an observation. */
export function act(observation) {
  return choose(loadLevel(observation));
}
