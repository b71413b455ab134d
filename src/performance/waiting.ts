// How long a batch waits for a free model instance when whoever would wait too long goes elsewhere.
//
// M/M/c with balking at a virtual wait of θ (patience D):  with a = λ s,  η = c/s - λ,  E = Erlang B(c-1, a),
//   mass(wait = 0) = 1,   mass(0 < wait <= θ) = λ E (1 - e^{-ηθ})/η,   mass(balk) = λ E e^{-ηθ} s/c,  then normalised
//   density of the wait on (0, θ]:  ~ e^{-η x}
// General arrivals and service stretch the wait by (ca² + cs²)/2, so that θ is divided by it first.
// Sources: balking on the virtual wait, D. Gnedenko and I. Kovalenko, "Introduction to Queueing Theory", 1968 (M/M/c+D);
//   the stretch, A. Allen, "Probability, Statistics, and Queueing Theory", 1990 (Allen-Cunneen).
// Differs: the stretch is an approximation; it is exact for Poisson arrivals and exponential service.

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
}

/** Erlang's loss formula by its recursion, stable for any load. */
export function erlangB(servers: number, offered: number): number {
  let blocked = 1;
  for (let n = 1; n <= servers; n++) blocked = (offered * blocked) / (n + offered * blocked);
  return blocked;
}

/** (1 - e^{-ηx})/η, the length of (0, x] weighted by the density; x where η is 0. */
function weighted(eta: number, x: number): number {
  if (x === Number.POSITIVE_INFINITY) return eta > 0 ? 1 / eta : Number.POSITIVE_INFINITY;
  return Math.abs(eta * x) < 1e-9 ? x : -Math.expm1(-eta * x) / eta;
}

/** Mean of the density ~ e^{-ηy} on (0, x]. */
function weightedMean(eta: number, x: number): number {
  if (x === Number.POSITIVE_INFINITY) return 1 / eta;
  const u = eta * x;
  if (Math.abs(u) < 1e-4) return x * (0.5 - u / 12);
  return 1 / eta - x / Math.expm1(u);
}

/** @throws nothing; without servers everybody balks, or waits for ever */
export function waiting(input: WaitingInput): Waiting {
  const { servers, serviceS, rateRps, variability, patienceS } = input;
  if (servers < 1) {
    const stable = patienceS < Number.POSITIVE_INFINITY || rateRps === 0;
    return { stable, balked: stable ? 1 : 0, waits: 0, meanS: 0, utilization: 0, quantileS: () => 0 };
  }
  const offered = rateRps * serviceS;
  const eta = servers / serviceS - rateRps;
  const stretch = Math.max(1e-6, variability);
  const patience = patienceS / stretch;
  const stable = patience < Number.POSITIVE_INFINITY || eta > 1e-9;
  if (!stable) {
    return { stable, balked: 0, waits: 1, meanS: Number.POSITIVE_INFINITY, utilization: 1, quantileS: () => Infinity };
  }
  const entering = rateRps * erlangB(servers - 1, offered);
  const massWait = entering * weighted(eta, patience);
  const massBalk =
    patience === Number.POSITIVE_INFINITY ? 0 : (entering * Math.exp(-eta * patience) * serviceS) / servers;
  const total = 1 + massWait + massBalk;
  const balked = massBalk / total;
  const waits = massWait / (1 + massWait);
  const meanWhenWaiting = massWait > 0 ? weightedMean(eta, patience) * stretch : 0;
  const whole = weighted(eta, patience);
  return {
    stable,
    balked,
    waits,
    meanS: waits * meanWhenWaiting,
    utilization: Math.min(1, (offered * (1 - balked)) / servers),
    quantileS(share) {
      const part = share * whole;
      const y = Math.abs(eta * part) < 1e-9 ? part : -Math.log1p(-eta * part) / eta;
      return Math.min(y, patience) * stretch;
    },
  };
}
