// One chart of a column of charts over the same time: a shared cursor, a limit, decisions as ticks on top, zoom by dragging.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Mark } from "../api.ts";
import { clock } from "../format.ts";
import { colour, onTheme } from "../theme.ts";
import { markColour } from "./marks.tsx";
import { timeTicks } from "./time-ticks.ts";

/** A line of a chart. */
export interface Line {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Name of a colour of the style sheet. */
  readonly colour: string;
  readonly dashed?: boolean;
  /** Whether a value holds until the next. */
  readonly stepped?: boolean;
  readonly filled?: boolean;
}

/** What a chart shows. */
export interface ChartProps {
  readonly title: string;
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly format: (value: number | null | undefined) => string;
  readonly limit?: { readonly at: number; readonly label: string } | undefined;
  readonly marks?: readonly Mark[];
  readonly fromS: number;
  readonly toS: number;
  readonly height?: number;
  readonly onZoom?: (fromS: number, toS: number) => void;
  readonly onMark?: (id: string) => void;
  /** Whether times are written under it; only the last of a column needs them. */
  readonly withTimes?: boolean;
  /** What a value of the horizontal axis is called; a time of the cluster where absent. */
  readonly xText?: (value: number) => string;
  readonly xTicks?: (from: number, to: number, most: number) => number[];
}

/** Pixels around a mark that belong to it. */
const NEAR_PX = 9;

/** Drags shorter than this are clicks. */
const CLICK_PX = 4;

const AXIS_PX = 64;
const FONT = "11px system-ui, sans-serif";

function nearestMark(chart: uPlot, marks: readonly Mark[], left: number): Mark | null {
  let best: Mark | null = null;
  let bestPx = NEAR_PX;
  for (const mark of marks) {
    const px = Math.abs(chart.valToPos(mark.timeS, "x") - left);
    if (px <= bestPx) {
      best = mark;
      bestPx = px;
    }
  }
  return best;
}

