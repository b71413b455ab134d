// The course of a cluster on aligned axes: load and forecast, latency, cost, fleet, offload, knobs; decisions on top.

import { useState } from "preact/hooks";
import type { Lattice, Timeline } from "../api.ts";
import { clock, count, knobName, knobValue, ms, percent, rate, span, usd } from "../format.ts";
import { Failure, Section } from "../parts/bits.tsx";
import { Chart, type Line } from "../parts/chart.tsx";
import { MarkKey } from "../parts/marks.tsx";
import { aboutCluster, useResource } from "../resource.ts";
import { to } from "../router.ts";

/** The latest stretch, or a chosen one. */
type Range = { readonly lastS: number } | { readonly fromS: number; readonly toS: number } | "all";

const ranges: readonly (readonly [string, Range])[] = [
  ["1 h", { lastS: 3600 }],
  ["6 h", { lastS: 21_600 }],
  ["24 h", { lastS: 86_400 }],
  ["all", "all"],
];

/** Bins asked for: as many as a wide screen has pixels to tell apart. */
const POINTS = 700;

const SHORTEST_S = 120;

const fleetHues = ["s0", "s1", "s2", "s3", "s4", "s5"] as const;

function queryOf(range: Range): string {
  if (range === "all") return `points=${POINTS}`;
  if ("lastS" in range) return `lastS=${range.lastS}&points=${POINTS}`;
  return `fromS=${range.fromS.toFixed(1)}&toS=${range.toS.toFixed(1)}&points=${POINTS}`;
}

function fleetLines({ fleet }: Timeline): Line[] {
  return Object.entries(fleet).flatMap(([type, { ready, launching, spot }], i): Line[] => {
    const hue = fleetHues[i % fleetHues.length] ?? "s0";
    const any = (values: readonly (number | null)[]): boolean => values.some((value) => (value ?? 0) > 0);
    return [
      { label: `${type} ready`, values: ready, colour: hue, stepped: true, filled: i === 0 },
      ...(any(launching)
        ? [{ label: `${type} launching`, values: launching, colour: "optimizer", stepped: true }]
        : []),
      ...(any(spot)
        ? [{ label: `${type} of these spot`, values: spot, colour: hue, stepped: true, dashed: true }]
        : []),
    ];
  });
}

/** A knob over time, by position among the values it took where these are not all numbers. */
function knobScale(values: readonly (string | number | null)[]) {
  const numeric = values.every((value) => value === null || typeof value === "number");
  if (numeric) return { values: values as readonly (number | null)[], format: (value: unknown) => knobValue(value) };
  const number = (value: string | number): number => (value === "Infinity" ? Number.POSITIVE_INFINITY : Number(value));
  const taken = [...new Set(values.filter((value) => value !== null))].sort((a, b) =>
    Number.isNaN(number(a)) ? String(a).localeCompare(String(b)) : number(a) - number(b),
  );
  return {
    values: values.map((value) => (value === null ? null : taken.indexOf(value) + 1)),
    format: (value: unknown) => (Number.isInteger(value) ? knobValue(taken[Number(value) - 1] ?? "") : ""),
  };
}

function useRange(timeline: Timeline | null, chosen: Range) {
  const lastS = timeline?.lastS ?? 0;
  const firstS = timeline?.firstS ?? 0;
  if (chosen === "all") return { fromS: firstS, toS: lastS };
  if ("lastS" in chosen) return { fromS: Math.max(firstS, lastS - chosen.lastS), toS: lastS };
  return chosen;
}

