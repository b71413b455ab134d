// A stretch of a trace as a workload.

import type { Random } from "../../core/index.ts";
import { type Exclusion, spansWithin, withoutExcluded, zeroRuns } from "../excluded.ts";
import { alongCurve, BinnedRates } from "../rate-curve.ts";
import type { ArrivalSource, TimeSpan, Workload } from "../workload.ts";
import type { TraceData } from "./trace-data.ts";
import { traceDurationS } from "./trace-data.ts";
import { CountSource, firstAtOrAfter, TimesSource } from "./trace-sources.ts";

/** Which part of a trace is used, and how. */
export interface TraceCut {
  readonly name: string;
  readonly startS: number;
  /** To the trace's end when absent. */
  readonly durationS?: number | undefined;
  /** Multiplies the number of requests. */
  readonly scale: number;
  readonly exclude: readonly Exclusion[];
  /** Runs of zero counts of at least this length are missing data; none when absent. */
  readonly missingAfterS?: number | undefined;
}

/** Requests of a trace in a stretch of its own time, bins counted by their share in it. */
function requestsIn(data: TraceData, fromS: number, toS: number): number {
  if (data.kind === "times") return firstAtOrAfter(data.timesS, toS) - firstAtOrAfter(data.timesS, fromS);
  const values = data.kind === "counts" ? data.counts : data.ratesRps;
  const perBin = data.kind === "counts" ? 1 : data.binS;
  let requests = 0;
  for (let bin = Math.max(0, Math.floor(fromS / data.binS)); bin * data.binS < toS && bin < values.length; bin++) {
    const share = Math.min(toS, (bin + 1) * data.binS) - Math.max(fromS, bin * data.binS);
    requests += (values[bin] ?? 0) * perBin * Math.max(0, share / data.binS);
  }
  return requests;
}

function meanRate(data: TraceData, startS: number, durationS: number, excluded: readonly TimeSpan[]): number {
  const inSpan = (span: TimeSpan): number => requestsIn(data, startS + span.fromS, startS + span.toS);
  const requests = excluded.reduce((sum, span) => sum - inSpan(span), inSpan({ fromS: 0, toS: durationS }));
  const seconds = excluded.reduce((sum, span) => sum - (span.toS - span.fromS), durationS);
  return seconds > 0 ? requests / seconds : 0;
}

/** Rates of the bins from `startS` on, zero where data is missing. */
function shiftedRates(
  data: Extract<TraceData, { kind: "rates" }>,
  startS: number,
  durationS: number,
  scale: number,
): Float64Array {
  const first = Math.round(startS / data.binS);
  const bins = Math.min(data.ratesRps.length - first, Math.ceil(durationS / data.binS));
  return Float64Array.from({ length: Math.max(0, bins) }, (_, i) => (data.ratesRps[first + i] ?? 0) * scale);
}

/** Part of a trace as a workload. Rates start at the bin nearest to `startS`. */
export function traceWorkload(data: TraceData, cut: TraceCut): Workload {
  const { name, startS, scale } = cut;
  const durationS = Math.max(0, Math.min(cut.durationS ?? Infinity, traceDurationS(data) - startS));
  const silent =
    cut.missingAfterS === undefined || data.kind === "times"
      ? []
      : zeroRuns(data.kind === "counts" ? data.counts : data.ratesRps, data.binS, cut.missingAfterS);
  const excluded = spansWithin([...cut.exclude, ...data.missing, ...silent], startS, durationS);
  const meanRateRps = scale * meanRate(data, startS, durationS, excluded);
  if (data.kind === "rates") {
    const curve = new BinnedRates(shiftedRates(data, startS, durationS, scale), data.binS);
    return withoutExcluded(alongCurve(name, curve, meanRateRps, durationS, excluded));
  }
  const within = { startS, durationS, scale };
  const rateRps = (timeS: number): number => {
    if (timeS < 0 || timeS >= durationS) return 0;
    if (data.kind === "counts") {
      return ((data.counts[Math.floor((startS + timeS) / data.binS)] ?? 0) * scale) / data.binS;
    }
    const second = Math.floor(startS + timeS);
    return requestsIn(data, second, second + 1) * scale;
  };
  if (data.kind === "times") {
    const open = (random: Random): ArrivalSource => new TimesSource(random, data.timesS, within);
    return withoutExcluded({ name, durationS, meanRateRps, excluded, open, rateRps });
  }
  const largest = data.counts.reduce((most, count) => Math.max(most, count), 0);
  const open = (random: Random): ArrivalSource => new CountSource(random, data.counts, largest, data.binS, within);
  return withoutExcluded({ name, durationS, meanRateRps, excluded, open, rateRps });
}
