// The canary: a new configuration first serves a short part of a window, or of the traffic, and is rolled back if too late.

import type { Trial } from "../core/index.ts";

/** Settings of a canary. */
export interface CanarySettings {
  /** Share of a window after which a trial is judged; 0 for no canary. */
  readonly windowShare: number;
  /** Judged too late above this multiple of the SLO. */
  readonly abortLatencyRatio: number;
  /** Share of the traffic in (0, 1]; 1 where the cluster cannot split it. */
  readonly trafficShare: number;
}

/** The design's canary: an eighth of a window, rolled back above 1.1 times the SLO. */
export const CANARY: CanarySettings = { windowShare: 1 / 8, abortLatencyRatio: 1.1, trafficShare: 1 };

/** The trial of a new configuration; undefined where there is no canary. */
export function canaryTrial(settings: CanarySettings): Trial | undefined {
  if (settings.windowShare <= 0) return undefined;
  const stage = { windowShare: settings.windowShare, abortLatencyRatio: settings.abortLatencyRatio };
  return { share: settings.trafficShare, stages: [stage] };
}
