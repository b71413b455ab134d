// The arrivals of a workload's first days as monitoring would have recorded them: window by window, second by second.

import type { ArrivalRecord, Random } from "../core/index.ts";
import type { Workload } from "../workload/index.ts";

const BLOCK = 65_536;

/** Arrivals of each second up to `untilS`; later ones are not drawn. */
function countsUntil(workload: Workload, random: Random, untilS: number): Float64Array {
  const counts = new Float64Array(Math.floor(untilS));
  const source = workload.open(random);
  const times = new Float64Array(BLOCK);
  for (let n = source.fill(times); n > 0; n = source.fill(times)) {
    for (let i = 0; i < n; i++) {
      const second = Math.floor(times[i] ?? 0);
      if (second >= counts.length) return counts;
      counts[second] = (counts[second] ?? 0) + 1;
    }
  }
  return counts;
}

/**
 * Windows of a workload up to `untilS`, told in the time of what begins there, so that the last one ends at 0. Windows that
 * touch missing data are left out.
 * @param random the stream a simulation draws the same arrivals from @param windowS rounded to whole seconds
 */
export function* recordedArrivals(
  workload: Workload,
  random: Random,
  untilS: number,
  windowS: number,
): Generator<ArrivalRecord> {
  const counts = countsUntil(workload, random, untilS);
  const lengthS = Math.max(1, Math.round(windowS));
  for (let toS = lengthS + (untilS % lengthS); toS <= untilS; toS += lengthS) {
    const fromS = toS - lengthS;
    if (workload.excluded.some((span) => span.fromS < toS && span.toS > fromS)) continue;
    const rates = Array.from(counts.subarray(fromS, toS));
    const rateRps = rates.reduce((sum, rate) => sum + rate, 0) / lengthS;
    yield { timeS: toS - untilS, durationS: lengthS, rateRps, recentRatesRps: rates };
  }
}
