// SLO burn: how fast the error budget goes, over a short and a longer stretch of windows.
//
// burn = missRatio / (1 - percentile), averaged over requests; alarm when it is over a limit in the stretch as a whole
// and in its last window too, so that the alarm ends when the trouble does
// Source: B. Beyer et al., "The Site Reliability Workbook", 2018, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts":
// rates 14.4 and 6. Differs: stretches are counted in control windows, and a burn that cannot reach a rate because the
// SLO's percentile is low alarms at half of the highest burn there is.

import type { PastWindow, Slo } from "../core/index.ts";

interface Stretch {
  readonly windows: number;
  readonly rate: number;
}

const stretches: readonly Stretch[] = [
  { windows: 2, rate: 14.4 },
  { windows: 10, rate: 6 },
];

function burnOf(windows: readonly PastWindow[], slo: Slo): number {
  let requests = 0;
  let missed = 0;
  for (const { arrivalRateRps, durationS, missRatio } of windows) {
    requests += arrivalRateRps * durationS;
    missed += missRatio * arrivalRateRps * durationS;
  }
  return requests === 0 ? 0 : missed / requests / (1 - slo.percentile);
}

/** Why the SLO's budget is being burnt too fast, or null. @param history oldest first */
export function sloBurn(history: readonly PastWindow[], slo: Slo): string | null {
  const highest = 1 / (1 - slo.percentile);
  for (const { windows, rate } of stretches) {
    const recent = history.slice(-windows);
    const limit = Math.min(rate, highest / 2);
    if (recent.length < windows) continue;
    const burn = burnOf(recent, slo);
    if (burn < limit || burnOf(recent.slice(-1), slo) < limit) continue;
    return `SLO burn ${burn.toFixed(1)} over ${windows} windows, at most ${limit.toFixed(1)}`;
  }
  return null;
}
