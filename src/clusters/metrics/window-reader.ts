// Windows read in a dialect: each metric from its series, and an error naming it where it cannot be told.

import { type LatencyMetrics, ObservationError, type Slo } from "../../core/index.ts";
import type { MeasuredWindow, Observer } from "../halves.ts";
import { type LatencyBuckets, latencyOf } from "../latency-buckets.ts";
import { type Dialect, unitMs } from "./dialect.ts";
import { arrivalsOf, growth, lastOf, meanOf, spanOf, type Track } from "./growth.ts";
import { CounterReset, preferred, type Selector, type Series, SeriesMemory, type SeriesSource } from "./series.ts";
import { summaryLatency } from "./summary.ts";

function withSuffix({ names, match }: Selector, suffix: string): Selector {
  return { names: names.map((name) => name + suffix), match };
}

/** When the last sample of a window was taken, and the window. */
type Reading = Awaited<ReturnType<Observer["observe"]>>;

/** Reads windows that follow each other. */
export class WindowReader implements Observer {
  readonly #source: SeriesSource;
  readonly #dialect: Dialect;
  readonly #slo: Slo;
  readonly #memory = new SeriesMemory();

  /** @param slo the first: the percentile of `objectiveMs` and what counts as late */
  constructor(source: SeriesSource, dialect: Dialect, slo: Slo) {
    this.#source = source;
    this.#dialect = dialect;
    this.#slo = slo;
  }

  /**
   * The window since the last one told. After an error the next window covers this one's time too, unless a counter
   * was reset: then it starts now.
   * @throws {ObservationError} naming what is missing, stale or impossible
   */
  async observe(): Promise<Reading> {
    try {
      await this.#source.begin();
      const reading = await this.#measure();
      await this.#source.end();
      this.#memory.commit();
      return reading;
    } catch (error) {
      this.#memory.rollBack();
      if (error instanceof CounterReset) this.forget();
      throw error;
    }
  }

  async sample(): Promise<void> {
    await this.#source.sample?.();
  }

  /** The next window starts now, and counters may have been reset until then. */
  forget(): void {
    this.#memory.forget();
    this.#source.restart();
  }

