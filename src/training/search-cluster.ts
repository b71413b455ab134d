// The cluster of a search: windows of fresh arrivals under one configuration after another, and the state they leave.

import { type ClusterState, HISTORY_WINDOWS, type PastWindow, type WindowMetrics } from "../core/index.ts";
import type { SeededRandom } from "../math/index.ts";
import { MULTIPLIERS, type SearchProblem, serviceMultipliers, WindowArrivals } from "./search-problem.ts";
import { type Telemetry, WindowSimulator } from "./search-window.ts";

/** The cluster of one run: windows of fresh arrivals, and the state they leave. */
export class SearchCluster {
  readonly #random: SeededRandom;
  readonly #offsets: SeededRandom;
  readonly #telemetry: Telemetry;
  #problem: SearchProblem;
  #arrivals: WindowArrivals;
  #simulator: WindowSimulator;
  #times: Float64Array;
  #offset = 0;
  state: ClusterState;

  constructor(problem: SearchProblem, random: SeededRandom, telemetry: Telemetry) {
    this.#random = random;
    this.#telemetry = telemetry;
    this.#offsets = random.split("offsets");
    this.#problem = problem;
    this.#arrivals = new WindowArrivals(problem, random.split("arrivals"));
    this.#simulator = new WindowSimulator(problem, serviceMultipliers(problem, random.split("service")));
    this.#times = this.#arrivals.next();
    this.state = this.#before();
  }

  /** From the next window on the world is another one; what was seen so far stays. */
  change(problem: SearchProblem): void {
    const random = this.#random.split(`change to ${problem.name}`);
    this.#problem = problem;
    this.#arrivals = new WindowArrivals(problem, random.split("arrivals"));
    this.#simulator = new WindowSimulator(problem, serviceMultipliers(problem, random.split("service")));
  }

  /** Begins a new window. */
  begin(): void {
    this.#times = this.#arrivals.next();
    this.#offset = Math.floor(this.#offsets.next() * MULTIPLIERS);
  }

  /** The first `share` of the running window under configuration i. */
  serve(i: number, share: number): WindowMetrics {
    return this.#simulator.run(i, this.#times, this.#offset, share, this.#telemetry);
  }

  /** The state after a window, or during a trial. */
  after(i: number, metrics: WindowMetrics): ClusterState {
    const configuration = this.#problem.configurations[i] ?? this.state.configuration;
    const timeS = this.state.timeS + metrics.durationS;
    const past: PastWindow = {
      timeS,
      durationS: metrics.durationS,
      arrivalRateRps: metrics.arrivals.rateRps,
      peakRateRps: Math.max(metrics.arrivals.rateRps, ...metrics.arrivals.recentRatesRps),
      objectiveMs: metrics.latency?.objectiveMs ?? null,
      missRatio: metrics.latency?.missRatio ?? 0,
      utilization: metrics.utilization,
      queueLength: metrics.queueLength,
      costUsdPerHour: metrics.costUsdPerHour,
      configuration,
    };
    const history = [...this.state.history, past].slice(-HISTORY_WINDOWS);
    return { ...this.state, timeS, metrics, configuration, history, canary: null };
  }

  /** What is known before anything was measured: the load and the configuration to start from. */
  #before(): ClusterState {
    const { open, windowRequests } = this.#problem;
    const rateRps = open.plan.workload.meanRateRps;
    const seen: PastWindow = {
      timeS: 0,
      durationS: windowRequests / rateRps,
      arrivalRateRps: rateRps,
      peakRateRps: rateRps,
      objectiveMs: null,
      missRatio: 0,
      utilization: 0,
      queueLength: 0,
      costUsdPerHour: 0,
      configuration: open.initial,
    };
    return {
      timeS: 0,
      metrics: {
        durationS: 0,
        requests: 0,
        arrivals: { rateRps, recentRatesRps: [], dispersion: null, peakToMedian: null },
        latency: null,
        queueLength: 0,
        utilization: 0,
        meanBatchSize: null,
        service: null,
        dropped: 0,
        offloadedShare: 0,
        costUsdPerHour: 0,
        costUsd: 0,
      },
      fleet: {},
      configuration: open.initial,
      inFlight: null,
      canary: null,
      forecast: null,
      mask: null,
      history: [seen],
    };
  }
}
