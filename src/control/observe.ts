// Observing: what the adapter says, refused when it cannot be true, with the past of before a restart put in front.

import { type ClusterState, HISTORY_WINDOWS, ObservationError, type PastWindow } from "../core/index.ts";

function checkNumbers(state: ClusterState): void {
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

/**
 * Refuses an observation that cannot be true: numbers that are none, a clock that stands still or goes back.
 * @param previousS time of the observation before, if any
 * @throws {ObservationError} naming the field
 */
export function checkObservation(state: ClusterState, previousS: number | null): void {
  checkNumbers(state);
  if (previousS === null || state.timeS > previousS) return;
  const fault = state.timeS === previousS ? "frozen metrics" : "the clock went back";
  throw new ObservationError(`observation: timeS: expected more than ${previousS}, found ${state.timeS}: ${fault}`);
}

/** The observation with windows of before a restart in front of its own history. @param earlier oldest first */
export function withEarlierHistory(state: ClusterState, earlier: readonly PastWindow[]): ClusterState {
  if (earlier.length === 0) return state;
  const firstS = state.history[0]?.timeS ?? state.timeS;
  const older = earlier.filter(({ timeS }) => timeS < firstS);
  return { ...state, history: [...older, ...state.history].slice(-HISTORY_WINDOWS) };
}
