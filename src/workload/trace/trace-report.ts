// What a trace is like: its rates, how bursty it is at several time scales, its rhythm, and a picture of it.

import { autocorrelation, dispersion, quantileOfSorted } from "../../math/index.ts";
import type { BinnedCounts } from "./binned-counts.ts";

/** Windows of the index of dispersion and lags of the autocorrelation, in seconds. */
const WINDOWS_S = [1, 10, 60, 100, 600, 3600];
const LAGS_S = [1, 10, 60, 600, 3600, 86_400];
/** Rates are told over windows of this length, or one bin where bins are longer. */
const RATE_WINDOW_S = 60;
const SPARK = "▁▂▃▄▅▆▇█";

/** A trace in figures. */
export interface TraceReport {
  readonly requests: number;
  readonly durationS: number;
  readonly missingS: number;
  readonly binS: number;
  readonly meanRateRps: number;
  /** Highest rate of any single bin. */
  readonly peakBinRps: number;
  /** Rates over windows of `rateWindowS`. */
  readonly rateWindowS: number;
  readonly medianRateRps: number;
  readonly p95RateRps: number;
  readonly peakRateRps: number;
  readonly peakToMedian: number | null;
  /** Variance over mean of counts, by length of the window; null where the trace is too short or tells no counts. */
  readonly dispersion: readonly { readonly windowS: number; readonly value: number | null }[];
  /** Of counts per bin (lags under a minute) or per minute. */
  readonly autocorrelation: readonly { readonly lagS: number; readonly value: number | null }[];
  readonly sparkline: string;
}

/** Neighbouring bins added up; a sum with a missing bin is missing. */
export function coarser({ binS, counts, missing, counted }: BinnedCounts, width: number): BinnedCounts {
  const bins = Math.floor(counts.length / width);
  const sums = new Float64Array(bins);
  const gone = new Uint8Array(bins);
  for (let i = 0; i < bins * width; i++) {
    const bin = Math.floor(i / width);
    sums[bin] = (sums[bin] ?? 0) + (counts[i] ?? 0);
    if (missing[i]) gone[bin] = 1;
  }
  return { binS: binS * width, counts: sums, missing: gone, counted };
}

/** Index of dispersion at a window; null where that is not a whole number of bins, or where counts are not told. */
export function dispersionAt(trace: BinnedCounts, windowS: number): number | null {
  const width = Math.round(windowS / trace.binS);
  if (!trace.counted || width < 1 || Math.abs(width * trace.binS - windowS) > 1e-6 * windowS) return null;
  return dispersion(trace.counts, width, trace.missing);
}

/** Mean rates as a row of blocks, missing stretches as spaces. */
export function sparkline({ counts, missing, binS }: BinnedCounts, width = 60): string {
  const cells = Math.min(width, counts.length);
  const rates = Array.from({ length: cells }, (_, cell) => {
    let sum = 0;
    let bins = 0;
    const end = Math.floor(((cell + 1) * counts.length) / cells);
    for (let i = Math.floor((cell * counts.length) / cells); i < end; i++) {
      if (missing[i]) continue;
      sum += counts[i] ?? 0;
      bins++;
    }
    return bins === 0 ? null : sum / (bins * binS);
  });
  const top = rates.reduce<number>((most, rate) => Math.max(most, rate ?? 0), 0);
  return rates
    .map((rate) => (rate === null ? " " : (SPARK[Math.min(7, Math.floor((8 * rate) / (top || 1)))] ?? " ")))
    .join("");
}

function presentRates(trace: BinnedCounts): Float64Array {
  return trace.counts.filter((_, i) => !trace.missing[i]).map((count) => count / trace.binS);
}

/** The figures of a trace. */
export function reportTrace(trace: BinnedCounts): TraceReport {
  const { binS, counts, missing } = trace;
  const perWindow = coarser(trace, Math.max(1, Math.round(RATE_WINDOW_S / binS)));
  const windows = perWindow.counts.length > 0 ? perWindow : trace;
  const rates = presentRates(windows).sort();
  const missingBins = missing.reduce((sum, flag) => sum + flag, 0);
  const requests = counts.reduce((sum, count) => sum + count, 0);
  const medianRateRps = quantileOfSorted(rates, 0.5);
  const peakRateRps = rates.at(-1) ?? 0;
  const correlationAt = (lagS: number): number | null => {
    const series = lagS < RATE_WINDOW_S ? trace : windows;
    const lag = Math.round(lagS / series.binS);
    return lag < 1 ? null : autocorrelation(series.counts, lag, series.missing);
  };
  return {
    requests,
    durationS: counts.length * binS,
    missingS: missingBins * binS,
    binS,
    meanRateRps: requests / ((counts.length - missingBins) * binS),
    peakBinRps: counts.reduce((most, count) => Math.max(most, count), 0) / binS,
    rateWindowS: windows.binS,
    medianRateRps,
    p95RateRps: quantileOfSorted(rates, 0.95),
    peakRateRps,
    peakToMedian: medianRateRps > 0 ? peakRateRps / medianRateRps : null,
    dispersion: WINDOWS_S.map((windowS) => ({ windowS, value: dispersionAt(trace, windowS) })),
    autocorrelation: LAGS_S.map((lagS) => ({ lagS, value: correlationAt(lagS) })),
    sparkline: sparkline(trace),
  };
}
