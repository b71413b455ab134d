// What a control loop knows of its cluster between two observations: time, the last window, what is in force, what was good.

import type { ClusterState, Configuration, GuardContext } from "../core/index.ts";
import { FRESH_WINDOWS } from "../guards/index.ts";
import { type ActuationDelay, ActuationDelays } from "./actuation-delay.ts";
import type { Actuator } from "./actuator.ts";
import { dampedTrend } from "./forecast.ts";
import { type GoodConfiguration, goodBefore, goodInstead, nextGood } from "./last-good.ts";
import {
  checkClock,
  checkNumbers,
  nextRepetition,
  nextSetBack,
  type Repetition,
  type SetBack,
  withEarlierHistory,
} from "./observe.ts";
import type { ControlParts } from "./parts.ts";
import type { Resumption } from "./resume.ts";
import type { Standing } from "./standing.ts";
import { type Convergence, convergenceFault, nextConvergence } from "./verify.ts";

/** A clock that went back is believed when it has gone on from there for this many windows. */
const CLOCK_WINDOWS = 3;

/** A cluster's clock may run slower than time goes by, by this share of it, before its metrics count as late. */
const SLOW_CLOCK = 0.01;

/** One cluster as its loop sees it. */
export class ClusterView {
  readonly #parts: ControlParts;
  readonly #actuator: Actuator;
  readonly #resumption: Resumption;
  #observation: ClusterState | null = null;
  /** By how much time has gone on since the observation, as far as anybody can tell. */
  #elapsedS = 0;
  #good: readonly GoodConfiguration[] = [];
  #convergence: Convergence | null = null;
  #repetition: Repetition | null = null;
  #setBack: SetBack | null = null;
  readonly #delays = new ActuationDelays();
  readonly #delayS: Record<string, number> = {};

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
    checkNumbers(state);
    this.#checkClock(state);
    this.#repetition = nextRepetition(this.#repetition, state);
    // Metrics whose clock goes on by less than has gone by are of the past, and ever older.
    const seenS = this.#observation?.timeS ?? Number.NEGATIVE_INFINITY;
    this.#elapsedS = Math.max(0, seenS + (1 - SLOW_CLOCK) * this.#elapsedS - state.timeS);
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

  /** Why the metrics are taken to be late; null while they are fresh. */
  lateness({ metrics }: ClusterState): string | null {
    const late = this.#elapsedS > FRESH_WINDOWS * metrics.durationS;
    return late ? `the metrics are ${Math.round(this.#elapsedS)} s old` : null;
  }

  /** A good configuration other than what is in force, at a load like this one. */
  goodAtThisLoad(observation: ClusterState): GoodConfiguration | null {
    return goodInstead(this.#good, this.target, observation.metrics.arrivals.rateRps);
  }

  /** The latest good configuration other than what is in force, whatever the load. */
  goodBefore(): GoodConfiguration | null {
    return goodBefore(this.#good, this.target);
  }

  /** Notes a change that was sent. @param before in force, or on its way, until then */
  sent(timeS: number, before: Configuration, configuration: Configuration): void {
    this.#delays.sent(timeS, before, configuration);
  }

  /** Knobs that came into force by an observation, with how long each took. */
  arrived(observation: ClusterState): readonly ActuationDelay[] {
    const arrived = this.#delays.seen(observation);
    for (const { knob, delayS } of arrived) this.#delayS[knob] = delayS;
    return arrived;
  }

  /** Seconds each knob last took from being sent to being in force, as far as measured. */
  get delayS(): Readonly<Record<string, number>> {
    return this.#delayS;
  }

  /** What the guards may know. */
  guardContext(observation: ClusterState, { mode, budgetUsdPerHour }: Standing): GuardContext {
    const { context, committedUsdPerHour } = this.#parts;
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

  /** Refuses a clock that went back, until it has gone on from there for some windows; times of before are then moved. */
  #checkClock(state: ClusterState): void {
    const seenS = this.#observation?.timeS ?? null;
    if (seenS === null) {
      if (state.timeS < this.#resumption.timeS) this.#actuator.shift(state.timeS - this.#resumption.timeS);
      return;
    }
    const before = this.#setBack;
    this.#setBack = state.timeS < seenS ? nextSetBack(before, state.timeS) : null;
    if (this.#setBack === null || this.#setBack.windows < CLOCK_WINDOWS) {
      checkClock(state.timeS, seenS);
      return;
    }
    this.#actuator.shift(state.timeS - this.nowS);
    this.#setBack = null;
    this.#observation = null;
  }

  #fault(observation: ClusterState): string | null {
    return this.#convergence === null
      ? null
      : convergenceFault(this.#convergence, observation, this.#parts.adapter.knobs);
  }
}
