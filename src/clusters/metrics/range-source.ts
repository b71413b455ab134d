// Series from a Prometheus server, or anything that speaks its API (Thanos, Mimir, VictoriaMetrics), by query_range.
//
// A range query tells values on a grid, each the last sample before it, up to five minutes old. So each series is asked
// for twice, its values and their timestamps, which gives the samples themselves: how old they are, and when exactly a
// counter stood where. What vanishes during a window is asked after in `up`: a target that is gone was scaled away, one
// that is down makes the window a part of the truth.

import { z } from "zod";
import { ObservationError } from "../../core/index.ts";
import type { Clock } from "../adapter-entry.ts";
import type { ServerClient } from "../server-client.ts";
import { type Sample, type Selector, type Series, type SeriesSource, seriesText } from "./series.ts";

/** Grid points a range query may have: Prometheus refuses more than 11,000. */
const MAX_POINTS = 10_000;

/** A window that could not be told for longer than this starts later. */
const LONGEST_WINDOW_S = 3600;

const matrixSchema = z.object({
  status: z.literal("success"),
  warnings: z.array(z.string()).optional(),
  data: z.object({
    resultType: z.literal("matrix"),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});

/** One series of a range query: values by grid time. */
interface GridSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: Map<number, number>;
}

/** How a server's series are read. */
export interface RangeOptions {
  readonly client: ServerClient;
  readonly clock: Clock;
  /** Labels every series has. */
  readonly match: Readonly<Record<string, string>>;
  /** The targets are scraped this often. */
  readonly scrapeS: number;
  /** A last sample older than this is no news. */
  readonly maxAgeS: number;
  /** The first window starts so long before it is asked for. */
  readonly lookbackS: number;
}

/** A number of Prometheus' JSON: "NaN", "+Inf" and "-Inf" too. */
function numberOf(text: string): number {
  return text.endsWith("Inf") ? Number(text.replace("Inf", "Infinity")) : Number(text);
}

function labelsKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function instanceOf({ job = "", instance = "" }: Readonly<Record<string, string>>): string {
  return `${job}/${instance}`;
}

function escapedForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** Windows on the series of a Prometheus server. */
export class RangeSource implements SeriesSource {
  readonly name: string;
  readonly #options: RangeOptions;
  #fromS: number;
  #toS = 0;
  #read: Series[] = [];

  constructor(options: RangeOptions) {
    this.#options = options;
    this.name = options.client.endpoint;
    this.#fromS = options.clock.nowMs() / 1000 - options.lookbackS;
  }

  /** @throws {ObservationError} when the server does not answer queries */
  async reach(): Promise<void> {
    await this.#options.client.read("api/v1/query?query=vector(1)");
  }

  async begin(): Promise<void> {
    this.#toS = Math.floor(this.#options.clock.nowMs()) / 1000;
    this.#fromS = Math.max(this.#fromS, this.#toS - LONGEST_WINDOW_S);
    this.#read = [];
    if (this.#toS > this.#fromS) return;
    throw new ObservationError(`${this.name}: expected time after ${this.#fromS} s, found ${this.#toS} s`);
  }

  async read({ names, match }: Selector): Promise<readonly Series[]> {
    const labels = { ...this.#options.match, ...match };
    const values = await this.#range(this.#expression(names, labels));
    const found = names.filter((name) => values.some((series) => series.labels["__name__"] === name));
    const series: Series[] = [];
    for (const name of found) {
      const times = await this.#range(`timestamp(${this.#expression([name], labels)})`);
      const timesOf = new Map(times.map((one) => [labelsKey(one.labels), one.values]));
      for (const { labels: all, values: grid } of values) {
        const { __name__, ...rest } = all;
        if (__name__ === name) series.push(this.#seriesOf(name, rest, grid, timesOf.get(labelsKey(rest))));
      }
    }
    this.#read.push(...series);
    return series.filter(({ samples }) => samples.length > 0);
  }

  async end(): Promise<void> {
    for (const series of this.#read) {
      const ageS = this.#toS - (series.samples.at(-1)?.timeS ?? 0);
      if (!series.present || ageS <= this.#options.maxAgeS) continue;
      throw new ObservationError(
        `${this.name}: ${seriesText(series)}: expected a sample of the last ${this.#options.maxAgeS} s, ` +
          `found one ${Math.round(ageS)} s old`,
      );
    }
    await this.#refuseDown(this.#read.filter(({ present }) => !present));
    this.#fromS = this.#toS;
  }

  restart(): void {
    this.#fromS = this.#toS;
  }

  async close(): Promise<void> {}

  /** @throws {ObservationError} when one of the series vanished because its target does not answer */
  async #refuseDown(vanished: readonly Series[]): Promise<void> {
    const jobs = new Set(vanished.flatMap(({ labels }) => labels["job"] ?? []));
    if (jobs.size === 0) return;
    const pattern = JSON.stringify([...jobs].map(escapedForPattern).join("|"));
    const up = await this.#range(`up{job=~${pattern}}`);
    const gone = new Set(vanished.map(({ instance }) => instance));
    for (const { labels, values } of up) {
      if (!gone.has(instanceOf(labels)) || values.get(this.#toS) !== 0) continue;
      throw new ObservationError(`${this.name}: ${seriesText({ name: "up", labels })}: expected 1, found 0`);
    }
  }

  #seriesOf(
    name: string,
    labels: Readonly<Record<string, string>>,
    grid: Map<number, number>,
    times: Map<number, number> | undefined,
  ): Series {
    const samples = new Map<number, Sample>();
    for (const [gridS, value] of grid) {
      const timeS = times?.get(gridS);
      if (timeS !== undefined) samples.set(timeS, { timeS, value });
    }
    const ascending = [...samples.values()].sort((a, b) => a.timeS - b.timeS);
    return { name, labels, instance: instanceOf(labels), samples: ascending, present: grid.has(this.#toS) };
  }

  #expression(names: readonly string[], labels: Readonly<Record<string, string>>): string {
    const [first, ...others] = names;
    // Names start with a colon at times: as the value of a label they need no quoting rule of their own.
    const name =
      others.length > 0 ? `__name__=~${JSON.stringify(names.join("|"))}` : `__name__=${JSON.stringify(first)}`;
    const rest = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    return `{${[name, ...rest].join(",")}}`;
  }

  /** A grid from at or before the window's start to its end, finer than the scrapes. */
  async #range(query: string): Promise<readonly GridSeries[]> {
    const stepMs = Math.max(1, Math.round((this.#options.scrapeS * 1000) / 2));
    const toMs = Math.round(this.#toS * 1000);
    const points = Math.ceil((toMs - this.#fromS * 1000) / stepMs) + 1;
    const merged = new Map<string, GridSeries>();
    for (let point = points; point > 0; point -= MAX_POINTS) {
      const endMs = toMs - (points - point) * stepMs;
      const startMs = endMs - (Math.min(point, MAX_POINTS) - 1) * stepMs;
      for (const { metric, values } of await this.#query(query, startMs, endMs, stepMs)) {
        const key = labelsKey(metric);
        const series = merged.get(key) ?? { labels: metric, values: new Map<number, number>() };
        for (const [timeS, text] of values) series.values.set(timeS, numberOf(text));
        merged.set(key, series);
      }
    }
    return [...merged.values()];
  }

  async #query(query: string, startMs: number, endMs: number, stepMs: number) {
    const parameters = new URLSearchParams({
      query,
      start: String(startMs / 1000),
      end: String(endMs / 1000),
      step: String(stepMs / 1000),
    });
    const { warnings, data } = await this.#options.client.readJson(`api/v1/query_range?${parameters}`, matrixSchema);
    if (warnings === undefined || warnings.length === 0) return data.result;
    throw new ObservationError(
      `${this.name}: ${query}: expected a whole answer, found warnings: ${warnings.join("; ")}`,
    );
  }
}
