// Fits a two-state Markov-modulated Poisson process to counts: by likelihood, then to the index of dispersion.
//
// Likelihood: a Poisson HMM on the bins (Baum-Welch); for leaving probabilities u (low) and d (high) per bin of Δ,
//   w = -ln(1 - u - d)/Δ,   w_low = w u/(u + d),   w_high = w d/(u + d),   λ_i = r_i/Δ
// Dispersion: amplitude and decay by match-dispersion.ts, which leave the share p of time in the high state open;
//   p is the likeliest of a grid of those that leave λ_low ≥ 0.
// Sources: W. Fischer, K. Meier-Hellstern 1993; S. Andersson, T. Rydén 2000 (why dispersion alone leaves p open).

import { TraceError } from "../../core/index.ts";
import { mapDispersion, mmpp } from "../../math/index.ts";
import type { BinnedCounts } from "../trace/binned-counts.ts";
import { dispersionAt } from "../trace/trace-report.ts";
import { gridSearch, type Mmpp2, matchDispersion, mmpp2Of } from "./match-dispersion.ts";
import { fitPoissonHmm, hmmLogLikelihood, type PoissonHmm } from "./poisson-hmm.ts";

/** Windows at which a fit is judged, in seconds, or in bins where those are longer than a second. */
export const FIT_WINDOWS_S = [1, 10, 100];

/** Dispersion of trace and model at one window. */
export interface DispersionError {
  readonly windowS: number;
  readonly trace: number | null;
  readonly model: number;
  /** model / trace - 1. */
  readonly relativeError: number | null;
}

/** A model with how far its dispersion is off, and how likely it makes the counts. */
export interface AssessedFit {
  readonly model: Mmpp2;
  readonly dispersion: readonly DispersionError[];
  readonly worstAbsRelative: number | null;
  readonly logLikelihoodPerBin: number;
}

/** Everything a fit found. */
export interface TraceFit {
  readonly bins: number;
  readonly binS: number;
  readonly poisson: {
    readonly rateRps: number;
    readonly dispersion: readonly DispersionError[];
    readonly worstAbsRelative: number | null;
    readonly logLikelihoodPerBin: number;
  };
  /** Most likely two states. */
  readonly likelihood: AssessedFit;
  /** Closest dispersion; null where the counts vary no more than Poisson. */
  readonly matched: AssessedFit | null;
  /** Best worst error of the whole family on a plain grid, to show what a two-state model can do at all. */
  readonly grid: { readonly worstAbsRelative: number; readonly points: number } | null;
}

function hmmOf({ ratesRps, meanSojournS }: Mmpp2, binS: number): Pick<PoissonHmm, "rates" | "leave"> {
  const [up, down] = [1 / meanSojournS[0], 1 / meanSojournS[1]];
  const jump = -Math.expm1(-(up + down) * binS);
  return {
    rates: [ratesRps[0] * binS, ratesRps[1] * binS],
    leave: [(jump * up) / (up + down), (jump * down) / (up + down)],
  };
}

function mmppOf({ rates, leave }: PoissonHmm, binS: number): Mmpp2 {
  const [up, down] = leave;
  const decayPerS = -Math.log(Math.max(1e-12, 1 - Math.min(up + down, 1 - 1e-12))) / binS;
  const stay = (share: number): number => 1 / (decayPerS * share);
  const model: Mmpp2 = {
    ratesRps: [rates[0] / binS, rates[1] / binS],
    meanSojournS: [stay(up / (up + down)), stay(down / (up + down))],
  };
  if (rates[0] <= rates[1]) return model;
  return {
    ratesRps: [model.ratesRps[1], model.ratesRps[0]],
    meanSojournS: [model.meanSojournS[1], model.meanSojournS[0]],
  };
}

