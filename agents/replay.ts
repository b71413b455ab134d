// Replays recorded arrivals through the simulator's batch queue: what a configuration would have done with this traffic.
//
// Service times are the believed means by batch size times multipliers recorded from real batches, so that scatter and
// stragglers are learnt, not assumed. Screens use the first requests of the first trace; full runs pool all traces.

import type { Random } from "../src/core/index.ts";
import { exponential, lognormal } from "../src/math/index.ts";
import { BatchQueue, select } from "../src/simulator/batch-queue.ts";
import type { BatchServer } from "../src/slowdown/index.ts";

/** Recorded arrivals of one window, or made-up ones while there is none. */
export interface RecordedTrace {
  /** Ascending, from the window's start. */
  readonly timesMs: Float64Array;
  /** Requests at the start that count for nothing. */
  readonly warmup: number;
}

/** What a replay showed. */
export interface Replayed {
  /** Log of the latency in ms at the percentile. */
  readonly logLatency: number;
  /** Log of the mean latency in ms. */
  readonly logMean: number;
  readonly meanBatch: number;
  readonly meanServiceMs: number;
  /** Mean batch size of the late requests. */
  readonly tailBatch: number;
  readonly utilization: number;
}

/** Multipliers kept, and those collected before the guessed ones are dropped. */
const MOST_MULTIPLIERS = 16_384;
const ENOUGH_MULTIPLIERS = 1500;
const GUESSED_MULTIPLIERS = 2048;

/** Scatter of service times before any was seen. */
const GUESSED_CV = 0.1;

/** A batch is a straggler from this log ratio to the median on, or from so many standard deviations. */
const LEAST_STRAGGLER = 0.4;
const STRAGGLER_DEVIATIONS = 4;

/** How service times scatter around the mean of their batch size. */
export interface Scatter {
  /** Coefficient of variation, stragglers left out. */
  readonly cv: number;
  readonly stragglerShare: number;
  /** Median straggler over the median batch. */
  readonly stragglerFactor: number;
}

function scatterOf(multipliers: readonly number[]): Scatter {
  const count = multipliers.length;
  const logs = multipliers.map(Math.log).sort((a, b) => a - b);
  const at = (share: number): number => logs[Math.floor(share * (count - 1))] ?? 0;
  const cv = (at(0.84) - at(0.16)) / 2;
  const least = at(0.5) + Math.max(LEAST_STRAGGLER, STRAGGLER_DEVIATIONS * cv);
  const late = logs.filter((log) => log > least);
  const factor = late.length === 0 ? 1 : Math.exp((late[late.length >> 1] ?? 0) - at(0.5));
  return { cv, stragglerShare: late.length / count, stragglerFactor: factor };
}

/** Batches of requests later than this share of the percentile are the tail. */
const TAIL_SHARE = 0.9;

/** Poisson arrivals for the first decisions. */
export function poissonTrace(rateRps: number, requests: number, warmup: number, random: Random): RecordedTrace {
  const timesMs = new Float64Array(requests);
  let timeMs = 0;
  for (let i = 0; i < requests; i++) {
    timeMs += (1000 / rateRps) * exponential(random);
    timesMs[i] = timeMs;
  }
  return { timesMs, warmup };
}

/** A queue, a pool of multipliers and a percentile. */
export class Replay {
  readonly #percentile: number;
  readonly #queue = new BatchQueue();
  #recorded: number[] = [];
  #multipliers: Float64Array;
  #pooled = new Float64Array(0);
  #scatter: Scatter | null = null;

  constructor(percentile: number, random: Random) {
    this.#percentile = percentile;
    this.#multipliers = Float64Array.from({ length: GUESSED_MULTIPLIERS }, () => lognormal(random, GUESSED_CV));
  }

  /** How service times scatter around their means; null until enough were recorded. */
  get scatter(): Scatter | null {
    return this.#scatter;
  }

  /** Takes multipliers of real batches; the first 16,384 are kept. */
  record(multipliers: ArrayLike<number>): void {
    if (this.#recorded.length >= MOST_MULTIPLIERS) return;
    for (let i = 0; i < multipliers.length && this.#recorded.length < MOST_MULTIPLIERS; i++) {
      this.#recorded.push(multipliers[i] ?? 1);
    }
    if (this.#recorded.length < ENOUGH_MULTIPLIERS) return;
    const mean = this.#recorded.reduce((sum, one) => sum + one, 0) / this.#recorded.length;
    this.#multipliers = Float64Array.from(this.#recorded, (one) => one / mean);
    this.#scatter = scatterOf(this.#recorded);
  }

  /**
   * Runs a server on traces, one after the other, and pools their latencies.
   * @param serviceMs believed mean service time by batch size
   * @param mostRequests of each trace; the rest is left out
   */
  run(
    server: BatchServer,
    serviceMs: Float64Array,
    traces: readonly RecordedTrace[],
    mostRequests = Number.POSITIVE_INFINITY,
  ): Replayed {
    const total = traces.reduce((sum, trace) => sum + trace.timesMs.length, 0);
    if (this.#pooled.length < total) this.#pooled = new Float64Array(total);
    let filled = 0;
    let batches = 0;
    let requests = 0;
    let busyMs = 0;
    let tailWeighted = 0;
    let busyShare = 0;
    let latencyMs = 0;
    for (const trace of traces) {
      const result = this.#queue.run({
        arrivalsMs: trace.timesMs,
        requests: Math.min(mostRequests, trace.timesMs.length),
        instances: server.instances,
        maxBatch: server.maxBatch,
        maxDelayMs: server.maxDelayMs,
        serviceMs,
        multipliers: this.#multipliers,
        multiplierOffset: 0,
        warmup: trace.warmup,
      });
      filled = this.#queue.copyLatencies(this.#pooled, filled);
      batches += result.batches;
      requests += result.requests;
      busyMs += result.meanServiceMs * result.batches;
      busyShare += result.utilization * result.requests;
      latencyMs += result.meanLatencyMs * result.requests;
      tailWeighted +=
        this.#queue.tailBatchSize(TAIL_SHARE * this.#queue.quantileMs(this.#percentile)) * result.requests;
    }
    const rank = Math.min(filled - 1, Math.max(0, Math.ceil(this.#percentile * filled) - 1));
    return {
      logLatency: Math.log(select(this.#pooled, 0, filled, rank)),
      logMean: Math.log(latencyMs / requests),
      meanBatch: requests / batches,
      meanServiceMs: busyMs / batches,
      tailBatch: Math.max(1, tailWeighted / requests),
      utilization: busyShare / requests,
    };
  }

  save(): number[] {
    return [...this.#recorded];
  }

  restore(recorded: readonly number[]): void {
    this.#recorded = [];
    this.record(recorded);
  }
}

/** Arrival times as text, to the last bit. */
export function encodeTimes(times: Float64Array): string {
  return Buffer.from(times.buffer, times.byteOffset, times.byteLength).toString("base64");
}

/** The inverse of `encodeTimes`. */
export function decodeTimes(text: string): Float64Array {
  const bytes = Buffer.from(text, "base64");
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
