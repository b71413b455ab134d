// What went on over time: load, latency against the SLO, cost, machines and offload of every policy, on aligned axes.

import type { Slo } from "../core/index.ts";
import type { TimelineBin } from "../training/index.ts";
import { legend } from "./chart.ts";
import { countText, msText, percentText, usdText } from "./format.ts";
import { lineChart, type Measure, type Series } from "./lines.ts";
import { html, type Markup } from "./markup.ts";
import type { PolicyRow } from "./rows.ts";
import { timeAxis } from "./time-axis.ts";

/** Latencies are drawn up to this multiple of the SLO; what lies above would flatten everything else. */
const LATENCY_CEILING = 4;

/** The charts, each over the same span of cluster time. */
export function overTime(rows: readonly PolicyRow[], slo: Slo): Markup {
  const first = rows[0]?.runs[0];
  if (first === undefined || first.timeline.length === 0) return html``;
  const x = timeAxis(first.timeline[0]?.timeS ?? 0, first.timeline.at(-1)?.timeS ?? 1);
  const series = (value: (bin: TimelineBin) => number | null, stepped = false): Series[] =>
    rows.map(({ name, hue, runs }) => ({
      name,
      hue,
      stepped,
      points: (runs[0]?.timeline ?? []).map((bin) => ({ x: bin.timeS, y: value(bin) })),
    }));
  const draw = (measure: Measure, lines: readonly Series[]): Markup =>
    html`<h3>${measure.title}</h3>${lineChart(x, measure, lines)}`;
  const number = (value: number): string => countText(value);
  const percentile = `p${Number((100 * slo.percentile).toFixed(2))}`;
  const load = series((bin) => bin.rateRps).slice(0, 1);
  return html`<section><h2>Over time</h2><p class="dim">Seed ${first.seed}, the scored part. Latency is that of the worst window of each point.</p>
${legend(rows)}
${draw({ title: "Load", label: "requests a second", text: number }, load)}
${draw(
  {
    title: `Latency, ${percentile}`,
    label: `${percentile} latency`,
    text: msText,
    limit: { at: slo.latencyMs, text: `SLO: ${percentText(slo.percentile, 0)} within ${msText(slo.latencyMs)}` },
  },
  series((bin) => (bin.objectiveMs === null ? null : Math.min(bin.objectiveMs, LATENCY_CEILING * slo.latencyMs))),
)}
${draw(
  { title: "Cost", label: "USD per hour", text: usdText },
  series((bin) => bin.costUsdPerHour),
)}
${draw(
  { title: "Machines", label: "machines, ready and launching", text: number },
  series((bin) => Object.values(bin.machines).reduce((sum, count) => sum + count, 0), true),
)}
${draw(
  { title: "Offloaded to functions", label: "share of requests", text: (share) => percentText(share, 0) },
  series((bin) => bin.offloadedShare),
)}
</section>`;
}