/** The section. */
export function Timelines({ cluster, slo }: { cluster: string; slo: Lattice["slo"] | null }) {
  const [range, setRange] = useState<Range>({ lastS: 86_400 });
  const live = range === "all" || "lastS" in range;
  const path = `/v1/clusters/${cluster}/timeline?${queryOf(range)}`;
  const { value: timeline, error } = useResource<Timeline>(path, (event) => live && aboutCluster(cluster)(event), 1000);
  const { fromS, toS } = useRange(timeline, range);
  const bounds = { first: timeline?.firstS ?? 0, last: timeline?.lastS ?? 0 };
  const move = (from: number, until: number): void => {
    const wide = Math.max(SHORTEST_S, until - from);
    const start = Math.min(Math.max(bounds.first, from), Math.max(bounds.first, bounds.last - wide));
    setRange({ fromS: start, toS: Math.min(bounds.last, start + wide) });
  };
  const zoom = (factor: number): void => {
    const [middle, half] = [(fromS + toS) / 2, ((toS - fromS) * factor) / 2];
    move(middle - half, middle + half);
  };
  const shift = (share: number): void => move(fromS + share * (toS - fromS), toS + share * (toS - fromS));
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => shift(-0.25),
    ArrowRight: () => shift(0.25),
    "+": () => zoom(0.5),
    "=": () => zoom(0.5),
    "-": () => zoom(2),
    Escape: () => setRange({ lastS: 86_400 }),
  };
  const onKey = (event: KeyboardEvent): void => {
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  const open = (id: string): void => {
    location.hash = to("clusters", cluster, "decisions", id);
  };
  const shared =
    timeline === null ? null : { times: timeline.timeS, marks: timeline.marks, fromS, toS, onZoom: move, onMark: open };
  const summary = timeline?.summary ?? null;
  return (
    <Section
      title="Over time"
      side={
        <div class="ranges">
          <fieldset class="segments small" aria-label="Stretch of time">
            {ranges.map(([label, one]) => (
              <button
                type="button"
                key={label}
                aria-pressed={JSON.stringify(one) === JSON.stringify(range)}
                onClick={() => setRange(one)}
              >
                {label}
              </button>
            ))}
          </fieldset>
          <fieldset class="segments small" aria-label="Move and zoom">
            <button type="button" aria-label="Earlier" onClick={() => shift(-0.5)}>
              ←
            </button>
            <button type="button" aria-label="Zoom in" onClick={() => zoom(0.5)}>
              +
            </button>
            <button type="button" aria-label="Zoom out" onClick={() => zoom(2)}>
              −
            </button>
            <button type="button" aria-label="Later" onClick={() => shift(0.5)}>
              →
            </button>
          </fieldset>
        </div>
      }
    >
      <Failure text={error} />
      {shared === null || timeline === null ? (
        <p class="dim">…</p>
      ) : (
        <section
          class="charts"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the charts are moved and zoomed by key
          tabIndex={0}
          aria-label="Charts: arrows move, plus and minus zoom, Escape goes back to the last day"
          onKeyDown={onKey}
        >
          <p class="dim summary">
            {live ? "Following. " : `${clock(fromS)} to ${clock(toS)}. `}
            {span(toS - fromS)}: {count(summary?.requests)} requests for {usd(summary?.usd)},{" "}
            {usd(summary?.usdPerMillion)} per million; {percent(summary?.attained, 3)} within the SLO;{" "}
            {count(summary?.changes)} changes in {count(timeline.decisions)} decisions.
            {timeline.windowsPerPoint > 1
              ? ` Each point is ${timeline.windowsPerPoint} windows, latency the worst of them.`
              : ""}
          </p>
          <MarkKey />
          <Chart
            {...shared}
            title="Load"
            format={rate}
            lines={[
              { label: "arrivals", values: timeline.arrivalRateRps, colour: "load", filled: true },
              { label: "forecast", values: timeline.forecastRps, colour: "forecast", dashed: true },
            ]}
          />
          <Chart
            {...shared}
            title="Latency"
            format={ms}
            limit={
              slo === null
                ? undefined
                : { at: slo.latencyMs, label: `SLO ${percent(slo.percentile, 0)} within ${ms(slo.latencyMs)}` }
            }
            lines={[
              {
                label: slo === null ? "objective" : `p${Number((100 * slo.percentile).toFixed(2))}`,
                values: timeline.objectiveMs,
                colour: "latency",
              },
              { label: "p50", values: timeline.p50Ms, colour: "optimizer" },
            ]}
          />
          <Chart
            {...shared}
            title="Cost"
            format={(value) => `${usd(value)}/h`}
            lines={[{ label: "cost", values: timeline.costUsdPerHour, colour: "cost", filled: true }]}
          />
          <Chart {...shared} title="Fleet" format={count} lines={fleetLines(timeline)} />
          <Chart
            {...shared}
            title="Offload to functions"
            height={80}
            format={(value) => percent(value, 0)}
            lines={[{ label: "offloaded", values: timeline.offloadedShare, colour: "s3", filled: true }]}
          />
          {Object.entries(timeline.knobs).map(([name, values], i, all) => {
            const scale = knobScale(values);
            return (
              <Chart
                {...shared}
                key={name}
                title={knobName(name)}
                height={62}
                format={scale.format}
                withTimes={i === all.length - 1}
                lines={[{ label: "in force", values: scale.values, colour: "knob", stepped: true }]}
              />
            );
          })}
        </section>
      )}
    </Section>
  );
}
