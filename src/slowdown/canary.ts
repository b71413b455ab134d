// The canary: a new configuration first serves short parts of a window, or of the traffic, and is rolled back if too late.

import type { Trial } from "../core/index.ts";

/** Settings of a canary. */
export interface CanarySettings {
  /** Shares of a window after which a trial is judged, ascending; none for no canary. */
  readonly windowShares: readonly number[];
  /** Judged too late above this multiple of the SLO. */
  readonly abortLatencyRatio: number;
  /** Share of the traffic in (0, 1]; 1 where the cluster cannot split it. */
  readonly trafficShare: number;
}

/** The design's canary, an eighth of a window, and two more looks, since bursts may miss the first. */
export const CANARY: CanarySettings = { windowShares: [1 / 8, 1 / 4, 1 / 2], abortLatencyRatio: 1.1, trafficShare: 1 };

/** No canary at all. */
export const NO_CANARY: CanarySettings = { ...CANARY, windowShares: [] };

/** The trial of a new configuration; undefined where there is no canary. */
export function canaryTrial({ windowShares, abortLatencyRatio, trafficShare }: CanarySettings): Trial | undefined {
  if (windowShares.length === 0) return undefined;
  return { share: trafficShare, stages: windowShares.map((windowShare) => ({ windowShare, abortLatencyRatio })) };
}
