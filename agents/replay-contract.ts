// What the search of region-sim is set by and works on.

import type { Objective } from "../src/core/index.ts";
import type {
  BatchServer,
  CandidateSet,
  PriorService,
  ResidualEstimator,
  ServiceSurface,
} from "../src/slowdown/index.ts";
import type { Replay } from "./replay.ts";
import type { SimulatedLatency } from "./simulated-latency.ts";

/** Settings of the search; the design's parameters in `REPLAY_SEARCH`. */
export interface ReplaySearchSettings {
  /** Risk earned per decision, in windows of exposure; α/8 after an aborted canary. */
  readonly alpha: number;
  readonly initialBank: number;
  /** Windows of exposure an aborted trial costs. */
  readonly abortCost: number;
  /** Probability of being safe below which nothing is tried, and below which a canary is rolled back. */
  readonly leastProbability: number;
  readonly abortProbability: number;
  /** Relative gains of cost and of latency below which nothing is tried. */
  readonly minGain: number;
  readonly minLatencyGain: number;
  readonly tau0: number;
  /** Simulations per decision, on the first one, and for the background sweep. */
  readonly simulations: number;
  readonly firstSimulations: number;
  readonly sweep: number;
  /** Simulations a decision that bring older ones up to all traces. */
  readonly refreshes: number;
  readonly cone: boolean;
  readonly learnService: boolean;
  readonly controlVariate: boolean;
  /** Whether limits nobody configured are looked for. */
  readonly criticism: boolean;
}

/** The design's parameters. */
export const REPLAY_SEARCH: ReplaySearchSettings = {
  alpha: 0.15,
  initialBank: 0.3,
  abortCost: 0.15,
  leastProbability: 0.1,
  abortProbability: 0.3,
  minGain: 0.003,
  minLatencyGain: 0.002,
  tau0: 0.1,
  simulations: 40,
  firstSimulations: 80,
  sweep: 40,
  refreshes: 12,
  cone: true,
  learnService: true,
  controlVariate: true,
  criticism: true,
};

/** What the search works on. */
export interface ReplayParts {
  readonly candidates: CandidateSet;
  readonly objective: Objective;
  /** One server of each machine, and the machine of each configuration. */
  readonly machines: readonly BatchServer[];
  readonly machineOf: Int32Array;
  readonly surface: ServiceSurface;
  readonly replay: Replay;
  readonly latency: SimulatedLatency;
  readonly estimator: ResidualEstimator;
  /** Mean service time as fitted to the profiled points. */
  readonly profiledMs: PriorService;
  /** Predicted cost per hour of configuration i at an expected batch. */
  readonly usdPerHour: (i: number, expected: { readonly batch: number; readonly serviceMs: number }) => number;
  /** Whether cost grows with service time, as functions' does. */
  readonly costFollowsService: boolean;
}
