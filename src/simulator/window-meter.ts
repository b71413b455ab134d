// What happened since the last observation: latencies, batches, service times, arrivals by quarter second.

import type { ArrivalMetrics, LatencyMetrics, ServiceMetrics, Slo } from "../core/index.ts";
import { BUCKET_RESOLUTION, LatencyHistogram } from "../math/latency-histogram.ts";

/** Width of the bins arrivals are counted in. */
export const TICK_S = 0.25;

const TICKS_PER_SECOND = Math.round(1 / TICK_S);
const MAX_BINS = 4096;
const MAX_RECENT_RATES = 12;
const MAX_ARRIVAL_TIMES = 100_000;
const MAX_MULTIPLIERS = 2048;
const MIN_SECONDS_FOR_DISPERSION = 10;

/** Counters of one window. Allocates nothing per request. */
export class WindowMeter {
  readonly histogram = new LatencyHistogram();
  startS = 0;
  /** Requests that arrived. */
  arrived = 0;
  /** Later than the first SLO. */
  late = 0;
  dropped = 0;
  offloaded = 0;
  batches = 0;
  batchedRequests = 0;
  serviceS = 0;
  costUsd = 0;
  readonly #percentile: number;
  readonly #telemetry: { readonly arrivalTimes: boolean; readonly serviceTimes: boolean };
  #arrivedAtTick = 0;
  #bins = new Float64Array(MAX_BINS);
  #binCount = 0;
  #binTicks = 1;
  #binFill = 0;
  #second = 0;
  #secondTicks = 0;
  #seconds = 0;
  #secondSum = 0;
  #secondSquares = 0;
  #times: Float64Array;
  #timeCount = 0;
  readonly #serviceByBatchS: Float64Array;
  readonly #batchesBySize: Float64Array;
  readonly #sampleSize = new Int32Array(MAX_MULTIPLIERS);
  readonly #sampleS = new Float64Array(MAX_MULTIPLIERS);
  #sampled = 0;
  #sampleEvery = 1;
  #untilSample = 1;

  constructor(slo: Slo, stride: number, telemetry: { readonly arrivalTimes: boolean; readonly serviceTimes: boolean }) {
    this.#percentile = slo.percentile;
    this.#telemetry = telemetry;
    this.#times = new Float64Array(telemetry.arrivalTimes ? 1024 : 0);
    this.#serviceByBatchS = new Float64Array(stride + 1);
    this.#batchesBySize = new Float64Array(stride + 1);
  }

