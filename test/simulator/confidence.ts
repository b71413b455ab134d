// Confidence intervals over independent runs of the simulator.

import { SeededRandom } from "../../src/math/index.ts";
import { type SimulationTotals, Simulator } from "../../src/simulator/index.ts";
import type { SimulationPlan } from "../../src/simulator/plan.ts";

/** Student's t at 0.995 for 11 degrees of freedom: Abramowitz and Stegun, table 26.10. */
const T_995_11 = 3.106;

/** Independent runs behind every interval. */
const SEEDS = 12;

/** A mean and the half-width of its 99 % confidence interval, relative to it. */
export interface Estimate {
  readonly mean: number;
  readonly halfWidth: number;
}

/** What a run tells, as an estimate over all seeds. */
export type Estimator = (read: (totals: SimulationTotals) => number) => Estimate;

/** Runs a plan for `requests` requests after a warm-up of a tenth as many, on 12 seeds. */
export function estimate(plan: SimulationPlan, requests: number): Estimator {
  const scoreFromS = (0.1 * requests) / plan.workload.meanRateRps;
  const runs = Array.from({ length: SEEDS }, (_, seed) => {
    const simulator = new Simulator({ ...plan, scoreFromS }, new SeededRandom(1000 + seed));
    simulator.run(scoreFromS * 11);
    return simulator.totals();
  });
  return (read) => {
    const values = runs.map(read);
    const mean = values.reduce((sum, value) => sum + value, 0) / SEEDS;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (SEEDS - 1);
    return { mean, halfWidth: (T_995_11 * Math.sqrt(variance / SEEDS)) / mean };
  };
}

/** Holds an estimate to the truth: inside its interval, which must be no wider than asked. */
export function expectWithin({ mean, halfWidth }: Estimate, truth: number, widest: number): void {
  expect(halfWidth).toBeLessThanOrEqual(widest);
  expect(Math.abs(mean / truth - 1)).toBeLessThanOrEqual(halfWidth);
}
