// What a closed form tells of a queue in equilibrium.

/** A queue in equilibrium, as its customers meet it. Distributions are of those who enter. */
export interface QueueResult {
  /** False where the queue grows without end; times are then infinite. */
  readonly stable: boolean;
  /** Busy share of the servers, in [0, 1]. */
  readonly utilization: number;
  /** Share that waits at all. */
  readonly waits: number;
  readonly meanWaitS: number;
  readonly meanResponseS: number;
  /** Share of arrivals turned away. */
  readonly lost: number;
  /** P(wait ≤ x). */
  waitCdf(timeS: number): number;
  /** P(wait + service ≤ x). */
  responseCdf(timeS: number): number;
  /** @param q in [0, 1) */
  waitQuantileS(q: number): number;
  /** @param q in [0, 1) */
  responseQuantileS(q: number): number;
}

/**
 * The smallest time at which a distribution reaches q, to a relative 1e-10.
 * @param q in [0, 1)
 * @param scaleS any time of the right order
 */
export function quantileOf(cdf: (timeS: number) => number, q: number, scaleS: number): number {
  let low = 0;
  let high = scaleS;
  for (let i = 0; cdf(high) < q && i < 200; i++) {
    low = high;
    high *= 2;
  }
  for (let i = 0; i < 200 && high - low > 1e-10 * high; i++) {
    const middle = (low + high) / 2;
    if (cdf(middle) < q) low = middle;
    else high = middle;
  }
  return high;
}
