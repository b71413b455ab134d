// The frame of a chart: axes with ticks and units, a plot area, a legend; static SVG that any page can hold.

import { html, type Insertable, type Markup } from "./markup.ts";

/** What of a scale a chart needs; those of d3-scale fit. */
export interface Scale {
  (value: number): number;
  ticks(count?: number): number[];
}

/** One axis: where values lie, which are written, and how. */
export interface Axis {
  readonly scale: Scale;
  readonly label: string;
  readonly text: (value: number) => string;
  /** The scale's own where absent. */
  readonly ticks?: readonly number[];
}

/** Size of a chart and of its margins, in SVG units. */
export const FRAME = { width: 720, height: 300, left: 78, right: 14, top: 12, bottom: 42 } as const;

/** Horizontal and vertical ranges of the plot area, for scales. */
export const PLOT = {
  x: [FRAME.left, FRAME.width - FRAME.right] as [number, number],
  y: [FRAME.height - FRAME.bottom, FRAME.top] as [number, number],
};

const TICKS = { x: 7, y: 5 };

function xAxis({ scale, ticks, text, label }: Axis): Markup {
  const base = PLOT.y[0];
  return html`<g class="axis">${(ticks ?? scale.ticks(TICKS.x)).map(
    (tick) => html`<line x1="${scale(tick)}" x2="${scale(tick)}" y1="${base}" y2="${FRAME.top}"/>
<text x="${scale(tick)}" y="${base + 16}" text-anchor="middle">${text(tick)}</text>`,
  )}<text class="label" x="${(PLOT.x[0] + PLOT.x[1]) / 2}" y="${FRAME.height - 6}" text-anchor="middle">${label}</text></g>`;
}

function yAxis({ scale, ticks, text, label }: Axis): Markup {
  const middle = (PLOT.y[0] + PLOT.y[1]) / 2;
  return html`<g class="axis">${(ticks ?? scale.ticks(TICKS.y)).map(
    (tick) => html`<line x1="${PLOT.x[0]}" x2="${PLOT.x[1]}" y1="${scale(tick)}" y2="${scale(tick)}"/>
<text x="${FRAME.left - 7}" y="${scale(tick) + 4}" text-anchor="end">${text(tick)}</text>`,
  )}<text class="label" transform="translate(13 ${middle}) rotate(-90)" text-anchor="middle">${label}</text></g>`;
}

/** A chart of the given marks. @param title what a screen reader says of it */
export function chart(title: string, x: Axis, y: Axis, marks: Insertable): Markup {
  return html`<svg class="chart" viewBox="0 0 ${FRAME.width} ${FRAME.height}" role="img" aria-label="${title}">
<title>${title}</title>${xAxis(x)}${yAxis(y)}${marks}</svg>`;
}

/** A limit as a labelled line across the plot area, at a height. */
export function limitLine(y: number, text: string): Markup {
  return html`<g class="limit"><line x1="${PLOT.x[0]}" x2="${PLOT.x[1]}" y1="${y}" y2="${y}"/>
<text x="${PLOT.x[0] + 4}" y="${y - 5}">${text}</text></g>`;
}

/** A series as it is told apart from the others. */
export interface Key {
  readonly name: string;
  /** Number of its colour. */
  readonly hue: number;
}

/** Names beside their colours. */
export function legend(keys: readonly Key[]): Markup {
  return html`<p class="legend">${keys.map(({ name, hue }) => html`<span><i class="swatch h${hue}"></i>${name}</span>`)}</p>`;
}

/** Colours there are; with more series they repeat. */
export const HUES = 8;
