// Fits a two-state Markov-modulated Poisson process to counts: by likelihood, then to the index of dispersion.
//
// Likelihood: a Poisson HMM on the bins (Baum-Welch); for leaving probabilities u (low) and d (high) per bin of Δ,
//   w = -ln(1 - u - d)/Δ,   w_low = w u/(u + d),   w_high = w d/(u + d),   λ_i = r_i/Δ
// Dispersion: with the mean rate m kept, IDC(t) = 1 + A g(w t), g(x) = 1 - (1 - e^{-x})/x depends on two numbers only,
//   A = 2 p (1-p) D²/(w m)   for p the share of time in the high state and D = λ_high - λ_low.
//   (A, w) minimise the worst relative error at the windows asked for: every w of a fine logarithmic grid with its best
//   A (the error is convex in A), then the best cell searched; this is the family's optimum, whatever p.
//   p is then the likeliest of a grid of those that leave λ_low ≥ 0:  p ≤ 2 m/(A w + 2 m).
// Sources: W. Fischer, K. Meier-Hellstern 1993 (IDC); S. Andersson, T. Rydén 2000 (why counts alone leave p open).

import { mapDispersion, mmpp } from "../../math/index.ts";
import type { BinnedCounts } from "../trace/binned-counts.ts";
import { dispersionAt } from "../trace/trace-report.ts";
import { fitPoissonHmm, hmmLogLikelihood, type PoissonHmm } from "./poisson-hmm.ts";

/** Windows at which a fit is judged, in seconds. */
export const FIT_WINDOWS_S = [1, 10, 100];

/** A two-state MMPP; the high state second. */
export interface Mmpp2 {
  readonly ratesRps: readonly [number, number];
  readonly meanSojournS: readonly [number, number];
}

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

function decayed(x: number): number {
  return x < 1e-4 ? x / 2 - (x * x) / 6 : 1 - -Math.expm1(-x) / x;
}

interface Target {
  readonly windowS: number;
  readonly dispersion: number;
}

function worstError(targets: readonly Target[], amplitude: number, decayPerS: number): number {
  return targets.reduce((worst, { windowS, dispersion }) => {
    const model = 1 + amplitude * decayed(decayPerS * windowS);
    return Math.max(worst, Math.abs(model / dispersion - 1));
  }, 0);
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Argument of the least value of a function that falls and then rises. */
function goldenSection(f: (x: number) => number, from: number, to: number, steps: number): number {
  let [low, high] = [from, to];
  let a = high - GOLDEN * (high - low);
  let b = low + GOLDEN * (high - low);
  let [fa, fb] = [f(a), f(b)];
  for (let i = 0; i < steps; i++) {
    if (fa < fb) {
      [high, b, fb] = [b, a, fa];
      a = high - GOLDEN * (high - low);
      fa = f(a);
    } else {
      [low, a, fa] = [a, b, fb];
      b = low + GOLDEN * (high - low);
      fb = f(b);
    }
  }
  return (low + high) / 2;
}

/** The amplitude that suits a decay rate best, in the logarithm, where the worst error is unimodal. */
function bestAmplitude(targets: readonly Target[], decayPerS: number): number {
  const wanted = targets.map(({ windowS, dispersion }) => (dispersion - 1) / decayed(decayPerS * windowS));
  const top = Math.max(...wanted, 1e-9);
  const low = Math.max(1e-12, Math.min(...wanted.filter((value) => value > 0), top) / 10);
  const f = (log: number): number => worstError(targets, Math.exp(log), decayPerS);
  return Math.exp(goldenSection(f, Math.log(low), Math.log(top * 1.01), 60));
}

const GRID_DECAYS = 200;
const SLOWEST_DECAY_PER_S = 1e-6;
const FASTEST_DECAY_PER_S = 30;

/** The family's closest dispersion to the targets. */
function matchDispersion(targets: readonly Target[]): { amplitude: number; decayPerS: number; error: number } {
  const ratio = Math.log(FASTEST_DECAY_PER_S / SLOWEST_DECAY_PER_S) / (GRID_DECAYS - 1);
  const decayAt = (i: number): number => SLOWEST_DECAY_PER_S * Math.exp(i * ratio);
  const error = (decayPerS: number): number => worstError(targets, bestAmplitude(targets, decayPerS), decayPerS);
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < GRID_DECAYS; i++) {
    const value = error(decayAt(i));
    if (value < least - 1e-6) [best, least] = [i, value];
  }
  const log = goldenSection((x) => error(Math.exp(x)), Math.log(decayAt(best - 1)), Math.log(decayAt(best + 1)), 40);
  const decayPerS = error(Math.exp(log)) < least ? Math.exp(log) : decayAt(best);
  return { amplitude: bestAmplitude(targets, decayPerS), decayPerS, error: error(decayPerS) };
}

/** The best of a plain grid over amplitude and decay: an independent look at what the family can do. */
function gridSearch(targets: readonly Target[]): { worstAbsRelative: number; points: number } {
  const top = Math.max(...targets.map((target) => target.dispersion));
  let worstAbsRelative = Number.POSITIVE_INFINITY;
  let points = 0;
  for (let i = 0; i < 120; i++) {
    const decayPerS = 1e-6 * (30 / 1e-6) ** (i / 119);
    const largest = (10 * top) / decayed(decayPerS * Math.max(...targets.map((target) => target.windowS)));
    for (let j = 0; j < 120; j++, points++) {
      const amplitude = largest * 1e-4 ** (j / 119);
      worstAbsRelative = Math.min(worstAbsRelative, worstError(targets, amplitude, decayPerS));
    }
  }
  return { worstAbsRelative, points };
}

/**
 * The MMPP(2) of a mean rate whose dispersion is 1 + amplitude · (1 - (1 - e^{-w t})/(w t)).
 * @param highShare share of time in the high state, in (0, 2m/(A w + 2m)]
 */
export function mmpp2Of(rateRps: number, amplitude: number, decayPerS: number, highShare: number): Mmpp2 {
  const gap = Math.sqrt((amplitude * decayPerS * rateRps) / (2 * highShare * (1 - highShare)));
  return {
    ratesRps: [Math.max(0, rateRps - highShare * gap), rateRps + (1 - highShare) * gap],
    meanSojournS: [1 / (decayPerS * highShare), 1 / (decayPerS * (1 - highShare))],
  };
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
  return FIT_WINDOWS_S.map((windowS) => {
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
 * @param trace whole-number counts in bins of at most a tenth of the largest window
 */
export function fitTrace(trace: BinnedCounts): TraceFit {
  const present = trace.counts.length - trace.missing.reduce((sum, flag) => sum + flag, 0);
  const requests = trace.counts.reduce((sum, count) => sum + count, 0);
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
