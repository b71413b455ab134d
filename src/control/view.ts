// What a control loop knows of its cluster between two observations: time, the last window, what is in force, what was good.

import type { ClusterState, Configuration, DecisionRecord, GuardContext, Mode } from "../core/index.ts";
import type { Actuator } from "./actuator.ts";
import { dampedTrend } from "./forecast.ts";
import { type GoodConfiguration, goodBefore, goodInstead, nextGood } from "./last-good.ts";
import { checkObservation, withEarlierHistory } from "./observe.ts";
import type { ControlParts } from "./parts.ts";
import type { Resumption } from "./resume.ts";
import { type Convergence, convergenceFault, nextConvergence } from "./verify.ts";

/** One cluster as its loop sees it. */
export class ClusterView {
  readonly #parts: ControlParts;
  readonly #actuator: Actuator;
  readonly #resumption: Resumption;
  #observation: ClusterState | null = null;
  #elapsedS = 0;
  #good: readonly GoodConfiguration[] = [];
  #convergence: Convergence | null = null;

  constructor(parts: ControlParts, actuator: Actuator, resumption: Resumption) {
    this.#parts = parts;
    this.#actuator = actuator;
    this.#resumption = resumption;
  }

  /** The last observation; null before the first. */
  get observation(): ClusterState | null {
    return this.#observation;
  }

  /** Cluster time. */
  get nowS(): number {
    return (this.#observation?.timeS ?? this.#resumption.timeS) + this.#elapsedS;
  }

  /** The latest configuration known to meet the SLO. */
  get lastGood(): GoodConfiguration | null {
    return this.#good.at(-1) ?? null;
  }

  /** What is in force, or will be: what was sent, unless the cluster has not heard of it for too long. */
  get target(): Configuration {
    const { sent } = this.#actuator;
    const seen = this.#observation;
    if (sent !== null && (seen === null || this.#fault(seen) === null)) return sent.configuration;
    return seen?.inFlight ?? seen?.configuration ?? {};
  }

  /** Notes that cluster time has gone by. */
  elapse(seconds: number): void {
    this.#elapsedS += seconds;
  }

  /** Observes the cluster. @throws {ObservationError} when it cannot, or what it tells cannot be true */
  async observe(): Promise<ClusterState> {
    const state = await this.#parts.adapter.observe();
    checkObservation(state, this.#observation?.timeS ?? null);
    this.#elapsedS = 0;
    this.#observation = withEarlierHistory(state, this.#resumption.history);
    this.#good = nextGood(this.#good, state, this.#parts.context.objective.slo[0]);
    return this.#observation;
  }

  /** The observation with a forecast: the adapter's own, or one from its history. */
  withForecast(observation: ClusterState): ClusterState {
    const forecast = observation.forecast ?? dampedTrend(observation, this.#parts.context.intervalS);
    return { ...observation, forecast };
  }

  /** Why the cluster is taken not to do as it was told; null while it does. @param told what was last sent before */
  verify(observation: ClusterState, told: Configuration | null): string | null {
    this.#convergence = nextConvergence(this.#convergence, told, observation);
    return this.#fault(observation);
  }

  /** A good configuration other than what is in force, at a load like this one. */
  goodAtThisLoad(observation: ClusterState): GoodConfiguration | null {
    return goodInstead(this.#good, this.target, observation.metrics.arrivals.rateRps);
  }

  /** The latest good configuration other than what is in force, whatever the load. */
  goodBefore(): GoodConfiguration | null {
    return goodBefore(this.#good, this.target);
  }

  /** What the model expects of a configuration in the coming interval; null where it cannot say. */
  expected(configuration: Configuration, observation: ClusterState): DecisionRecord["expected"] {
    const rateRps = observation.forecast?.ratesRps[0] ?? observation.metrics.arrivals.rateRps;
    const { objectiveMs, costUsdPerHour } = this.#parts.context.model.predict(configuration, { rateRps });
    return Number.isNaN(objectiveMs) || Number.isNaN(costUsdPerHour) ? null : { objectiveMs, costUsdPerHour };
  }

  /** What the guards may know. */
  guardContext(observation: ClusterState, mode: Mode): GuardContext {
    const { context, committedUsdPerHour, budgetUsdPerHour } = this.#parts;
    return {
      nowS: this.nowS,
      running: observation.configuration,
      inFlight: this.target,
      lastChangeS: this.#actuator.lastChangeS,
      changesS: this.#actuator.changesS,
      observation,
      lattice: context.space,
      objective: context.objective,
      mode,
      committedUsdPerHour,
      budgetUsdPerHour,
    };
  }

  #fault(observation: ClusterState): string | null {
    return this.#convergence === null
      ? null
      : convergenceFault(this.#convergence, observation, this.#parts.adapter.knobs);
  }
}
