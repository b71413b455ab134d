// What `trimtab bench live` prints: each method beside the list of all configurations and the best measured again.

import type { OpenScenario } from "../../environments/index.ts";
import type { Configuration } from "../../src/core/index.ts";
import { quantile } from "../../src/math/index.ts";
import type { RatioInterval, Verdict } from "./judge.ts";
import type { Listed } from "./measuring.ts";
import type { LiveSearch } from "./searching.ts";
import type { MeasuredPoint } from "./task.ts";

/** What became of one method. */
export interface LiveResult {
  readonly method: string;
  readonly told: string;
  readonly windows: number;
  readonly kept: Configuration;
  /** In the list of all, best first, by the one window each got; from 1. */
  readonly keptRank: number;
  /** Latency of what it kept over that of the best, measured again. */
  readonly toBest: RatioInterval;
  readonly within10: Verdict;
  /** Windows until all it would keep from then on was within 10 % of the best, measured again; null when never. */
  readonly windowsToWithin10: number | null;
  /** Of all it served, canaries by their share. */
  readonly brokeSloShare: number;
  readonly seconds: number;
}

/** What `trimtab bench live` prints. */
export interface LiveReport {
  readonly arrivals: string;
  readonly speed: number;
  readonly rateRps: number;
  readonly requestsPerWindow: number;
  readonly runtime: string;
  readonly percentile: number;
  readonly sloMs: number;
  readonly seed: number;
  readonly prior: readonly MeasuredPoint[];
  readonly configurations: number;
  readonly initial: { readonly configuration: Configuration; readonly rank: number };
  readonly best: readonly {
    readonly configuration: Configuration;
    readonly onceMs: number;
    /** Of parts of windows. */
    readonly againMs: readonly number[];
  }[];
  /** Median over the configurations measured again of the largest over the smallest part of a window. */
  readonly spread: number;
  readonly results: readonly LiveResult[];
  readonly searches: readonly LiveSearch[];
  readonly generatorLagP99Ms: number;
  readonly minutes: number;
}

/** The median of latencies with the least and the most. */
export function spreadOf(latenciesMs: readonly number[]): { value: number; low: number; high: number } {
  const [low = 0, value = 0, high = 0] = [0, 0.5, 1].map((at) => quantile(latenciesMs, at));
  return { value, low, high };
}

/** Place of a configuration in the list, from 1. */
export function rankOf(open: OpenScenario, listed: readonly Listed[], configuration: Configuration): number {
  return 1 + listed.findIndex((one) => open.lattice.distance(one.configuration, configuration) === 0);
}

/**
 * Windows until all that a search would keep from then on is near the best; null when the last is not.
 * @param near whether a configuration is; one that was not measured again counts as not
 */
export function windowsToStay(
  { kept, passes }: LiveSearch,
  near: (configuration: Configuration) => boolean,
): number | null {
  const first = 1 + kept.findLastIndex((configuration) => !near(configuration));
  if (first >= kept.length) return null;
  return passes.slice(0, first + 1).reduce((sum, { share }) => sum + share, 0);
}

/** Share of the windows of a search that broke the SLO, canaries by their share. */
export function brokeShare({ passes }: LiveSearch): number {
  const used = passes.reduce((sum, { share }) => sum + share, 0);
  return passes.reduce((sum, { share, brokeSlo }) => sum + (brokeSlo ? share : 0), 0) / used;
}
