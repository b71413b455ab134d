// What the search of region-sim ranks candidates by, and how far it simulates before it believes a rank.
//
// P = Φ((slack - μ)/σ);  cost: v = E[gain; safe];  latency: v = expected improvement;  score = v/(P + (1-P)·ab + .05):
// gain per expected share of a window. With nothing safe to fall back on: P, and for the first decision the margin.
// What was simulated on fewer traces than there are is simulated again, measured ones first: one bursty window must not
// make a configuration look bad for ever.

import { normalShare } from "../src/slowdown/index.ts";
import type { ReplayBeliefs } from "./replay-beliefs.ts";
import type { ReplayParts, ReplaySearchSettings } from "./replay-contract.ts";

/** Expected share of a window that any trial takes, in the denominator of the score. */
const TRIAL_COST = 0.05;

/** Doubt added when the sweep ranks what was not simulated. */
const OPTIMISM = 0.1;

/** A candidate and what it promises. */
export interface Score {
  readonly index: number;
  readonly value: number;
  readonly probability: number;
}

/** What candidates must do better than, and how safely. */
export interface Demands {
  /** What would be kept; null where nothing measured is safe. */
  readonly incumbent: { readonly logLatency: number; readonly logCost: number } | null;
  /** Whether nothing was measured so far. */
  readonly first: boolean;
  /** Of being safe. */
  readonly leastProbability: number;
  /** Whether configuration i may be tried. */
  open(i: number): boolean;
}

/** Ranks by beliefs, and simulates what comes out on top. */
export class ReplayRanking {
  readonly #parts: ReplayParts;
  readonly #settings: ReplaySearchSettings;
  readonly #beliefs: ReplayBeliefs;

  constructor(parts: ReplayParts, settings: ReplaySearchSettings, beliefs: ReplayBeliefs) {
    this.#parts = parts;
    this.#settings = settings;
    this.#beliefs = beliefs;
  }

  /** The best candidate whose score rests on fresh simulations, as far as the budget of simulations goes. */
  settle(demands: Demands, budget: number): Score | null {
    const { candidates, latency } = this.#parts;
    const scores: (Score | null)[] = candidates.servers.map((_, i) => this.#score(i, demands, 0));
    for (let run = 0; ; run++) {
      let best: Score | null = null;
      for (const score of scores) if (score !== null && (best === null || score.value > best.value)) best = score;
      if (best === null || run >= budget || latency.fresh(best.index)) return best;
      latency.simulate(best.index, latency.isSimulated(best.index));
      scores[best.index] = this.#score(best.index, demands, 0);
    }
  }

  /** Screens what promises most, optimistically, among what was never simulated. */
  screen(demands: Demands): void {
    const { latency } = this.#parts;
    const promising = this.#promising(demands, (i) => !latency.isSimulated(i));
    for (const index of promising.slice(0, this.#settings.sweep)) latency.simulate(index, false);
  }

  /** Simulates again, on every trace, what was simulated on fewer: what is measured, then what promises most. */
  refresh(measured: readonly number[], demands: Demands): void {
    const { latency } = this.#parts;
    const stale = measured.filter((i) => latency.stale(i));
    const promising = this.#promising({ ...demands, leastProbability: 0 }, (i) => latency.stale(i));
    for (const index of [...stale, ...promising].slice(0, this.#settings.refreshes)) latency.simulate(index, true);
  }

  /** Those of some configurations that promise something, optimistically, the most first. */
  #promising(demands: Demands, among: (i: number) => boolean): number[] {
    const scores: Score[] = [];
    for (let i = 0; i < this.#parts.candidates.servers.length; i++) {
      const score = among(i) ? this.#score(i, demands, OPTIMISM) : null;
      if (score !== null) scores.push(score);
    }
    return scores.sort((a, b) => b.value - a.value).map(({ index }) => index);
  }

  #score(i: number, { incumbent, first, leastProbability, open }: Demands, optimism: number): Score | null {
    if (!open(i)) return null;
    const { objective, latency, estimator, usdPerHour, costFollowsService } = this.#parts;
    const { abortCost, minGain, minLatencyGain } = this.#settings;
    const sigma = this.#beliefs.sigma(i) + optimism;
    const margin = this.#beliefs.margin(i, sigma);
    const probability = normalShare(margin);
    if (incumbent === null) return { index: i, value: first ? margin : probability, probability };
    if (probability < leastProbability) return null;
    let value: number;
    if (objective.minimize === "cost") {
      const gain = incumbent.logCost - Math.log(Math.max(1e-9, usdPerHour(i, latency.expected(i))));
      if (gain <= minGain) return null;
      value = gain * probability - (costFollowsService ? lateCost(estimator.mean(i), sigma, margin, probability) : 0);
      if (value < minGain) return null;
    } else {
      value = this.#beliefs.improvement(i, sigma, incumbent.logLatency);
      if (value < minLatencyGain) return null;
    }
    return { index: i, value: value / (probability + (1 - probability) * abortCost + TRIAL_COST), probability };
  }
}

/** E[z; z < slack] for z normal: what slower service adds to the cost of the cases that are safe. */
function lateCost(mean: number, sigma: number, margin: number, probability: number): number {
  const density = Math.exp(-0.5 * margin * margin) / Math.sqrt(2 * Math.PI);
  return mean * probability - sigma * density;
}
