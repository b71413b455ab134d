// How counters and gauges moved over a window, added up over the series that tell them.

import type { ArrivalMetrics } from "../../core/index.ts";
import type { Sample, Series } from "./series.ts";

/** The samples of one series over a window, the one the window before ended at in front. */
export type Track = readonly Sample[];

/** By how much the tracks grew together. */
export function growth(tracks: readonly Track[]): number {
  return tracks.reduce((sum, track) => sum + (track.at(-1)?.value ?? 0) - (track[0]?.value ?? 0), 0);
}

/** The time the tracks cover: from the latest first sample to the latest last one, so that windows join. */
export function spanOf(tracks: readonly Track[]): { readonly startS: number; readonly endS: number } {
  const latest = (at: number): number => Math.max(...tracks.map((track) => track.at(at)?.timeS ?? Number.NaN));
  return { startS: latest(0), endS: latest(-1) };
}

/** A track's value at a moment, linear between samples, as at its ends outside them. */
function valueAt(track: Track, timeS: number): number {
  const next = track.findIndex((sample) => sample.timeS >= timeS);
  const [before, after] = [track[next - 1], track[next]];
  if (after === undefined) return track.at(-1)?.value ?? 0;
  if (before === undefined) return after.value;
  const share = (timeS - before.timeS) / (after.timeS - before.timeS);
  return before.value + share * (after.value - before.value);
}

/** Longest list of recent rates. */
const MAX_RECENT_RATES = 12;

/**
 * Arrivals as the joint growth of tracks: of what entered, or of what left and what is inside together.
 * Counts per second are not told, so there is no dispersion.
 */
export function arrivalsOf(tracks: readonly Track[], startS: number, endS: number): ArrivalMetrics {
  const durationS = endS - startS;
  const samples = Math.max(...tracks.map((track) => track.length - 1));
  const parts = Math.min(MAX_RECENT_RATES, Math.max(1, samples));
  const edges = Array.from({ length: parts + 1 }, (_, i) => startS + (durationS * i) / parts);
  const grown = edges.map((timeS) => tracks.reduce((sum, track) => sum + valueAt(track, timeS), 0));
  const rates = grown.slice(1).map((value, i) => Math.max(0, ((value - (grown[i] ?? 0)) * parts) / durationS));
  const median = [...rates].sort((a, b) => a - b)[rates.length >> 1] ?? 0;
  return {
    rateRps: growth(tracks) / durationS,
    recentRatesRps: rates,
    dispersion: null,
    peakToMedian: median > 0 ? Math.max(...rates) / median : null,
  };
}

/** Mean over the samples of each track, then over the tracks. */
export function meanOf(tracks: readonly Track[]): number {
  const means = tracks.map((track) => track.reduce((sum, { value }) => sum + value, 0) / track.length);
  return means.reduce((sum, mean) => sum + mean, 0) / means.length;
}

/** The last values of the series that are still there, added up. */
export function lastOf(series: readonly Series[]): number {
  return series.reduce((sum, { present, samples }) => sum + (present ? (samples.at(-1)?.value ?? 0) : 0), 0);
}
