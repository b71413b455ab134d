// Two policies on the same arrivals, period by period: by how much one costs less, and how sure that is.
//
// r_i = log(cost of a / cost of b) in period i;  ratio = exp(mean r);  95 % interval exp(mean r ± t_{.975, n-1} · s/√n)
// Source: Student's paired t interval, on logarithms of ratios. Periods of one run are not independent; days nearly are.

import { studentQuantile, variance } from "../math/index.ts";
import type { PolicyScore } from "./scorecard.ts";

/** Cost of one policy over that of another. */
export interface PairedCost {
  readonly name: string;
  readonly against: string;
  readonly periodS: number;
  /** Cost ratio of each period, seed after seed. */
  readonly ratios: readonly number[];
  readonly cheaperIn: number;
  /** Geometric mean of the ratios. */
  readonly ratio: number;
  /** 95 % interval of it; null below two periods. */
  readonly interval: readonly [number, number] | null;
}

const CONFIDENCE = 0.95;

/** Compares two policies over the periods both were scored in; null where there is none, or something cost nothing. */
export function pairedCost(a: PolicyScore, b: PolicyScore): PairedCost | null {
  const ratios = a.periods.costs.flatMap((own) => {
    const other = b.periods.costs.find(({ seed, period }) => seed === own.seed && period === own.period);
    return other !== undefined && own.usd > 0 && other.usd > 0 ? [own.usd / other.usd] : [];
  });
  if (ratios.length === 0 || a.periods.lengthS !== b.periods.lengthS) return null;
  const logs = ratios.map((ratio) => Math.log(ratio));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const n = logs.length;
  const half = n < 2 ? null : studentQuantile((1 + CONFIDENCE) / 2, n - 1) * Math.sqrt(variance(logs) / n);
  return {
    name: a.name,
    against: b.name,
    periodS: a.periods.lengthS,
    ratios,
    cheaperIn: ratios.filter((ratio) => ratio < 1).length,
    ratio: Math.exp(mean),
    interval: half === null ? null : [Math.exp(mean - half), Math.exp(mean + half)],
  };
}
