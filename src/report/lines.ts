// Series over time as lines: load, latency, cost, fleet.

import { scaleLinear } from "d3-scale";
import { curveStepBefore, line } from "d3-shape";
import { type Axis, chart, type Key, limitLine, PLOT } from "./chart.ts";
import { html, type Insertable, type Markup } from "./markup.ts";

/** A series; a null value leaves a gap. */
export interface Series extends Key {
  readonly points: readonly { readonly x: number; readonly y: number | null }[];
  /** Whether a value holds until the next, as a count of machines does. */
  readonly stepped?: boolean;
}

/** A value to stay under, in the unit of the vertical axis. */
export interface Limit {
  readonly at: number;
  readonly text: string;
}

/** What the vertical axis says. */
export interface Measure {
  readonly title: string;
  readonly label: string;
  readonly text: (value: number) => string;
  readonly limit?: Limit;
}

function pathOf(series: Series, x: Axis, y: (value: number) => number): Insertable {
  const path = line<Series["points"][number]>()
    .defined((point) => point.y !== null)
    .x((point) => x.scale(point.x))
    .y((point) => y(point.y ?? 0))
    .digits(1);
  if (series.stepped === true) path.curve(curveStepBefore);
  return html`<path class="line h${series.hue}" d="${path(series.points) ?? ""}"><title>${series.name}</title></path>`;
}

/** A chart of series over a horizontal axis, from zero up. */
export function lineChart(x: Axis, measure: Measure, all: readonly Series[]): Markup {
  const values = all.flatMap(({ points }) => points.map(({ y }) => y ?? 0));
  const top = values.reduce((most, value) => Math.max(most, value), measure.limit?.at ?? 0);
  const scale = scaleLinear([0, top === 0 ? 1 : 1.05 * top], PLOT.y).nice();
  const { title, label, text, limit } = measure;
  return chart(
    title,
    x,
    { scale, label, text },
    html`${all.map((series) => pathOf(series, x, scale))}${limit === undefined ? null : limitLine(scale(limit.at), limit.text)}`,
  );
}
