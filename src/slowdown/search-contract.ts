// What a careful search is set by, given and asked: settings, the model of a load, windows, and the next step.

import type { LatencyTable } from "./latency-table.ts";
import type { WindowTail } from "./pooled-tail.ts";
import type { RiskBankSettings } from "./risk-bank.ts";

/** Settings of the search; the design's parameters in `SEARCH`. */
export interface SearchSettings extends RiskBankSettings {
  /** Relative improvement below which nothing new is tried. */
  readonly minGain: number;
  /** First guess of the slowdown's spread. */
  readonly tau0: number;
  readonly noise: number;
  readonly cone: boolean;
  /** Whether measured service times count as observations at the batch size actually reached. */
  readonly pseudoObservations: boolean;
  /** Weight of observations made at other load levels. */
  readonly otherLevelWeight: number;
  /** Expected gain, as past promises were kept, below which nothing is tried. */
  readonly stop: number;
  /** Promised gain that counts as kept beforehand. */
  readonly trust: number;
}

/** The design's parameters. */
export const SEARCH: SearchSettings = {
  alpha: 0.3,
  initial: 0.3,
  patience: 10,
  minGain: 0.03,
  tau0: 0.25,
  noise: 0.03,
  cone: true,
  pseudoObservations: true,
  otherLevelWeight: 0.3,
  stop: 0.003,
  trust: 1,
};

/** The model of one load level: what the search knows before it measures. */
export interface LoadModel {
  /** Latency over many windows, whose rates stray. */
  readonly table: LatencyTable;
  /** Latency of a window at the load's own rate: what turns measured latencies into slowdowns. */
  readonly windowTable: LatencyTable;
  /** Log of the predicted cost, shape [configurations]. */
  readonly logCost: Float64Array;
  /** Predicted mean service time in ms; null without a prior. */
  readonly serviceMs: ((i: number, batch: number) => number) | null;
}

/** What a window showed of one configuration. */
export interface Measured {
  /** At the objective's percentile. */
  readonly latencyMs: number;
  /** Of its latencies. */
  readonly tail: WindowTail;
  readonly utilization: number;
  readonly meanBatchSize: number | null;
  readonly serviceMs: number | null;
  readonly costUsdPerHour: number;
  /** A canary that was rolled back, or another part of a window. */
  readonly short: boolean;
}

/** What to run next. */
export interface NextStep {
  readonly index: number;
  /** Not measured at this load level before. */
  readonly fresh: boolean;
  readonly probability: number;
  readonly reason: string;
}
