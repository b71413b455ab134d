// Cost against the SLO: each policy a point, the bounds as lines; only what lies under the line may be compared on cost.

import { scaleLinear, scaleLog } from "d3-scale";
import { chart, limitLine, PLOT } from "./chart.ts";
import { percentText, usdText } from "./format.ts";
import { html, type Markup } from "./markup.ts";
import type { PolicyRow } from "./rows.ts";

/** Lowest share of the allowance that is told apart. */
const FLOOR = 1e-4;
const TOP = 10;

/** A lower bound on cost, where it was computed. */
export interface BoundLine {
  readonly name: string;
  readonly usdPerMillion: number;
}

/** Space between two labels of bounds, in SVG units. */
const LABEL_LINE = 13;

/** Late requests as a share of those the strictest SLO allows; 1 is as late as it may be. */
export function allowanceUsed(row: PolicyRow): number {
  return Math.max(...row.score.slo.map(({ attained, percentile }) => (1 - attained) / (1 - percentile)));
}

/** The scatter. */
export function costScatter(rows: readonly PolicyRow[], bounds: readonly BoundLine[]): Markup {
  const costs = rows.flatMap(({ score, usdPerMillion }) => [
    score.usdPerMillion,
    usdPerMillion.low,
    usdPerMillion.high,
  ]);
  const all = [...costs, ...bounds.map((bound) => bound.usdPerMillion)];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const pad = 0.06 * (most - least || most || 1);
  const x = scaleLinear([Math.max(0, least - pad), most + pad], PLOT.x);
  const y = scaleLog([FLOOR, TOP], PLOT.y);
  const clamp = (used: number): number => Math.min(TOP, Math.max(FLOOR, used));
  const lines = bounds.map(
    ({ name, usdPerMillion }, i) => html`<g class="bound"><line x1="${x(usdPerMillion)}" x2="${x(usdPerMillion)}"
y1="${PLOT.y[0]}" y2="${PLOT.y[1]}"/><text x="${x(usdPerMillion) + 4}" y="${PLOT.y[1] + LABEL_LINE * (i + 1)}">${name}</text></g>`,
  );
  const points = rows.map((row) => {
    const { name, hue, score, usdPerMillion } = row;
    const [cx, cy] = [x(score.usdPerMillion), y(clamp(allowanceUsed(row)))];
    const verdict = score.met ? "met its SLO in every hour" : `missed its SLO in ${score.hoursMissed} hours`;
    const end = cx > (PLOT.x[0] + PLOT.x[1]) / 2;
    return html`<g class="h${hue}"><title>${name}: ${usdText(score.usdPerMillion)} per million, ${verdict}</title>
<line class="whisker" x1="${x(usdPerMillion.low)}" x2="${x(usdPerMillion.high)}" y1="${cy}" y2="${cy}"/>
<circle class="${score.met ? "met" : "missed"}" cx="${cx}" cy="${cy}" r="6"/>
<text x="${end ? cx - 11 : cx + 11}" y="${cy + 4}" text-anchor="${end ? "end" : "start"}">${name}</text></g>`;
  });
  return chart(
    "Cost against SLO",
    { scale: x, label: "USD per million requests", text: (value) => `$${Number(value.toPrecision(4))}` },
    {
      scale: y,
      label: "allowed late requests used",
      text: (value) => percentText(value, value < 0.01 ? 2 : 0),
      ticks: [1e-4, 1e-3, 0.01, 0.1, 1, 10],
    },
    html`${limitLine(y(1), "as many late as the SLO allows")}${lines}${points}`,
  );
}