  async #measure(): Promise<Reading> {
    const dialect = this.#dialect;
    const tracks = await this.#arrivals();
    const { startS, endS } = spanOf(tracks);
    const durationS = endS - startS;
    if (!(durationS > 0)) {
      throw new ObservationError(`${this.#source.name}: arrivals: expected new samples, found none since ${startS} s`);
    }
    const arrivals = arrivalsOf(tracks, startS, endS);
    if (arrivals.rateRps < 0) {
      throw new ObservationError(`${this.#source.name}: arrivals: expected a rate ≥ 0, found ${arrivals.rateRps} rps`);
    }
    const dropped = growth(await this.#optional(dialect.dropped));
    const requests = arrivals.rateRps * durationS;
    const offloaded = growth(await this.#optional(dialect.offloaded));
    const metrics: MeasuredWindow = {
      durationS,
      requests,
      arrivals,
      latency: await this.#latency(dropped),
      queueLength: await this.#queueLength(),
      utilization: await this.#utilization(),
      meanBatchSize: await this.#meanBatchSize(),
      service: await this.#service(),
      dropped,
      offloadedShare: requests > 0 ? Math.min(1, offloaded / requests) : 0,
    };
    return { timeS: endS, metrics };
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  async #arrivals(): Promise<readonly Track[]> {
    const { arrivals } = this.#dialect;
    if ("entered" in arrivals) return this.#tracks("arrivals", arrivals.entered, "counter");
    const left = await this.#all("arrivals", arrivals.left, "counter");
    return [...left, ...(await this.#all("arrivals", arrivals.inside, "gauge"))];
  }

  #latency(dropped: number): Promise<LatencyMetrics | null> {
    const { latency } = this.#dialect;
    return "histogram" in latency
      ? this.#histogram(latency.histogram, unitMs[latency.unit], dropped)
      : this.#summary(latency.summary, unitMs[latency.unit], dropped);
  }

  async #histogram(base: Selector, unit: number, dropped: number): Promise<LatencyMetrics | null> {
    const buckets = await this.#series("latency", withSuffix(base, "_bucket"));
    const sumMs = unit * growth(await this.#tracks("latency", withSuffix(base, "_sum"), "counter"));
    const byEdge = new Map<number, number>();
    const perSeries = new Map<string, number>();
    for (const series of buckets) {
      const { le = "", ...labels } = series.labels;
      const edgeMs = le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le) * unit;
      const one = JSON.stringify([series.instance, labels]);
      perSeries.set(one, (perSeries.get(one) ?? 0) + 1);
      byEdge.set(edgeMs, (byEdge.get(edgeMs) ?? 0) + growth([this.#memory.follow(series, "counter")]));
    }
    const upToMs = [...byEdge.keys()].sort((a, b) => a - b);
    if (upToMs.at(-1) !== Number.POSITIVE_INFINITY || [...perSeries.values()].some((edges) => edges !== byEdge.size)) {
      const found = upToMs.join(", ");
      throw this.#missing(
        "latency",
        withSuffix(base, "_bucket"),
        `the same edges up to +Inf everywhere, found ${found}`,
      );
    }
    const upTo = upToMs.map((edge) => byEdge.get(edge) ?? 0);
    const counts = upTo.map((count, i) => count - (upTo[i - 1] ?? 0));
    const histogram: LatencyBuckets = { upToMs, counts, sumMs };
    return latencyOf(histogram, this.#slo, dropped);
  }

  async #summary(base: Selector, unit: number, dropped: number): Promise<LatencyMetrics | null> {
    const count = growth(await this.#tracks("latency", withSuffix(base, "_count"), "counter"));
    const sumMs = unit * growth(await this.#tracks("latency", withSuffix(base, "_sum"), "counter"));
    if (count === 0) return null;
    const quantiles = (await this.#series("latency", base)).filter(({ present }) => present);
    return summaryLatency({ quantiles, unit, count, meanMs: sumMs / count, dropped }, this.#slo, this.#source.name);
  }

  async #queueLength(): Promise<number> {
    let length = 0;
    for (const selector of this.#dialect.queue) {
      const series = await this.#series("queue", selector);
      for (const one of series) this.#memory.follow(one, "gauge");
      length += lastOf(series);
    }
    return length;
  }

  async #utilization(): Promise<number> {
    const { utilization } = this.#dialect;
    if ("gauge" in utilization) {
      const mean = meanOf(await this.#tracks("utilization", utilization.gauge, "gauge")) * utilization.scale;
      return Math.min(1, mean);
    }
    const tracks = await this.#tracks("utilization", utilization.busy, "counter");
    const busyS = (growth(tracks) * unitMs[utilization.unit]) / 1000;
    const readyS = tracks.reduce((sum, track) => sum + (track.at(-1)?.timeS ?? 0) - (track[0]?.timeS ?? 0), 0);
    return readyS > 0 ? Math.min(1, busyS / (readyS * utilization.lanes)) : 0;
  }

  async #meanBatchSize(): Promise<number | null> {
    const { batch } = this.#dialect;
    if (batch === null) return null;
    const items = growth(await this.#tracks("batch", batch.items, "counter"));
    const batches = growth(await this.#tracks("batch", batch.batches, "counter"));
    return batches > 0 ? items / batches : null;
  }

  async #service(): Promise<MeasuredWindow["service"]> {
    const { service } = this.#dialect;
    if (service === null) return null;
    const totalMs = growth(await this.#tracks("service", service.total, "counter")) * unitMs[service.unit];
    const batches = growth(await this.#tracks("service", service.batches, "counter"));
    return batches > 0 ? { meanMs: totalMs / batches } : null;
  }

  /** What need not be there: a client makes it on first use. */
  async #optional(selector: Selector | null): Promise<readonly Track[]> {
    if (selector === null) return [];
    const series = preferred(await this.#source.read(selector), selector.names);
    return series.map((one) => this.#memory.follow(one, "counter"));
  }

  async #all(what: string, selectors: readonly Selector[], kind: "counter" | "gauge"): Promise<readonly Track[]> {
    const tracks: Track[] = [];
    for (const selector of selectors) tracks.push(...(await this.#tracks(what, selector, kind)));
    return tracks;
  }

  async #tracks(what: string, selector: Selector, kind: "counter" | "gauge"): Promise<readonly Track[]> {
    const series = await this.#series(what, selector);
    return series.map((one) => this.#memory.follow(one, kind)).filter((track) => track.length > 0);
  }

  async #series(what: string, selector: Selector): Promise<readonly Series[]> {
    const series = preferred(await this.#source.read(selector), selector.names);
    if (series.some(({ present }) => present)) return series;
    const found = series.length > 0 ? "only some that ended" : "none";
    throw this.#missing(what, selector, `series, found ${found}`);
  }

  #missing(what: string, { names, match }: Selector, expected: string): ObservationError {
    const pairs = Object.entries(match).map(([label, value]) => `${label}="${value}"`);
    const labels = pairs.length > 0 ? ` with ${pairs.join(", ")}` : "";
    return new ObservationError(`${this.#source.name}: ${what}: ${names.join(" or ")}${labels}: expected ${expected}`);
  }
}
