// Missing data: stretches of a workload in which the clock goes on and nothing counts.

import type { ArrivalSource, TimeSpan, Workload } from "./workload.ts";

/** Missing data in a trace's own time; with `everyS` it recurs. */
export interface Exclusion {
  readonly fromS: number;
  readonly toS: number;
  readonly everyS?: number | undefined;
}

/** Overlapping spans joined, empty ones left out, ascending. */
export function joinSpans(spans: readonly TimeSpan[]): TimeSpan[] {
  const joined: TimeSpan[] = [];
  for (const span of [...spans].sort((a, b) => a.fromS - b.fromS)) {
    const last = joined.at(-1);
    if (last !== undefined && span.fromS <= last.toS) {
      joined[joined.length - 1] = { fromS: last.fromS, toS: Math.max(last.toS, span.toS) };
    } else if (span.toS > span.fromS) {
      joined.push(span);
    }
  }
  return joined;
}

/** Exclusions in a workload's own time: recurring ones written out, cut to its duration, joined and ascending. */
export function spansWithin(exclude: readonly Exclusion[], startS: number, durationS: number): TimeSpan[] {
  const endS = startS + durationS;
  const spans = exclude.flatMap(({ fromS, toS, everyS }) => {
    if (everyS === undefined) return [{ fromS, toS }];
    const first = Math.max(0, Math.floor((startS - toS) / everyS));
    const last = Math.ceil((endS - fromS) / everyS);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => ({
      fromS: fromS + (first + i) * everyS,
      toS: toS + (first + i) * everyS,
    }));
  });
  return joinSpans(
    spans
      .filter((span) => span.toS > startS && span.fromS < endS)
      .map((span) => ({ fromS: Math.max(0, span.fromS - startS), toS: Math.min(durationS, span.toS - startS) })),
  );
}

/** Runs of zeros at least `leastS` long, in the trace's time. */
export function zeroRuns(values: ArrayLike<number>, binS: number, leastS: number): TimeSpan[] {
  const runs: TimeSpan[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== 0) continue;
    const from = i;
    while (i < values.length && values[i] === 0) i++;
    if ((i - from) * binS >= leastS) runs.push({ fromS: from * binS, toS: i * binS });
  }
  return runs;
}

class FilteredSource implements ArrivalSource {
  readonly #source: ArrivalSource;
  readonly #spans: readonly TimeSpan[];
  #index = 0;

  constructor(source: ArrivalSource, spans: readonly TimeSpan[]) {
    this.#source = source;
    this.#spans = spans;
  }

  #hides(timeS: number): boolean {
    for (;;) {
      const span = this.#spans[this.#index];
      if (span === undefined || timeS < span.fromS) return false;
      if (timeS < span.toS) return true;
      this.#index++;
    }
  }

  fill(times: Float64Array): number {
    for (;;) {
      const filled = this.#source.fill(times);
      let kept = 0;
      for (let i = 0; i < filled; i++) {
        const timeS = times[i] ?? 0;
        if (!this.#hides(timeS)) times[kept++] = timeS;
      }
      if (kept > 0 || filled === 0) return kept;
    }
  }
}

/** The same workload without the arrivals that fall into its missing data. */
export function withoutExcluded(workload: Workload): Workload {
  const { excluded } = workload;
  if (excluded.length === 0) return workload;
  const inside = (timeS: number): boolean => excluded.some((span) => timeS >= span.fromS && timeS < span.toS);
  return {
    ...workload,
    open: (random) => new FilteredSource(workload.open(random), excluded),
    rateRps: (timeS) => (inside(timeS) ? 0 : workload.rateRps(timeS)),
  };
}