  /** A quarter second ends; `arrived` is up to date. */
  tick(): void {
    const arrivals = this.arrived - this.#arrivedAtTick;
    this.#arrivedAtTick = this.arrived;
    this.#second += arrivals;
    this.#secondTicks += 1;
    if (this.#secondTicks === TICKS_PER_SECOND) {
      this.#seconds += 1;
      this.#secondSum += this.#second;
      this.#secondSquares += this.#second * this.#second;
      this.#second = 0;
      this.#secondTicks = 0;
    }
    this.#bins[this.#binCount] = (this.#bins[this.#binCount] ?? 0) + arrivals;
    this.#binFill += 1;
    if (this.#binFill < this.#binTicks) return;
    this.#binFill = 0;
    this.#binCount += 1;
    if (this.#binCount === MAX_BINS) this.#halveBins();
  }

  /** Notes the times of arrivals, where they are told: those at from..to of a block, in s. */
  arrivals(times: Float64Array, from: number, to: number): void {
    if (!this.#telemetry.arrivalTimes) return;
    const count = Math.min(to - from, MAX_ARRIVAL_TIMES - this.#timeCount);
    while (this.#timeCount + count > this.#times.length) {
      const larger = new Float64Array(this.#times.length * 2);
      larger.set(this.#times);
      this.#times = larger;
    }
    for (let i = 0; i < count; i++) {
      this.#times[this.#timeCount + i] = ((times[from + i] ?? 0) - this.startS) * 1000;
    }
    this.#timeCount += count;
  }

  /** One batch served by a machine. */
  batch(size: number, serviceS: number): void {
    this.batches += 1;
    this.batchedRequests += size;
    this.serviceS += serviceS;
    if (!this.#telemetry.serviceTimes || size >= this.#batchesBySize.length) return;
    this.#batchesBySize[size] = (this.#batchesBySize[size] ?? 0) + 1;
    this.#serviceByBatchS[size] = (this.#serviceByBatchS[size] ?? 0) + serviceS;
    if (--this.#untilSample > 0) return;
    if (this.#sampled === MAX_MULTIPLIERS) this.#halveSample();
    this.#untilSample = this.#sampleEvery;
    this.#sampleSize[this.#sampled] = size;
    this.#sampleS[this.#sampled] = serviceS;
    this.#sampled += 1;
  }

  /** Null when nothing completed. */
  latency(): LatencyMetrics | null {
    const { histogram } = this;
    if (histogram.count === 0) return null;
    return {
      meanMs: histogram.meanMs,
      p50Ms: histogram.quantileMs(0.5),
      p95Ms: histogram.quantileMs(0.95),
      p99Ms: histogram.quantileMs(0.99),
      objectiveMs: histogram.quantileMs(this.#percentile),
      missRatio: (this.late + this.dropped) / (histogram.count + this.dropped),
      resolution: BUCKET_RESOLUTION,
    };
  }

  arrivalMetrics(durationS: number): ArrivalMetrics {
    const recentRatesRps = this.#recentRates();
    const sorted = [...recentRatesRps].sort((a, b) => a - b);
    const median = sorted[sorted.length >> 1] ?? 0;
    const mean = this.#secondSum / this.#seconds;
    const enough = this.#seconds >= MIN_SECONDS_FOR_DISPERSION && mean > 0;
    const variance = (this.#secondSquares - this.#seconds * mean * mean) / (this.#seconds - 1);
    return {
      rateRps: durationS > 0 ? this.arrived / durationS : 0,
      recentRatesRps,
      dispersion: enough ? Math.max(0, variance) / mean : null,
      peakToMedian: median > 0 ? Math.max(...recentRatesRps) / median : null,
      ...(this.#telemetry.arrivalTimes ? { timesMs: this.#times.slice(0, this.#timeCount) } : {}),
    };
  }

  serviceMetrics(): ServiceMetrics | null {
    if (this.batches === 0) return null;
    const meanMs = (this.serviceS / this.batches) * 1000;
    if (!this.#telemetry.serviceTimes) return { meanMs };
    const byBatch = Array.from(this.#batchesBySize, (batches, batchSize) => ({
      batchSize,
      meanMs: ((this.#serviceByBatchS[batchSize] ?? 0) / batches) * 1000,
      batches,
    })).filter(({ batches }) => batches > 0);
    const multipliers = Float64Array.from({ length: this.#sampled }, (_, i) => {
      const size = this.#sampleSize[i] ?? 0;
      return ((this.#sampleS[i] ?? 0) * (this.#batchesBySize[size] ?? 0)) / (this.#serviceByBatchS[size] ?? 1);
    });
    return { meanMs, byBatch, multipliers };
  }

  /** Begins a new window. */
  clear(nowS: number): void {
    this.histogram.clear();
    this.startS = nowS;
    this.#arrivedAtTick = 0;
    this.arrived = this.late = this.dropped = this.offloaded = 0;
    this.batches = this.batchedRequests = this.serviceS = this.costUsd = 0;
    this.#bins.fill(0, 0, this.#binCount + 1);
    this.#binCount = this.#binFill = 0;
    this.#binTicks = 1;
    this.#second = this.#secondTicks = this.#seconds = this.#secondSum = this.#secondSquares = 0;
    this.#timeCount = 0;
    this.#serviceByBatchS.fill(0);
    this.#batchesBySize.fill(0);
    this.#sampled = 0;
    this.#sampleEvery = this.#untilSample = 1;
  }

  #recentRates(): number[] {
    const bins = this.#binCount;
    if (bins === 0) return [];
    const binS = TICK_S * this.#binTicks;
    const groups = Math.min(MAX_RECENT_RATES, Math.max(1, Math.floor(bins * binS)));
    return Array.from({ length: groups }, (_, group) => {
      const from = Math.floor((group * bins) / groups);
      const to = Math.floor(((group + 1) * bins) / groups);
      let sum = 0;
      for (let bin = from; bin < to; bin++) sum += this.#bins[bin] ?? 0;
      return sum / ((to - from) * binS);
    });
  }

  /** A long window is kept in wider bins. */
  #halveBins(): void {
    for (let i = 0; i < MAX_BINS / 2; i++) {
      this.#bins[i] = (this.#bins[2 * i] ?? 0) + (this.#bins[2 * i + 1] ?? 0);
    }
    this.#bins.fill(0, MAX_BINS / 2);
    this.#binCount = MAX_BINS / 2;
    this.#binTicks *= 2;
  }

  /** A full sample keeps every other batch and from now on takes half as often. */
  #halveSample(): void {
    for (let i = 0; i < MAX_MULTIPLIERS / 2; i++) {
      this.#sampleSize[i] = this.#sampleSize[2 * i] ?? 0;
      this.#sampleS[i] = this.#sampleS[2 * i] ?? 0;
    }
    this.#sampled = MAX_MULTIPLIERS / 2;
    this.#sampleEvery *= 2;
  }
}
