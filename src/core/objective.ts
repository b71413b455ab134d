// What is wanted: the latency objective, the cost to minimise and the weights of the reward.

/** "At least `percentile` of requests within `latencyMs`." */
export interface Slo {
  /** In (0, 1), such as 0.99. */
  readonly percentile: number;
  readonly latencyMs: number;
}

/** Weights of the reward's terms (systems.md 1.2); all ≥ 0. */
export interface RewardWeights {
  /** Cost that counts as 1. */
  readonly referenceUsdPerHour: number;
  readonly latency: number;
  readonly miss: number;
  readonly change: number;
}

/** The objective of a scenario. The first SLO is the one whose percentile is reported as `objectiveMs`. */
export interface Objective {
  readonly minimize: "cost" | "latency";
  /** At least one. */
  readonly slo: readonly [Slo, ...Slo[]];
  readonly reward: RewardWeights;
}
