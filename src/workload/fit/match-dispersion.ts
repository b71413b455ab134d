// The two-state MMPP whose index of dispersion comes closest to given ones.
//
// With the mean rate m kept, IDC(t) = 1 + A g(w t), g(x) = 1 - (1 - e^{-x})/x, depends on two numbers only:
//   A = 2 p (1-p) D²/(w m)   for p the share of time in the high state and D = λ_high - λ_low.
// (A, w) minimise the worst relative error at the windows asked for: every w of a fine logarithmic grid with its best A
// (the error is convex in A), then the best cell searched; this is the family's optimum, whatever p.
// λ_low ≥ 0 needs p ≤ 2 m/(A w + 2 m), which some p > 0 always meets.
// Source: W. Fischer, K. Meier-Hellstern, "The Markov-modulated Poisson process cookbook", Perf. Eval. 1993.

/** A two-state MMPP; the high state second. */
export interface Mmpp2 {
  readonly ratesRps: readonly [number, number];
  readonly meanSojournS: readonly [number, number];
}

function decayed(x: number): number {
  return x < 1e-4 ? x / 2 - (x * x) / 6 : 1 - -Math.expm1(-x) / x;
}

/** Dispersion wanted at a window. */
export interface DispersionTarget {
  readonly windowS: number;
  readonly dispersion: number;
}

function worstError(targets: readonly DispersionTarget[], amplitude: number, decayPerS: number): number {
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
function bestAmplitude(targets: readonly DispersionTarget[], decayPerS: number): number {
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
export function matchDispersion(targets: readonly DispersionTarget[]): {
  amplitude: number;
  decayPerS: number;
  error: number;
} {
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
export function gridSearch(targets: readonly DispersionTarget[]): { worstAbsRelative: number; points: number } {
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
