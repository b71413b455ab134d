// A cluster in memory whose every answer the test decides, and that remembers every write.

import type { ClusterAdapter, ClusterState, Configuration, Knob, Trial, WindowMetrics } from "../../src/core/index.ts";
import { windowMetrics } from "../guards/context.ts";

/** Knobs of the fake: machines that cost money and a batch size that does not. */
export const fakeKnobs: readonly Knob[] = [
  { name: "replicas", values: [1, 2, 3, 4, 5, 6, 7, 8], actuation: "provision", actuationDelayS: 0, decideEveryS: 0 },
  { name: "maxBatchSize", values: [1, 2, 4], actuation: "hot", actuationDelayS: 0, decideEveryS: 0 },
];

/** One write. */
export interface Write {
  readonly configuration: Configuration;
  readonly trial: Trial | undefined;
}

/** Requests one replica serves in time. */
export const REPLICA_RPS = 40;

/** Latency is 20 ms below capacity and 1000 ms above; changes take effect at once. */
export class FakeCluster implements ClusterAdapter {
  readonly knobs = fakeKnobs;
  readonly writes: Write[] = [];
  timeS: number;
  rateRps = 100;
  configuration: Configuration;
  /** Thrown by the next observation. */
  nextObservation: unknown = null;
  /** Thrown by the next writes, one each. */
  readonly refusals: unknown[] = [];
  /** Changes what the next observation says. */
  distort: ((state: ClusterState) => ClusterState) | null = null;
  /** Changes what every observation says. */
  misreport: ((state: ClusterState) => ClusterState) | null = null;
  /** Writes are accepted and have no effect. */
  deaf = false;
  /** How long a write takes to come into force, in seconds. */
  delayS = 0;
  /** Windows it remembers: what a pass costs grows with them. */
  historyWindows = 360;
  canary: Configuration | null = null;
  /** Latency of the canary. */
  canaryMs = 20;
  #history: ClusterState["history"] = [];
  #coming: { readonly configuration: Configuration; readonly dueS: number } | null = null;

  constructor(configuration: Configuration, timeS = 0) {
    this.configuration = configuration;
    this.timeS = timeS;
  }

  async observe(): Promise<ClusterState> {
    const failure = this.nextObservation;
    this.nextObservation = null;
    if (failure !== null) throw failure;
    const metrics = this.#metrics(this.configuration);
    const window = {
      timeS: this.timeS,
      durationS: 60,
      arrivalRateRps: this.rateRps,
      peakRateRps: this.rateRps,
      objectiveMs: metrics.latency?.objectiveMs ?? null,
      missRatio: metrics.latency?.missRatio ?? 0,
      utilization: 0.5,
      queueLength: 0,
      costUsdPerHour: metrics.costUsdPerHour,
      configuration: this.configuration,
    };
    this.#history = [...this.#history, window].slice(-this.historyWindows);
    const canaryMetrics = this.#metrics(this.canary ?? this.configuration, this.canaryMs);
    const state: ClusterState = {
      timeS: this.timeS,
      metrics,
      fleet: {},
      configuration: this.configuration,
      inFlight: this.#coming?.configuration ?? null,
      canary: this.canary === null ? null : { configuration: this.canary, metrics: canaryMetrics },
      forecast: null,
      mask: null,
      history: this.#history,
    };
    const distorted = this.distort?.(state) ?? state;
    this.distort = null;
    return this.misreport?.(distorted) ?? distorted;
  }

  async apply(configuration: Configuration, trial?: Trial): Promise<void> {
    const failure = this.refusals.shift();
    if (failure !== undefined) throw failure;
    this.writes.push({ configuration, trial });
    if (this.deaf) return;
    this.canary = trial === undefined ? null : configuration;
    if (trial !== undefined) return;
    if (this.delayS > 0) this.#coming = { configuration, dueS: this.timeS + this.delayS };
    else this.configuration = configuration;
  }

  async advance(seconds: number): Promise<void> {
    this.timeS += seconds;
    if (this.#coming === null || this.timeS < this.#coming.dueS) return;
    this.configuration = this.#coming.configuration;
    this.#coming = null;
  }

  async close(): Promise<void> {}

  #metrics(configuration: Configuration, latencyMs?: number): WindowMetrics {
    const replicas = Number(configuration["replicas"]);
    const overloaded = this.rateRps > replicas * REPLICA_RPS;
    const ms = latencyMs ?? (overloaded ? 1000 : 20);
    const quiet = windowMetrics();
    return {
      ...quiet,
      durationS: 60,
      requests: this.rateRps * 60,
      arrivals: { rateRps: this.rateRps, recentRatesRps: [this.rateRps], dispersion: 1, peakToMedian: 1 },
      latency: {
        // No two windows of real traffic are the same to the last digit.
        meanMs: ms + 1e-6 * this.timeS,
        p50Ms: ms,
        p95Ms: ms,
        p99Ms: ms,
        objectiveMs: ms,
        missRatio: ms > 100 ? 1 : 0,
        resolution: 0,
      },
      costUsdPerHour: replicas,
      costUsd: replicas / 60,
    };
  }
}
