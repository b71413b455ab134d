// The past as the published rules need it: equal steps, last changes and decision periods, from the observation alone.

import type { ClusterState, Configuration, PastWindow } from "../core/index.ts";

/** Some windows of the past taken together. */
export interface HistoryStep {
  /** At the step's end. */
  readonly timeS: number;
  readonly durationS: number;
  readonly rateRps: number;
  /** Highest rate over the sub-intervals of its windows. */
  readonly peakRps: number;
  readonly utilization: number;
  readonly queueLength: number;
  readonly missRatio: number;
  /** In force at its end. */
  readonly configuration: Configuration;
}

/** What was last asked for: the configuration on its way, else the one in force. */
export function targetOf(observation: ClusterState): Configuration {
  return observation.inFlight ?? observation.configuration;
}

/** The latest window as a past one, for an observation that has no past yet. */
function onlyWindow(observation: ClusterState): PastWindow {
  const { metrics, timeS, configuration } = observation;
  const { rateRps, recentRatesRps } = metrics.arrivals;
  return {
    timeS,
    durationS: metrics.durationS,
    arrivalRateRps: rateRps,
    peakRateRps: Math.max(rateRps, ...recentRatesRps),
    objectiveMs: metrics.latency?.objectiveMs ?? null,
    missRatio: metrics.latency?.missRatio ?? 0,
    utilization: metrics.utilization,
    queueLength: metrics.queueLength,
    costUsdPerHour: metrics.costUsdPerHour,
    configuration,
  };
}

/** The windows of the history, oldest first; never empty. */
function windowsOf(observation: ClusterState): readonly PastWindow[] {
  return observation.history.length > 0 ? observation.history : [onlyWindow(observation)];
}

/** The windows that end after `seconds` ago, oldest first; the latest one at least. */
export function recentWindows(observation: ClusterState, seconds: number): readonly PastWindow[] {
  const { timeS } = observation;
  const history = windowsOf(observation);
  let first = history.length;
  while (first > 0) {
    const window = history[first - 1];
    if (window === undefined || window.timeS - window.durationS < timeS - seconds - 1e-6) break;
    first -= 1;
  }
  return history.slice(Math.min(first, Math.max(0, history.length - 1)));
}

function merge(windows: readonly PastWindow[], last: PastWindow): HistoryStep {
  let durationS = 0;
  let requests = 0;
  let misses = 0;
  let busyS = 0;
  let peakRps = 0;
  for (const window of windows) {
    durationS += window.durationS;
    requests += window.arrivalRateRps * window.durationS;
    misses += window.missRatio * window.arrivalRateRps * window.durationS;
    busyS += window.utilization * window.durationS;
    peakRps = Math.max(peakRps, window.peakRateRps, window.arrivalRateRps);
  }
  return {
    timeS: last.timeS,
    durationS,
    rateRps: durationS > 0 ? requests / durationS : last.arrivalRateRps,
    peakRps,
    utilization: durationS > 0 ? busyS / durationS : last.utilization,
    queueLength: last.queueLength,
    missRatio: requests > 0 ? misses / requests : 0,
    configuration: last.configuration,
  };
}

/**
 * The past cut into steps of `stepS` counted back from now, oldest first, at most `count`. Where windows are longer
 * than a step, a window is a step. The oldest step may be shorter than `stepS`.
 */
export function historySteps(observation: ClusterState, stepS: number, count: number): readonly HistoryStep[] {
  const steps: HistoryStep[] = [];
  const history = windowsOf(observation);
  let group: PastWindow[] = [];
  let last: PastWindow | undefined;
  for (let i = history.length - 1; i >= 0 && steps.length < count; i--) {
    const window = history[i];
    if (window === undefined) break;
    last ??= window;
    group.push(window);
    if (last.timeS - (window.timeS - window.durationS) >= stepS - 1e-6) {
      steps.push(merge(group, last));
      group = [];
      last = undefined;
    }
  }
  if (last !== undefined && steps.length < count) steps.push(merge(group, last));
  return steps.reverse();
}

/**
 * Whether a rule that decides every `periodS` decides now: true when a multiple of the period has come since the
 * last window began, so that it keeps its own period in a loop that turns faster; and at the very first observation.
 */
export function due(observation: ClusterState, periodS: number): boolean {
  const { timeS, metrics, history } = observation;
  if (history.length === 0) return true;
  const from = timeS - metrics.durationS;
  return periodS <= metrics.durationS || Math.floor((timeS + 1e-6) / periodS) > Math.floor((from + 1e-6) / periodS);
}

/**
 * When `value` of the configuration last went up (`direction` 1) or down (-1), the change asked for now included.
 * @returns the end of the last window before the change; null when the history shows none
 */
export function lastChangeS(
  observation: ClusterState,
  value: (configuration: Configuration) => number,
  direction: 1 | -1,
): number | null {
  let later = value(targetOf(observation));
  for (let i = observation.history.length - 1; i >= 0; i--) {
    const window = observation.history[i];
    if (window === undefined) break;
    const earlier = value(window.configuration);
    if ((later - earlier) * direction > 0) return window.timeS;
    later = earlier;
  }
  return null;
}
