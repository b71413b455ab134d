// The simulated cluster: the adapter in which time costs nothing.

import {
  ActuationError,
  type ClusterAdapter,
  type ClusterState,
  ConfigError,
  type Configuration,
  type Forecast,
  History,
  type Knob,
  ObservationError,
  type Random,
  type Trial,
} from "../core/index.ts";
import { type HourScore, type SimulationPlan, type SimulationTotals, Simulator } from "../simulator/index.ts";
import { blurred } from "./observation-noise.ts";
import { refuseUnoffered } from "./offered.ts";

/** What a simulator tells at a moment. */
type Snapshot = ReturnType<Simulator["observe"]>;

/** What a simulated cluster is made from. */
export interface SimulatedClusterOptions {
  readonly plan: SimulationPlan;
  readonly random: Random;
  /** Expected arrivals from a moment on; no forecast when absent. */
  readonly forecast?: (timeS: number, history: ClusterState["history"]) => Forecast | null;
}

/** A cluster that exists only in the simulator; deterministic for its random. */
export class SimulatedCluster implements ClusterAdapter {
  readonly knobs: readonly Knob[];
  readonly #simulator: Simulator;
  readonly #options: SimulatedClusterOptions;
  readonly #chance: Random;
  readonly #history = new History();
  /** Taken and not told yet, or told last; oldest first. Only where observations are late. */
  #late: Snapshot[] = [];
  #told: ClusterState | null = null;

  /** @throws {ConfigError} when the initial configuration cannot run */
  constructor(options: SimulatedClusterOptions) {
    this.#options = options;
    this.knobs = options.plan.knobs;
    this.#simulator = new Simulator(options.plan, options.random);
    this.#chance = options.random.split("observation");
  }

  /** Seconds simulated so far. */
  get timeS(): number {
    return this.#simulator.timeS;
  }

  async observe(): Promise<ClusterState> {
    const { observation } = this.#options.plan;
    if (observation !== undefined && this.#chance.next() < observation.lossShare) {
      throw new ObservationError(`simulated cluster: expected metrics at ${this.timeS} s, found none: they were lost`);
    }
    if (observation === undefined || observation.delayS <= 0) return this.#tell(this.#simulator.observe());
    const arrived = this.#late.filter((snapshot) => snapshot.timeS <= this.timeS - observation.delayS);
    const newest = arrived[arrived.length - 1];
    if (newest === undefined) {
      if (this.#told !== null) return this.#told;
      throw new ObservationError(
        `simulated cluster: expected metrics at ${this.timeS} s, found none: the first come after ${observation.delayS} s`,
      );
    }
    this.#late = this.#late.slice(arrived.length);
    return this.#tell(newest);
  }

  async apply(configuration: Configuration, trial?: Trial): Promise<void> {
    refuseUnoffered(this.knobs, configuration);
    try {
      this.#simulator.configure(configuration, trial);
    } catch (cause) {
      if (cause instanceof ConfigError) throw new ActuationError(cause.message, { cause });
      throw cause;
    }
  }

  async advance(seconds: number): Promise<void> {
    const untilS = this.timeS + seconds;
    const delayS = this.#options.plan.observation?.delayS ?? 0;
    if (delayS > 0) {
      this.#simulator.run(Math.max(this.timeS, untilS - delayS));
      this.#late.push(this.#simulator.observe());
    }
    this.#simulator.run(untilS);
  }

  /** Hours in which nothing can change any more. */
  hours(): readonly HourScore[] {
    return this.#simulator.hours();
  }

  /** What the simulation came to so far. */
  totals(): SimulationTotals {
    return this.#simulator.totals();
  }

  async close(): Promise<void> {}

  #tell(snapshot: Snapshot): ClusterState {
    const noiseCv = this.#options.plan.observation?.noiseCv ?? 0;
    const metrics = noiseCv > 0 ? blurred(snapshot.metrics, noiseCv, this.#chance) : snapshot.metrics;
    const history = this.#history.add(snapshot.timeS, metrics, snapshot.configuration);
    this.#told = {
      ...snapshot,
      metrics,
      forecast: this.#options.forecast?.(snapshot.timeS, history) ?? null,
      mask: null,
      history,
    };
    return this.#told;
  }
}
