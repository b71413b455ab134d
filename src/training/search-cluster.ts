// The cluster of a search: windows of fresh arrivals under one configuration after another, and the state they leave.

import type { ClusterState, WindowMetrics } from "../core/index.ts";
import type { SeededRandom } from "../math/index.ts";
import { MULTIPLIERS, type SearchProblem, serviceMultipliers, WindowArrivals } from "./search-problem.ts";
import { type Telemetry, WindowSimulator } from "./search-window.ts";
import { stateAfter, stateBefore } from "./window-state.ts";

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
    return { ...stateAfter(this.state, configuration, metrics), canary: null };
  }

  /** What is known before anything was measured: the load and the configuration to start from. */
  #before(): ClusterState {
    const { open, windowRequests } = this.#problem;
    const rateRps = open.plan.workload.meanRateRps;
    const before = stateBefore(open.initial, rateRps);
    const durationS = windowRequests / rateRps;
    const seen = stateAfter(before, open.initial, { ...before.metrics, durationS }).history;
    return { ...before, history: seen.map((past) => ({ ...past, timeS: 0 })) };
  }
}
