// A workload from some moment on, with that moment as its time 0.

import type { Random } from "../core/index.ts";
import type { ArrivalSource, TimeSpan, Workload } from "./workload.ts";

/** Arrivals of a source from `fromS` on; the earlier ones are drawn and dropped, so that the later are the same. */
class LaterArrivals implements ArrivalSource {
  readonly #source: ArrivalSource;
  readonly #fromS: number;

  constructor(source: ArrivalSource, fromS: number) {
    this.#source = source;
    this.#fromS = fromS;
  }

  fill(times: Float64Array): number {
    for (;;) {
      const count = this.#source.fill(times);
      if (count === 0) return 0;
      let first = 0;
      while (first < count && (times[first] ?? 0) < this.#fromS) first++;
      if (first === count) continue;
      for (let i = first; i < count; i++) times[i - first] = (times[i] ?? 0) - this.#fromS;
      return count - first;
    }
  }
}

function shifted(spans: readonly TimeSpan[], fromS: number): TimeSpan[] {
  return spans
    .filter((span) => span.toS > fromS)
    .map((span) => ({ fromS: Math.max(0, span.fromS - fromS), toS: span.toS - fromS }));
}

/** The workload from `fromS` on: the same arrivals as the whole one's of the same random, `fromS` earlier. */
export function laterWorkload(workload: Workload, fromS: number): Workload {
  if (fromS <= 0) return workload;
  return {
    name: workload.name,
    durationS: Math.max(0, workload.durationS - fromS),
    meanRateRps: workload.meanRateRps,
    excluded: shifted(workload.excluded, fromS),
    open: (random: Random) => new LaterArrivals(workload.open(random), fromS),
    rateRps: (timeS) => workload.rateRps(timeS + fromS),
  };
}
