// The scorecard of an evaluation: one row a policy, in the JSON shape of the command line.

import type { Slo } from "../core/index.ts";
import type { SimulationTotals } from "../simulator/totals.ts";
import type { Ground } from "./grounds.ts";
import type { TimelineBin } from "./run-timeline.ts";

/** How one SLO was held. */
export interface SloScore extends Slo {
  /** Share of scored requests within the latency, drops counted as late. */
  readonly attained: number;
  readonly hoursMissed: number;
}

/** What a policy cost in one stretch of the scored time of one seed. */
export interface PeriodCost {
  readonly seed: number;
  /** Counted from the start of scoring. */
  readonly period: number;
  readonly usd: number;
  readonly requests: number;
}

/** One policy's result over all seeds: sums and shares are means over seeds, hours missed are added up. */
export interface PolicyScore {
  /** As asked for; after a sweep with the settings of the row. */
  readonly name: string;
  /** Settings a sweep tried to come to this row. */
  readonly settingsTried?: number;
  readonly usd: number;
  readonly usdPerMillion: number;
  readonly costToBound: number | null;
  readonly slo: readonly SloScore[];
  /** Every SLO held in every hour of every seed. */
  readonly met: boolean;
  readonly hoursMissed: number;
  readonly latencyMs: { readonly mean: number; readonly p50: number; readonly p95: number; readonly p99: number };
  readonly offloadedShare: number;
  readonly dropped: number;
  readonly instanceHours: Readonly<Record<string, number>>;
  /** Days of the scored time, or its hours where it is shorter than two days; those without requests left out. */
  readonly periods: { readonly lengthS: number; readonly costs: readonly PeriodCost[] };
  readonly decisions: number;
  readonly decisionMicros: { readonly p50: number; readonly p99: number };
}

/** One run of one policy on one seed. */
export interface PolicyRun {
  readonly name: string;
  readonly seed: number;
  readonly totals: SimulationTotals;
  /** Time from which totals count. */
  readonly scoreFromS: number;
  /** Whether it ended at the first hour that missed its SLO, so that everything here is of a part. */
  readonly stopped: boolean;
  readonly timeline: readonly TimelineBin[];
  readonly grounds: readonly Ground[];
  readonly decisions: number;
  readonly decisionMicros: readonly number[];
}

/** An hour with fewer requests than this many misses could decide is not judged: one late request is not a miss of 2 %. */
const MIN_EXPECTED_MISSES = 1;

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** Hours in which less than the SLO's share of requests was in time. */
export function hoursMissed(totals: SimulationTotals, slo: Slo, sloIndex: number): number {
  return totals.perHour.filter((hour) => {
    const judged = hour.requests * (1 - slo.percentile) >= MIN_EXPECTED_MISSES;
    return judged && (hour.within[sloIndex] ?? 0) < slo.percentile * hour.requests;
  }).length;
}

function sloScores(runs: readonly PolicyRun[], slos: readonly Slo[]): SloScore[] {
  return slos.map((slo, i) => ({
    latencyMs: slo.latencyMs,
    percentile: slo.percentile,
    attained: mean(runs.map((run) => run.totals.attained[i] ?? 0)),
    hoursMissed: runs.reduce((sum, run) => sum + hoursMissed(run.totals, slo, i), 0),
  }));
}

/** Hours in which any SLO was missed. */
export function runMissesHours({ perHour }: Pick<SimulationTotals, "perHour">, slos: readonly Slo[]): number {
  return perHour.filter((hour) =>
    slos.some((slo, i) => {
      const judged = hour.requests * (1 - slo.percentile) >= MIN_EXPECTED_MISSES;
      return judged && (hour.within[i] ?? 0) < slo.percentile * hour.requests;
    }),
  ).length;
}

const HOUR_S = 3600;
const DAY_S = 86_400;

/** Whole days from the start of scoring, or hours where there are fewer than two of them. */
function periodsOf(runs: readonly PolicyRun[]): PolicyScore["periods"] {
  const lastHour = Math.max(0, ...runs.map((run) => (run.totals.perHour.at(-1)?.hour ?? 0) + 1));
  const scoredS = lastHour * HOUR_S - Math.min(...runs.map((run) => run.scoreFromS));
  const lengthS = scoredS >= 2 * DAY_S ? DAY_S : HOUR_S;
  const costs = runs.flatMap(({ seed, totals, scoreFromS }) => {
    const at = (hour: number): number => Math.floor((hour * HOUR_S - scoreFromS) / lengthS);
    const periods = new Map<number, { usd: number; requests: number }>();
    for (const { hour, requests } of totals.perHour) {
      const period = periods.get(at(hour)) ?? { usd: 0, requests: 0 };
      period.requests += requests;
      periods.set(at(hour), period);
    }
    totals.usdByHour.forEach((usd, hour) => {
      const period = periods.get(at(hour));
      if (period !== undefined) period.usd += usd;
    });
    return [...periods].map(([period, { usd, requests }]) => ({ seed, period, usd, requests }));
  });
  return { lengthS, costs };
}

/**
 * Scores the runs of one policy.
 * @param clairvoyantUsd mean over the same seeds, or null where it was not computed
 */
export function scoreOf(runs: readonly PolicyRun[], slos: readonly Slo[], clairvoyantUsd: number | null): PolicyScore {
  const [first] = runs;
  if (first === undefined) throw new RangeError("score: expected at least one run, found none");
  const usd = mean(runs.map((run) => run.totals.usd));
  const requests = mean(runs.map((run) => run.totals.requests));
  const micros = runs.flatMap((run) => run.decisionMicros).sort((a, b) => a - b);
  const types = [...new Set(runs.flatMap((run) => Object.keys(run.totals.instanceHours)))].sort();
  const missed = runs.reduce((sum, run) => sum + runMissesHours(run.totals, slos), 0);
  const latency = (pick: (totals: SimulationTotals) => number): number => mean(runs.map((run) => pick(run.totals)));
  return {
    name: first.name,
    usd,
    usdPerMillion: requests === 0 ? 0 : (usd / requests) * 1e6,
    costToBound: clairvoyantUsd === null || clairvoyantUsd === 0 ? null : usd / clairvoyantUsd,
    slo: sloScores(runs, slos),
    met: missed === 0,
    hoursMissed: missed,
    latencyMs: {
      mean: latency((totals) => totals.latency.meanMs),
      p50: latency((totals) => totals.latency.p50Ms),
      p95: latency((totals) => totals.latency.p95Ms),
      p99: latency((totals) => totals.latency.p99Ms),
    },
    offloadedShare: requests === 0 ? 0 : mean(runs.map((run) => run.totals.offloaded)) / requests,
    dropped: mean(runs.map((run) => run.totals.dropped)),
    instanceHours: Object.fromEntries(
      types.map((type) => [type, mean(runs.map((run) => run.totals.instanceHours[type] ?? 0))]),
    ),
    periods: periodsOf(runs),
    decisions: mean(runs.map((run) => run.decisions)),
    decisionMicros: { p50: quantile(micros, 0.5), p99: quantile(micros, 0.99) },
  };
}