function drawOver(chart: uPlot, { limit, marks }: ChartProps): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio;
  ctx.save();
  if (limit !== undefined) {
    const y = chart.valToPos(limit.at, "y", true);
    ctx.strokeStyle = colour("bad");
    ctx.fillStyle = colour("bad");
    ctx.lineWidth = ratio;
    ctx.setLineDash([5 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.textBaseline = "bottom";
    ctx.fillText(limit.label, bbox.left + 6 * ratio, y - 3 * ratio);
  }
  for (const mark of marks ?? []) {
    const x = chart.valToPos(mark.timeS, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.fillStyle = colour(markColour(mark));
    ctx.fillRect(x - ratio, bbox.top, 2 * ratio, 6 * ratio);
  }
  ctx.restore();
}

function readoutAt(figure: HTMLElement, { lines, format, times }: ChartProps, index: number | null | undefined): void {
  const at = index ?? times.length - 1;
  lines.forEach((line, i) => {
    const slot = figure.querySelector(`[data-line="${i}"]`);
    if (slot !== null) slot.textContent = format(line.values[at]);
  });
}

function optionsOf(read: () => ChartProps, figure: HTMLElement, width: number): uPlot.Options {
  const { lines, height = 120, withTimes = false, xText = clock, xTicks = timeTicks } = read();
  const axis = {
    stroke: colour("dim"),
    font: FONT,
    ticks: { show: false },
    grid: { stroke: colour("rule"), width: 1 },
  };
  return {
    width,
    height: height + (withTimes ? 26 : 0),
    padding: [8, 10, withTimes ? 0 : 6, 0],
    legend: { show: false },
    cursor: {
      sync: { key: "timeline", setSeries: false },
      drag: { x: true, y: false, setScale: false },
      points: { show: false },
      y: false,
    },
    scales: {
      x: { time: false, range: () => [read().fromS, read().toS] },
      y: { range: (_, __, max) => [0, Math.max(1.08 * (max || 0), 1.22 * (read().limit?.at ?? 0)) || 1] },
    },
    axes: [
      {
        ...axis,
        show: true,
        size: withTimes ? 26 : 0,
        splits: (_, __, min, max) => xTicks(min, max, Math.max(2, Math.floor(width / 130))),
        values: (_, splits) => splits.map((value) => (withTimes ? xText(value) : "")),
      },
      {
        ...axis,
        size: AXIS_PX,
        space: 34,
        values: (_, splits) => splits.map((value) => read().format(value)),
      },
    ],
    series: [
      {},
      ...lines.map((line): uPlot.Series => {
        const stroke = colour(line.colour);
        const paths = line.stepped === true ? uPlot.paths.stepped?.({ align: -1 }) : undefined;
        return {
          label: line.label,
          stroke,
          width: 1.6,
          points: { show: false },
          ...(line.dashed === true ? { dash: [5, 4] } : {}),
          ...(line.filled === true ? { fill: `color-mix(in srgb, ${stroke} 14%, transparent)` } : {}),
          ...(paths === undefined ? {} : { paths }),
        };
      }),
    ],
    hooks: {
      draw: [(chart) => drawOver(chart, read())],
      setCursor: [
        (chart) => {
          readoutAt(figure, read(), chart.cursor.idx);
          const { marks = [], onMark } = read();
          const near = onMark !== undefined && nearestMark(chart, marks, chart.cursor.left ?? -100) !== null;
          chart.over.style.cursor = near ? "pointer" : "crosshair";
        },
      ],
      setSelect: [
        (chart) => {
          const { left, width: wide } = chart.select;
          if (wide < CLICK_PX) return;
          read().onZoom?.(chart.posToVal(left, "x"), chart.posToVal(left + wide, "x"));
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function spoken({ title, lines, format, limit }: ChartProps): string {
  const said = lines.map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${label}: nothing measured`;
    return `${label}: latest ${format(known.at(-1))}, lowest ${format(Math.min(...known))}, highest ${format(Math.max(...known))}`;
  });
  return `${title}. ${said.join("; ")}${limit === undefined ? "" : `; limit ${limit.label}`}`;
}

/** The chart. */
export function Chart(props: ChartProps) {
  const figure = useRef<HTMLElement>(null);
  const plot = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const shape = JSON.stringify([
    props.lines.map(({ label, colour: hue }) => [label, hue]),
    props.height,
    props.withTimes,
  ]);

  useEffect(() => {
    const [frame, box] = [figure.current, plot.current];
    if (frame === null || box === null) return;
    const make = (): void => {
      chart.current?.destroy();
      const made = new uPlot(
        optionsOf(() => latest.current, frame, Math.max(200, box.clientWidth)),
        dataOf(latest.current),
        box,
      );
      chart.current = made;
      readoutAt(frame, latest.current, null);
      made.over.addEventListener("click", (event) => {
        const { marks = [], onMark } = latest.current;
        const mark = nearestMark(made, marks, event.offsetX);
        if (mark !== null) onMark?.(mark.id);
      });
    };
    make();
    const observer = new ResizeObserver(() => {
      const made = chart.current;
      if (made !== null && Math.abs(made.width - box.clientWidth) > 1) make();
    });
    observer.observe(box);
    const unsubscribe = onTheme(make);
    return () => {
      observer.disconnect();
      unsubscribe();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [shape]);

  useEffect(() => {
    chart.current?.setData(dataOf(props));
    if (figure.current !== null) readoutAt(figure.current, props, chart.current?.cursor.idx);
  }, [props.times, props.lines, props.fromS, props.toS]);

  return (
    <figure class="chart" ref={figure}>
      <figcaption>
        <span class="chart-title">{props.title}</span>
        <span class="readout" aria-hidden="true">
          {props.lines.map((line, i) => (
            <span key={line.label}>
              <i class={line.dashed === true ? "swatch dashed" : "swatch"} style={`--hue: var(--${line.colour})`} />
              {line.label} <b data-line={i} />
            </span>
          ))}
        </span>
      </figcaption>
      <div role="img" aria-label={spoken(props)} ref={plot} />
    </figure>
  );
}

function dataOf({ times, lines }: ChartProps): uPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])];
}
