// How late how many requests were: the share above each latency, both axes logarithmic, the SLOs as crosses.

import { scaleLog } from "d3-scale";
import { line } from "d3-shape";
import type { Slo } from "../core/index.ts";
import { chart, PLOT } from "./chart.ts";
import { msText, percentText } from "./format.ts";
import { html, type Markup } from "./markup.ts";
import type { PolicyRow } from "./rows.ts";

/** Smallest share that is drawn. */
const LEAST_SHARE = 1e-5;

interface Point {
  readonly ms: number;
  readonly share: number;
}

/** Share of requests above the upper edge of each occupied bucket, over all runs. */
export function ccdfOf(
  histograms: readonly (readonly { readonly upToMs: number; readonly count: number }[])[],
): Point[] {
  const counts = new Map<number, number>();
  for (const { upToMs, count } of histograms.flat()) counts.set(upToMs, (counts.get(upToMs) ?? 0) + count);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let above = total;
  return [...counts.entries()]
    .sort(([a], [b]) => a - b)
    .map(([ms, count]) => {
      above -= count;
      return { ms, share: above / total };
    })
    .filter(({ share }) => share >= LEAST_SHARE);
}

function powersOfTen(from: number, to: number): number[] {
  const first = Math.ceil(Math.log10(from));
  const last = Math.floor(Math.log10(to));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => 10 ** (first + i));
}

/** The chart; crosses mark the SLOs, under and left of which a curve is to pass. */
export function latencyChart(rows: readonly PolicyRow[], slos: readonly Slo[]): Markup {
  const curves = rows.map((row) => ({ ...row, points: ccdfOf(row.runs.map((run) => run.totals.histogram)) }));
  const times = [...curves.flatMap(({ points }) => points.map(({ ms }) => ms)), ...slos.map((slo) => slo.latencyMs)];
  const [fastest, slowest] = [Math.min(...times), Math.max(...times)];
  const x = scaleLog([0.8 * fastest, 1.25 * slowest], PLOT.x);
  const y = scaleLog([LEAST_SHARE, 1], PLOT.y);
  const path = line<Point>()
    .x(({ ms }) => x(ms))
    .y(({ share }) => y(share))
    .digits(1);
  const narrow = slowest / fastest < 100;
  const marks = html`${curves.map(
    ({ name, hue, points }) => html`<path class="line h${hue}" d="${path(points) ?? ""}"><title>${name}</title></path>`,
  )}${slos.map(({ percentile, latencyMs }) => {
    const [cx, cy] = [x(latencyMs), y(1 - percentile)];
    return html`<g class="limit"><path d="M${cx - 6} ${cy}h12M${cx} ${cy - 6}v12"/>
<text x="${cx + 9}" y="${cy - 6}">${percentText(percentile, 0)} within ${msText(latencyMs)}</text></g>`;
  })}`;
  return chart(
    "Latency: share of requests that took longer",
    {
      scale: x,
      label: "latency",
      text: msText,
      ticks: narrow
        ? [50, 100, 200, 300, 500, 1000, 2000, 3000].filter((ms) => ms >= fastest && ms <= slowest)
        : powersOfTen(fastest, slowest),
    },
    {
      scale: y,
      label: "share that took longer",
      text: (share) => percentText(share, share < 0.01 ? 3 : 0),
      ticks: powersOfTen(LEAST_SHARE, 1),
    },
    marks,
  );
}
