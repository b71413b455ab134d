// A trace as numbers of requests in equal bins, with the bins marked that are missing data.

import { type Random, TraceError } from "../../core/index.ts";
import { type Exclusion, spansWithin, zeroRuns } from "../excluded.ts";
import type { Workload } from "../workload.ts";
import { type TraceData, traceDurationS } from "./trace-data.ts";

/** Requests per bin. Missing bins hold nothing and count for nothing. */
export interface BinnedCounts {
  readonly binS: number;
  readonly counts: Float64Array; // [bins]
  readonly missing: Uint8Array; // [bins], 1 where the bin is missing
  /** False where the trace only told rates, so that the counts are their means and vary too little. */
  readonly counted: boolean;
}

/** Which part of a trace to look at. */
export interface CountsCut {
  readonly startS?: number | undefined;
  readonly durationS?: number | undefined;
  readonly exclude?: readonly Exclusion[] | undefined;
  readonly missingAfterS?: number | undefined;
}

/** Three years of seconds; a trace of times that is longer has a wrong unit. */
const MAX_BINS = 100_000_000;

function checkBins(bins: number): void {
  if (bins <= MAX_BINS) return;
  throw new TraceError(`trace: expected at most ${MAX_BINS} bins, found ${bins}: is its time column in another unit?`);
}

function valuesOf(data: TraceData, binS: number): Float64Array {
  if (data.kind === "rates") return data.ratesRps.map((rate) => rate * data.binS);
  if (data.kind === "counts") return Float64Array.from(data.counts);
  checkBins(Math.floor(data.durationS / binS));
  const counts = new Float64Array(Math.max(1, Math.floor(data.durationS / binS)));
  for (const timeS of data.timesS) {
    const bin = Math.floor(timeS / binS);
    if (bin < counts.length) counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/**
 * Counts per bin of a trace: its own bins, or bins of `timesBinS` where it holds times. A last, partial bin is left out.
 * @param timesBinS width of the bins where the trace holds arrival times
 * @throws {TraceError} when that makes more bins than any trace has
 */
export function binnedCounts(data: TraceData, cut: CountsCut = {}, timesBinS = 1): BinnedCounts {
  const binS = data.kind === "times" ? timesBinS : data.binS;
  const all = valuesOf(data, binS);
  const startS = cut.startS ?? 0;
  const durationS = Math.min(cut.durationS ?? Number.POSITIVE_INFINITY, traceDurationS(data) - startS);
  const first = Math.round(startS / binS);
  const counts = all.slice(first, first + Math.max(1, Math.round(durationS / binS)));
  const silent = cut.missingAfterS === undefined ? [] : zeroRuns(all, binS, cut.missingAfterS);
  const spans = spansWithin([...(cut.exclude ?? []), ...data.missing, ...silent], startS, durationS);
  const missing = new Uint8Array(counts.length);
  for (const { fromS, toS } of spans) missing.fill(1, Math.floor(fromS / binS), Math.ceil(toS / binS));
  for (let bin = 0; bin < counts.length; bin++) if (missing[bin]) counts[bin] = 0;
  return { binS, counts, missing, counted: data.kind !== "rates" };
}

/**
 * One run of a workload, counted in whole bins; its missing data is missing here.
 * @throws {TraceError} when that makes more bins than any trace has
 */
export function countArrivals(workload: Workload, random: Random, binS = 1): BinnedCounts {
  checkBins(Math.floor(workload.durationS / binS));
  const counts = new Float64Array(Math.max(1, Math.floor(workload.durationS / binS)));
  const missing = new Uint8Array(counts.length);
  for (const { fromS, toS } of workload.excluded) missing.fill(1, Math.floor(fromS / binS), Math.ceil(toS / binS));
  const source = workload.open(random);
  const block = new Float64Array(4096);
  for (let n = source.fill(block); n > 0; n = source.fill(block)) {
    for (let i = 0; i < n; i++) {
      const bin = Math.floor((block[i] ?? 0) / binS);
      if (bin < counts.length && !missing[bin]) counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
  return { binS, counts, missing, counted: true };
}