function errors(trace: BinnedCounts, dispersionOf: (windowS: number) => number): DispersionError[] {
  return FIT_WINDOWS_S.map((window) => {
    const windowS = window * Math.max(1, trace.binS);
    const measured = dispersionAt(trace, windowS);
    const model = dispersionOf(windowS);
    return { windowS, trace: measured, model, relativeError: measured === null ? null : model / measured - 1 };
  });
}

function worstOf(list: readonly DispersionError[]): number | null {
  const known = list.flatMap(({ relativeError }) => (relativeError === null ? [] : [Math.abs(relativeError)]));
  return known.length === 0 ? null : Math.max(...known);
}

function assess(trace: BinnedCounts, model: Mmpp2): AssessedFit {
  const map = mmpp(model.ratesRps, model.meanSojournS);
  const dispersion = errors(trace, (windowS) => mapDispersion(map, windowS));
  const { rates, leave } = hmmOf(model, trace.binS);
  const logLikelihood = hmmLogLikelihood(trace, rates, leave);
  return {
    model,
    dispersion,
    worstAbsRelative: worstOf(dispersion),
    logLikelihoodPerBin: logLikelihood / trace.counts.length,
  };
}

/** The likelihood is tabulated by count. */
const MAX_COUNT = 1_000_000;
/** Shares of time in the high state that are tried, spread over what the dispersion allows. */
const SHARES = 16;

function likeliestShare(trace: BinnedCounts, rateRps: number, amplitude: number, decayPerS: number): Mmpp2 {
  const most = Math.min(0.98, (2 * rateRps) / (amplitude * decayPerS + 2 * rateRps));
  let best = mmpp2Of(rateRps, amplitude, decayPerS, most);
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < SHARES; i++) {
    const model = mmpp2Of(rateRps, amplitude, decayPerS, most * 0.75 ** i);
    const { rates, leave } = hmmOf(model, trace.binS);
    const logLikelihood = hmmLogLikelihood(trace, rates, leave);
    if (logLikelihood > top) [best, top] = [model, logLikelihood];
  }
  return best;
}

/**
 * Poisson and MMPP(2) for a trace of counts.
 * @throws {TraceError} when the trace tells no counts, or nothing arrived
 */
export function fitTrace(trace: BinnedCounts): TraceFit {
  const present = trace.counts.length - trace.missing.reduce((sum, flag) => sum + flag, 0);
  const requests = trace.counts.reduce((sum, count) => sum + count, 0);
  if (!trace.counted) throw new TraceError("fit: expected a trace of counts or arrival times, found rates");
  if (requests === 0) throw new TraceError("fit: expected at least one request, found none");
  const largest = trace.counts.reduce((most, count) => Math.max(most, count), 0);
  if (largest > MAX_COUNT) {
    throw new TraceError(`fit: expected at most ${MAX_COUNT} requests a bin, found ${largest}; use shorter bins`);
  }
  const rateRps = requests / (present * trace.binS);
  const poissonErrors = errors(trace, () => 1);
  const perBin = rateRps * trace.binS;
  const poissonLikelihood = hmmLogLikelihood(trace, [perBin, perBin], [0.5, 0.5]);
  const targets = poissonErrors.flatMap(({ windowS, trace: dispersion }) =>
    dispersion === null ? [] : [{ windowS, dispersion }],
  );
  const bursty = targets.some((target) => target.dispersion > 1);
  let matched: AssessedFit | null = null;
  if (bursty) {
    const { amplitude, decayPerS } = matchDispersion(targets);
    matched = assess(trace, likeliestShare(trace, rateRps, amplitude, decayPerS));
  }
  return {
    bins: trace.counts.length,
    binS: trace.binS,
    poisson: {
      rateRps,
      dispersion: poissonErrors,
      worstAbsRelative: worstOf(poissonErrors),
      logLikelihoodPerBin: poissonLikelihood / trace.counts.length,
    },
    likelihood: assess(trace, mmppOf(fitPoissonHmm(trace), trace.binS)),
    matched,
    grid: bursty ? gridSearch(targets) : null,
  };
}
