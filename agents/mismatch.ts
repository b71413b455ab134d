// What a cluster shows that its profile and Poisson arrivals would not lead one to expect, in words an operator can use.

import type { Scatter } from "./replay.ts";

/** What was learnt of a cluster. */
export interface Shown {
  /** Mean log ratio of measured to profiled service times, with one model instance and with several. */
  readonly deviation: { readonly alone: number; readonly together: number };
  readonly scatter: Scatter | null;
  /** Index of dispersion of arrivals; 1 for Poisson's. */
  readonly dispersion: number;
  /** Mean residual slowdown of the replays, over measured configurations; null before two. */
  readonly residual: number | null;
}

/** Ratio of service times to the profile's, or its inverse, from which on it is told. */
const TELLING_RATIO = 1.25;

/** Scatter that is told: coefficient of variation, and share of stragglers. */
const TELLING_CV = 0.15;
const TELLING_STRAGGLERS = 0.01;

/** Dispersion from which on arrivals come in bursts. */
const TELLING_DISPERSION = 5;

/** Residual slowdown from which on something is told to be left unexplained. */
const TELLING_RESIDUAL = 0.15;

function ratioText(log: number): string {
  return `${Math.exp(log).toFixed(1)} times the profile's time`;
}

function serviceText({ alone, together }: Shown["deviation"]): string[] {
  const least = Math.log(TELLING_RATIO);
  const [one, several] = [Math.abs(alone) >= least, Math.abs(together) >= least];
  if (one && several) return [`service takes ${ratioText((alone + together) / 2)}`];
  if (one) return [`service of one model instance takes ${ratioText(alone)}`];
  return several ? [`service takes ${ratioText(together)} where several model instances run`] : [];
}

function scatterText({ cv, stragglerShare, stragglerFactor }: Scatter): string[] {
  const percent = (share: number): string => (100 * share).toFixed(0);
  return [
    ...(cv >= TELLING_CV ? [`service times scatter by ${percent(cv)} %`] : []),
    ...(stragglerShare >= TELLING_STRAGGLERS
      ? [`${percent(stragglerShare)} % of batches take ${stragglerFactor.toFixed(1)} times as long`]
      : []),
  ];
}

/** What is worth telling, most telling first. */
export function describeMismatch(shown: Shown): string[] {
  const { deviation, scatter, dispersion, residual } = shown;
  const later = residual !== null && Math.abs(residual) >= TELLING_RESIDUAL;
  const slower = residual !== null && residual > 0 ? "slower" : "faster";
  return [
    ...serviceText(deviation),
    ...(scatter === null ? [] : scatterText(scatter)),
    ...(dispersion >= TELLING_DISPERSION ? ["arrivals come in bursts"] : []),
    ...(later ? [`it is ${slower} than replays of its arrivals explain`] : []),
  ];
}
