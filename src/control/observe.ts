// Observing: what the adapter says, refused when it cannot be true, with the past of before a restart put in front.

import { type ClusterState, HISTORY_WINDOWS, ObservationError, type PastWindow } from "../core/index.ts";

/** Refuses numbers that cannot be true. @throws {ObservationError} naming the field */
export function checkNumbers(state: ClusterState): void {
  const { metrics } = state;
  const numbers: Readonly<Record<string, number | null | undefined>> = {
    timeS: state.timeS,
    "metrics.durationS": metrics.durationS,
    "metrics.requests": metrics.requests,
    "metrics.arrivals.rateRps": metrics.arrivals.rateRps,
    "metrics.latency.p99Ms": metrics.latency?.p99Ms,
    "metrics.latency.objectiveMs": metrics.latency?.objectiveMs,
    "metrics.latency.missRatio": metrics.latency?.missRatio,
    "metrics.queueLength": metrics.queueLength,
    "metrics.utilization": metrics.utilization,
    "metrics.costUsdPerHour": metrics.costUsdPerHour,
  };
  for (const [path, value] of Object.entries(numbers)) {
    if (value === null || value === undefined || (Number.isFinite(value) && value >= 0)) continue;
    throw new ObservationError(`observation: ${path}: expected a number ≥ 0, found ${value}`);
  }
}

/** Refuses a clock that stands still or goes back. @throws {ObservationError} saying which */
export function checkClock(timeS: number, previousS: number): void {
  if (timeS > previousS) return;
  const fault = timeS === previousS ? "frozen metrics" : "the clock went back";
  throw new ObservationError(`observation: timeS: expected more than ${previousS}, found ${timeS}: ${fault}`);
}

/** A clock that went back, and for how many windows it has gone on from there. */
export interface SetBack {
  readonly timeS: number;
  readonly windows: number;
}

/** One more window told by a clock that went back. */
export function nextSetBack(before: SetBack | null, timeS: number): SetBack {
  return { timeS, windows: before !== null && timeS > before.timeS ? before.windows + 1 : 1 };
}

/** The observation with windows of before a restart in front of its own history, none later than itself. @param earlier oldest first */
export function withEarlierHistory(state: ClusterState, earlier: readonly PastWindow[]): ClusterState {
  const told = state.history.filter(({ timeS }) => timeS <= state.timeS);
  const firstS = told[0]?.timeS ?? state.timeS;
  const older = earlier.filter(({ timeS }) => timeS < firstS);
  if (older.length === 0 && told.length === state.history.length) return state;
  return { ...state, history: [...older, ...told].slice(-HISTORY_WINDOWS) };
}

/** Windows in a row that say the very same before the metrics count as frozen. */
const FROZEN_WINDOWS = 3;

/** How often the same window was told in a row. */
export interface Repetition {
  readonly window: string;
  readonly times: number;
}

/**
 * Counts windows that are the same to the last digit: real traffic never is. Windows without requests count for nothing.
 * @throws {ObservationError} when the metrics are frozen, though their clock goes on
 */
export function nextRepetition(before: Repetition | null, { metrics }: ClusterState): Repetition | null {
  const { requests, latency, arrivals, utilization, costUsdPerHour, queueLength } = metrics;
  if (requests === 0 || latency === null) return null;
  const window = JSON.stringify([requests, latency, arrivals.rateRps, utilization, costUsdPerHour, queueLength]);
  const times = before?.window === window ? before.times + 1 : 1;
  if (times < FROZEN_WINDOWS) return { window, times };
  const found = `the same to the last digit ${times} times in a row: frozen metrics`;
  throw new ObservationError(`observation: metrics: expected windows that differ, found ${found}`);
}
