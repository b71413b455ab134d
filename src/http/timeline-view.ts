// A span of a cluster's timeline in a bounded number of bins: columns for charts, the decisions in it, and what it came to.
//
// rates, cost, offload: means over a bin;  latency and misses: its worst window;  knobs and fleet: as at its end

import { changeText } from "../control/index.ts";
import { type Slo, toJson } from "../core/index.ts";
import type { TimelineRow, TimelineWindow } from "./cluster-timeline.ts";

/** Decisions told one by one; more than these a chart cannot show. */
const MOST_MARKS = 400;

/** What to show. */
export interface TimelineQuery {
  readonly fromS: number;
  readonly toS: number;
  readonly points: number;
}

type Column = (number | null)[];

function columnsOf(windows: readonly { timeS: number; window: TimelineWindow }[], query: TimelineQuery) {
  const timeS: number[] = [];
  const columns: Record<string, Column> = {
    arrivalRateRps: [],
    forecastRps: [],
    objectiveMs: [],
    p50Ms: [],
    p99Ms: [],
    missRatio: [],
    costUsdPerHour: [],
    offloadedShare: [],
    utilization: [],
  };
  const fleet: Record<string, { ready: Column; launching: Column; spot: Column }> = {};
  const knobs: Record<string, unknown[]> = {};
  const size = Math.max(1, Math.ceil(windows.length / query.points));
  for (let start = 0; start < windows.length; start += size) {
    const bin = windows.slice(start, start + size);
    const last = bin.at(-1);
    if (last === undefined) break;
    timeS.push(last.timeS);
    for (const [name, column] of Object.entries(columns)) column.push(binned(name as ColumnName, bin));
    for (const [type, count] of Object.entries(last.window.fleet)) {
      const own = fleet[type] ?? { ready: [], launching: [], spot: [] };
      fleet[type] = own;
      for (const key of ["ready", "launching", "spot"] as const) {
        while (own[key].length < timeS.length - 1) own[key].push(null);
        own[key].push(count[key]);
      }
    }
    for (const [name, value] of Object.entries(last.window.configuration)) {
      const own = knobs[name] ?? [];
      knobs[name] = own;
      while (own.length < timeS.length - 1) own.push(null);
      own.push(toJson(value));
    }
  }
  return { timeS, ...columns, fleet, knobs, windowsPerPoint: size };
}

type ColumnName =
  | "arrivalRateRps"
  | "forecastRps"
  | "objectiveMs"
  | "p50Ms"
  | "p99Ms"
  | "missRatio"
  | "costUsdPerHour"
  | "offloadedShare"
  | "utilization";

const worst: readonly ColumnName[] = ["objectiveMs", "p50Ms", "p99Ms", "missRatio"];

function columnValue(name: ColumnName, window: TimelineWindow): number | null {
  return name === "arrivalRateRps" ? window.rateRps : window[name];
}

function binned(name: ColumnName, bin: readonly { window: TimelineWindow }[]): number | null {
  const values = bin.map(({ window }) => columnValue(name, window)).filter((value) => value !== null);
  if (values.length === 0) return null;
  return worst.includes(name) ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What the span came to; null where nothing was measured. */
function summaryOf(windows: readonly { window: TimelineWindow }[], slo: Slo, changes: number) {
  const measured = windows.map(({ window }) => window);
  const sum = (value: (window: TimelineWindow) => number): number =>
    measured.reduce((total, window) => total + value(window), 0);
  const requests = sum(({ requests: count }) => count);
  const judged = measured.filter(({ missRatio }) => missRatio !== null);
  const judgedRequests = judged.reduce((total, window) => total + window.requests, 0);
  const late = judged.reduce((total, window) => total + window.requests * (window.missRatio ?? 0), 0);
  const met = judged.filter(({ missRatio }) => (missRatio ?? 1) <= 1 - slo.percentile).length;
  const hours = sum(({ durationS }) => durationS) / 3600;
  const usd = sum(({ costUsd }) => costUsd);
  return {
    windows: measured.length,
    requests,
    attained: judgedRequests === 0 ? null : 1 - late / judgedRequests,
    windowsJudged: judged.length,
    windowsMet: met,
    usd,
    meanUsdPerHour: hours === 0 ? null : usd / hours,
    usdPerMillion: requests === 0 ? null : (1e6 * usd) / requests,
    changes,
  };
}

function marksOf(rows: readonly TimelineRow[], before: TimelineRow | undefined) {
  const marked: { row: TimelineRow; from: TimelineRow["target"] }[] = [];
  let from = before?.target ?? null;
  for (const row of rows) {
    const notable =
      row.changed || row.outcome === "rolled-back" || row.outcome === "failed" || row.outcome === "refused";
    if (notable) marked.push({ row, from });
    from = row.target;
  }
  return marked;
}

/** The span of a timeline as JSON. */
export function timelineView(all: readonly TimelineRow[], slo: Slo, query: TimelineQuery): unknown {
  const first = all.findIndex(({ timeS }) => timeS >= query.fromS);
  const rows = first < 0 ? [] : all.slice(first).filter(({ timeS }) => timeS <= query.toS);
  const windows = rows.flatMap(({ timeS, window }) => (window === null ? [] : [{ timeS, window }]));
  const marked = marksOf(rows, first > 0 ? all[first - 1] : undefined);
  return toJson({
    firstS: all[0]?.timeS ?? null,
    lastS: all.at(-1)?.timeS ?? null,
    decisions: rows.length,
    ...columnsOf(windows, query),
    summary: summaryOf(windows, slo, marked.length),
    marks: marked.slice(-MOST_MARKS).map(({ row: { id, timeS, outcome, actor, reason, guards, target }, from }) => {
      const change = target === null || from === null ? "" : changeText(from, target);
      return { id, timeS, outcome, actor, reason, guards, change };
    }),
    marksLeftOut: Math.max(0, marked.length - MOST_MARKS),
  });
}
