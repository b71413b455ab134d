// The promotion test: is the learned policy better than the optimizer beyond doubt?
//
// promote when the 5th percentile of the block-bootstrapped mean advantage (the one-sided 95 % lower bound) is above 0
// Source: H. R. Künsch, "The jackknife and the bootstrap for general stationary observations", Annals of Statistics
// 1989: moving blocks, here of ⌈n^(1/3)⌉ windows, because neighbouring windows are alike.

import type { Random } from "../core/index.ts";

/** What one window says about the two. */
export interface Evidence {
  readonly timeS: number;
  readonly loadLevel: number;
  /** Value of the learned policy's choice minus the optimizer's, in reward. */
  readonly advantage: number;
  /** Both measured, or one of them predicted and corrected by measured residuals. */
  readonly source: "measured" | "corrected";
}

/** What the test asks for. */
export interface PromotionOptions {
  readonly windows: number;
  readonly loadLevels: number;
  /** Windows for a load level to count. */
  readonly windowsPerLevel: number;
  /** One-sided. */
  readonly confidence: number;
  readonly resamples: number;
}

/** The standing demand: 200 windows in 3 load levels, 95 %. */
export const promotionOptions: PromotionOptions = {
  windows: 200,
  loadLevels: 3,
  windowsPerLevel: 10,
  confidence: 0.95,
  resamples: 500,
};

/** The test's answer; `reason` says what is missing, or by how much it passed. */
export interface PromotionResult {
  readonly passed: boolean;
  readonly windows: number;
  readonly loadLevels: number;
  readonly meanAdvantage: number | null;
  /** Null while there are too few windows. */
  readonly lowerBound: number | null;
  readonly reason: string;
}

/**
 * Lower confidence bound of the mean of a serially dependent sequence, by the moving-block bootstrap.
 * @param values at least one
 */
export function lowerBoundOfMean(
  values: readonly number[],
  confidence: number,
  resamples: number,
  random: Random,
): number {
  const n = values.length;
  const block = Math.max(1, Math.ceil(Math.cbrt(n)));
  const sums = new Float64Array(n + 1);
  values.forEach((value, i) => {
    sums[i + 1] = (sums[i] ?? 0) + value;
  });
  const starts = n - block + 1;
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let total = 0;
    for (let taken = 0; taken < n; taken += block) {
      const start = Math.floor(random.next() * starts);
      const length = Math.min(block, n - taken);
      total += (sums[start + length] ?? 0) - (sums[start] ?? 0);
    }
    means[r] = total / n;
  }
  means.sort();
  return means[Math.floor((1 - confidence) * resamples)] ?? Number.NEGATIVE_INFINITY;
}

function levelsWith(evidence: readonly Evidence[], windowsPerLevel: number): number {
  const counts = new Map<number, number>();
  for (const { loadLevel } of evidence) counts.set(loadLevel, (counts.get(loadLevel) ?? 0) + 1);
  return [...counts.values()].filter((windows) => windows >= windowsPerLevel).length;
}

/**
 * Runs the test over the evidence gathered so far.
 * @param levelsOccurred load levels the cluster has been in at all; fewer than demanded are enough when they are all
 */
export function promotionTest(
  evidence: readonly Evidence[],
  levelsOccurred: number,
  random: Random,
  options: PromotionOptions = promotionOptions,
): PromotionResult {
  const windows = evidence.length;
  const loadLevels = levelsWith(evidence, options.windowsPerLevel);
  const meanAdvantage = windows === 0 ? null : evidence.reduce((sum, { advantage }) => sum + advantage, 0) / windows;
  const answer = (passed: boolean, lowerBound: number | null, reason: string): PromotionResult => {
    return { passed, windows, loadLevels, meanAdvantage, lowerBound, reason };
  };
  if (windows < options.windows) return answer(false, null, `${windows} of ${options.windows} windows compared`);
  const demanded = Math.max(1, Math.min(options.loadLevels, levelsOccurred));
  if (loadLevels < demanded) return answer(false, null, `${loadLevels} of ${demanded} load levels compared`);
  const advantages = evidence.map(({ advantage }) => advantage);
  const lowerBound = lowerBoundOfMean(advantages, options.confidence, options.resamples, random);
  const bound = `lower bound of the advantage ${lowerBound.toFixed(4)}`;
  return answer(lowerBound > 0, lowerBound, lowerBound > 0 ? `${bound} > 0` : `${bound} ≤ 0`);
}
