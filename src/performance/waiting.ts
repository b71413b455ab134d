// How long a batch waits for a free model instance when whoever would wait too long goes elsewhere.
//
// M/M/c with balking at a virtual wait of θ (patience D):  with a = λ s,  η = c/s - λ,  E = Erlang B(c-1, a),
//   mass(wait = 0) = 1,   mass(0 < wait <= θ) = λ E (1 - e^{-ηθ})/η,   mass(balk) = λ E e^{-ηθ} s/c,  then normalised
//   density of the wait on (0, θ]:  ~ e^{-η x}
// General arrivals and service stretch the wait by (ca² + cs²)/2, so that θ is divided by it first.
// Sources: balking on the virtual wait, D. Gnedenko and I. Kovalenko, "Introduction to Queueing Theory", 1968 (M/M/c+D);
//   the stretch, A. Allen, "Probability, Statistics, and Queueing Theory", 1990 (Allen-Cunneen).
// Differs: the stretch is an approximation; it is exact for Poisson arrivals and exponential service.

import { erlangB } from "../queueing/index.ts";

/** What waits: customers are batches. */
export interface WaitingInput {
  readonly servers: number;
  readonly serviceS: number;
  readonly rateRps: number;
  /** (ca² + cs²)/2; 1 for M/M/c, 1/2 for M/D/c. */
  readonly variability: number;
  /** Longest virtual wait that is accepted; Infinity for any. */
  readonly patienceS: number;
}

/** The wait of those who stay. */
export interface Waiting {
  /** False when the wait grows without end. */
  readonly stable: boolean;
  /** Share that balks. */
  readonly balked: number;
  /** Of those who stay: the share that waits at all. */
  readonly waits: number;
  /** Of those who stay, in s. */
  readonly meanS: number;
  /** Busy share of the servers. */
  readonly utilization: number;
  /** Wait of those who wait, at a share in [0, 1] of them, in s. */
  quantileS(share: number): number;
  /** P(wait <= t) of those who stay. */
  cumulative(timeS: number): number;
}

/** The density ~ e^{-ηy} on (0, x], scaled by e^{ηx} where η < 0 so that a long queue does not overflow. */
interface Tail {
  /** Of the point mass at 0, and of e^{-ηx}. */
  readonly scale: number;
  readonly atEnd: number;
  /** Of the whole of (0, x]. */
  readonly whole: number;
  /** Below which a share of the density lies. */
  quantile(share: number): number;
  /** The share of it below y in [0, x]; the inverse of `quantile`. */
  below(y: number): number;
}

function tail(eta: number, x: number): Tail {
  if (Math.abs(eta * x) < 1e-9)
    return { scale: 1, atEnd: 1, whole: x, quantile: (share) => share * x, below: (y) => y / x };
  if (eta > 0) {
    const whole = x === Number.POSITIVE_INFINITY ? 1 / eta : -Math.expm1(-eta * x) / eta;
    const quantile = (share: number): number => -Math.log1p(-eta * share * whole) / eta;
    return { scale: 1, atEnd: Math.exp(-eta * x), whole, quantile, below: (y) => -Math.expm1(-eta * y) / eta / whole };
  }
  const scale = Math.exp(eta * x);
  const quantile = (share: number): number => x - Math.log(share + (1 - share) * scale) / eta;
  const below = (y: number): number => (Math.exp(eta * (x - y)) - scale) / (1 - scale);
  return { scale, atEnd: 1, whole: (1 - scale) / -eta, quantile, below };
}

/** Mean of the density ~ e^{-ηy} on (0, x]. */
function weightedMean(eta: number, x: number): number {
  if (x === Number.POSITIVE_INFINITY) return 1 / eta;
  const u = eta * x;
  if (Math.abs(u) < 1e-4) return x * (0.5 - u / 12);
  return 1 / eta - x / Math.expm1(u);
}

/** The wait of an equilibrium; without servers everybody balks, or waits for ever. */
export function waiting(input: WaitingInput): Waiting {
  const { servers, serviceS, rateRps, variability, patienceS } = input;
  if (servers < 1) {
    const stable = patienceS < Number.POSITIVE_INFINITY || rateRps === 0;
    return {
      stable,
      balked: stable ? 1 : 0,
      waits: 0,
      meanS: 0,
      utilization: 0,
      quantileS: () => 0,
      cumulative: () => 1,
    };
  }
  const offered = rateRps * serviceS;
  const eta = servers / serviceS - rateRps;
  const stretch = Math.max(1e-6, variability);
  const patience = patienceS / stretch;
  const stable = patience < Number.POSITIVE_INFINITY || eta > 1e-9;
  if (!stable) {
    const endless = { meanS: Number.POSITIVE_INFINITY, quantileS: () => Number.POSITIVE_INFINITY, cumulative: () => 0 };
    return { stable, balked: 0, waits: 1, utilization: 1, ...endless };
  }
  const entering = rateRps * erlangB(servers - 1, offered);
  const { scale, atEnd, whole, quantile, below } = tail(eta, patience);
  const massWait = entering * whole;
  const massBalk = (entering * atEnd * serviceS) / servers;
  const finite = patience < Number.POSITIVE_INFINITY;
  const balked = finite ? massBalk / (scale + massWait + massBalk) : 0;
  const waits = massWait / (scale + massWait);
  const meanWhenWaiting = massWait > 0 ? weightedMean(eta, patience) * stretch : 0;
  return {
    stable,
    balked,
    waits,
    meanS: waits * meanWhenWaiting,
    utilization: Math.min(1, (offered * (1 - balked)) / servers),
    quantileS: (share) => Math.min(quantile(share), patience) * stretch,
    cumulative(timeS) {
      if (timeS < 0) return 0;
      const y = timeS / stretch;
      return y >= patience ? 1 : 1 - waits + waits * Math.min(1, below(y));
    },
  };
}
