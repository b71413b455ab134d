// The configuration to fall back on: the best of what was measured.

import type { Objective } from "../core/index.ts";

/** A measured configuration as it is compared. */
export interface Candidacy {
  readonly index: number;
  readonly logLatency: number;
  readonly logCost: number;
}

/** The one with the least latency; null of none. */
export function leastLate(measured: readonly Candidacy[]): number | null {
  let best: Candidacy | null = null;
  for (const one of measured) if (best === null || one.logLatency < best.logLatency) best = one;
  return best?.index ?? null;
}

/** Of those within the SLO the cheapest, or the least late; where none is the least late of all; null of none. */
export function bestMeasured(
  measured: readonly Candidacy[],
  minimize: Objective["minimize"],
  logSlo: number,
): number | null {
  let best: number | null = null;
  let bestValue = Number.POSITIVE_INFINITY;
  for (const { index, logLatency, logCost } of measured) {
    const value = minimize === "cost" ? logCost : logLatency;
    if (logLatency > logSlo || value >= bestValue) continue;
    best = index;
    bestValue = value;
  }
  return best ?? leastLate(measured);
}
