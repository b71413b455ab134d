// Which configuration is worth a trial: what it promises beyond the incumbent, weighed against the risk of breaking the SLO.
//
// gain_i   cost: saved_i·P_i;  latency: expected improvement (beliefs.ts);  P_i = P(safe), which the bank must afford
// next     the largest  gain / (.3 + 1 - P)  of those with  gain·believed > stop·(1 + 2·(1 - P)),  as risk is what is scarce
// a measured configuration competes too, by its windows' mean and error, so that noise does not decide between rivals

import type { Beliefs } from "./beliefs.ts";
import type { SearchSettings } from "./search-contract.ts";

/** Risk that any trial is taken to have where gains are weighed against risks. */
const RISK_FLOOR = 0.3;

/** A trial that surely fails must promise this many times more than one that is surely safe. */
const RISK_PREMIUM = 3;

/** What a trial is chosen from. */
export interface TrialQuestion {
  /** Configurations, numbered from 0. */
  readonly candidates: number;
  /** Log latency of the incumbent. */
  readonly incumbentLog: number;
  /** Whether a configuration may be tried. */
  readonly open: (i: number) => boolean;
  /** Whether it has a window of its own. */
  readonly measured: (i: number) => boolean;
  /** Log cost it is predicted to save; null where latency is minimised. */
  readonly saved: ((i: number) => number) | null;
  readonly beliefs: Beliefs;
  /** That the risk bank affords. */
  readonly leastProbability: number;
  /** Share of an expected gain that may be believed. */
  readonly believed: number;
  readonly settings: Pick<SearchSettings, "minGain" | "stop">;
}

/** A configuration worth trying. */
export interface TrialChoice {
  readonly index: number;
  /** Expected, in logs of cost or latency. */
  readonly gain: number;
  readonly probability: number;
  /** Not measured yet. */
  readonly fresh: boolean;
}

/** The trial that gains most for its risk; null where none is affordable and promises enough. */
export function bestTrial(question: TrialQuestion): TrialChoice | null {
  const { beliefs, saved, incumbentLog, settings } = question;
  let best: TrialChoice | null = null;
  let bestScore = 0;
  for (let i = 0; i < question.candidates; i++) {
    const savedAtMost = saved?.(i) ?? Number.POSITIVE_INFINITY;
    if (saved !== null && (savedAtMost <= settings.minGain || savedAtMost <= bestScore * RISK_FLOOR)) continue;
    if (!question.open(i)) continue;
    const measured = question.measured(i);
    const probability = measured ? beliefs.measuredProbability(i) : beliefs.probability(i);
    if (probability < question.leastProbability) continue;
    const improvement = (): number =>
      measured ? beliefs.measuredImprovement(i, incumbentLog) : beliefs.improvement(i, incumbentLog);
    const gain = saved === null ? improvement() : savedAtMost * probability;
    const score = gain / (RISK_FLOOR + 1 - probability);
    const demanded = settings.stop * (1 + (RISK_PREMIUM - 1) * (1 - probability));
    if (score <= bestScore || gain * question.believed <= demanded) continue;
    best = { index: i, gain, probability, fresh: !measured };
    bestScore = score;
  }
  return best;
}
