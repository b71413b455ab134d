// A simulated cluster under its knobs: configurations come into force, canaries run, windows and totals are told.

import type { ClusterState, Configuration, Random, Trial } from "../core/index.ts";
import { type ClusterParts, clusterParts } from "./cluster-parts.ts";
import { Fleet, NO_FAILURES } from "./fleet.ts";
import { READY, RESTARTING } from "./hosts.ts";
import { setLimits } from "./lane.ts";
import { clusterState } from "./observation.ts";
import { PendingKnobs } from "./pending-knobs.ts";
import type { SimulationPlan } from "./plan.ts";
import type { Pool } from "./pool.ts";
import { RequestFlow } from "./request-flow.ts";
import type { HourScore } from "./score.ts";
import { type HostSettings, serviceTable } from "./service-times.ts";
import { readSettings, type Settings } from "./settings.ts";
import { hoursOf, type SimulationTotals, totalsOf } from "./totals.ts";

const HOUR_S = 3600;

/** A configuration on trial. */
interface Canary {
  readonly configuration: Configuration;
  /** Of the traffic; 1 where the cluster cannot split it. */
  readonly share: number;
}

/** Everything but arrivals and the passing of time, which the simulator owns. */
export class Cluster {
  readonly flow: RequestFlow;
  readonly fleet: Fleet;
  readonly parts: ClusterParts;
  readonly #pending: PendingKnobs;
  readonly #tableByKey = new Map<string, number>();
  #settings: Settings;
  #canary: Canary | null = null;
  /** Requests that arrived before the window that is open. */
  #arrivedBefore = 0;

  /** @throws {ConfigError} when the initial configuration cannot run */
  constructor(plan: SimulationPlan, random: Random) {
    this.#settings = readSettings(plan, plan.initial);
    const parts = clusterParts(plan, random, (arrivalS, lane) => this.flow.drop(arrivalS, lane));
    this.parts = parts;
    this.fleet = new Fleet({
      ...parts,
      random: random.split("machines"),
      failures: plan.failures ?? NO_FAILURES,
      quotas: plan.quotas ?? {},
      makeBeforeBreak: plan.knobs.some(({ name }) => name === "instanceType"),
      onLoss: (host) => this.flow.lose(host),
    });
    this.flow = new RequestFlow(parts, this.fleet, random.split("canary"));
    this.#pending = new PendingKnobs(plan.knobs, plan.initial);
    parts.billing.scoring = parts.score.counts(0);
    this.#equip(0, this.#settings, 0);
    setLimits(parts.lanes[0], this.#settings);
    this.fleet.want(this.#wantedOnDemand(), this.#settings.spot, true);
    this.flow.steer(0);
  }

  /** @returns the moments at which parts of the configuration come into force */
  configure(configuration: Configuration, trial: Trial | undefined): number[] {
    const { plan, clock, windows } = this.parts;
    const wanted: Configuration = { ...(this.#pending.inFlight ?? this.#pending.running), ...configuration };
    const settings = readSettings(plan, wanted);
    this.#endTrial(wanted);
    if (trial !== undefined) {
      const share = this.#startCanary(settings, wanted, trial.share);
      this.#canary = { configuration: wanted, share };
      windows[1].clear(clock.timeS);
      this.flow.steer(share);
      if (share < 1) return [];
    }
    const moments = this.#pending.accept(wanted, clock.timeS);
    if (moments[0] === clock.timeS) this.settle();
    return moments;
  }

  /** Brings into force the knobs that are due. */
  settle(): void {
    const { plan, clock, lanes } = this.parts;
    const changed = this.#pending.settle(clock.timeS);
    if (changed.length === 0) return;
    this.#settings = readSettings(plan, this.#pending.running);
    // A change that needs no restart must not spare the machines that still await theirs.
    const awaitedS = this.fleet.restarting ? (this.fleet.life.lane(0)?.restartS ?? 0) : 0;
    this.#equip(0, this.#settings, Math.max(awaitedS, this.#pending.restartS(changed)));
    setLimits(lanes[0], this.#settings);
    this.fleet.rollOut(0);
    this.fleet.want(this.#wantedOnDemand(), this.#settings.spot);
    this.flow.steer(this.#canary?.share ?? 0);
    this.flow.pump();
  }

  /** Turns scoring on or off as the moment says; returns when it changes next. */
  score(): number {
    const { billing, score, clock } = this.parts;
    billing.accrue(clock.timeS);
    billing.scoring = score.counts(clock.timeS);
    return score.nextChangeS(clock.timeS);
  }

  /** A quarter second ends: windows count the arrivals in it. */
  tick(): void {
    const { windows } = this.parts;
    windows[0].arrived = this.flow.arrived - this.#arrivedBefore;
    windows[0].tick();
    if (this.#canary !== null) windows[1].tick();
  }

  /** The window since the last call. */
  observe(): Omit<ClusterState, "history" | "forecast" | "mask"> {
    const { billing, clock, windows, lanes, service, pools } = this.parts;
    billing.accrue(clock.timeS);
    for (const station of this.flow.stations) station.expire();
    windows[0].arrived = this.flow.arrived - this.#arrivedBefore;
    this.#arrivedBefore = this.flow.arrived;
    const state = clusterState({
      timeS: clock.timeS,
      windows,
      lanes,
      utilization: service.utilization(pools.length === 0 ? 0 : windows[0].serviceS),
      fleet: pools.length === 0 ? {} : this.fleet.count(),
      configuration: this.#pending.running,
      inFlight: this.#pending.inFlight ?? (this.fleet.restarting ? this.#pending.running : null),
      canary: this.#canary,
      usdPerHour: billing.usdPerHour,
    });
    for (const window of windows) window.clear(clock.timeS);
    return state;
  }

  /** Hours in which nothing can change any more. */
  hours(): readonly HourScore[] {
    const { clock, score } = this.parts;
    const latestS = clock.timeS - score.longestLimitMs / 1000;
    return hoursOf(this.parts, this.flow).filter(({ hour }) => (hour + 1) * HOUR_S < latestS);
  }

  /** What counted since scoring began. */
  totals(): SimulationTotals {
    this.parts.billing.accrue(this.parts.clock.timeS);
    for (const station of this.flow.stations) station.expire();
    return totalsOf(this.parts, this.flow, this.fleet.counts);
  }

  /** The machine of a host plan is always there. */
  #wantedOnDemand(): readonly number[] {
    return this.parts.plan.host === null ? this.#settings.onDemand : [1];
  }

  /** Moves a share of the machines to the canary; returns the share of traffic it gets, 1 when it cannot split. */
  #startCanary(settings: Settings, configuration: Configuration, share: number): number {
    const { hosts, pools, plan, lanes } = this.parts;
    if (share >= 1) return 1;
    if (pools.length === 0) {
      setLimits(lanes[1], settings);
      return share;
    }
    const ready = hosts.select((host) => hosts.state[host] === READY);
    if (plan.host !== null || ready.length < 2) return 1;
    const step = Math.max(2, Math.round(1 / share));
    const chosen = ready.filter((_, i) => i % step === 0);
    const restartS = this.#restartBetween(this.#pending.running, configuration);
    this.#equip(1, settings, restartS);
    setLimits(lanes[1], settings);
    for (const host of chosen) this.fleet.life.restart(host, 1, restartS);
    return chosen.length / ready.length;
  }

  /** The canary's machines and requests come back; those already running as `next` says are not restarted. */
  #endTrial(next: Configuration): void {
    const canary = this.#canary;
    if (canary === null) return;
    const { hosts, windows, clock } = this.parts;
    this.#canary = null;
    windows[1].clear(clock.timeS);
    if (canary.share < 1) {
      const restartS = this.#restartBetween(canary.configuration, next);
      for (const host of hosts.select((row) => this.#isCanary(row))) this.fleet.life.restart(host, 0, restartS);
      this.flow.mergeLanes();
    }
    this.flow.steer(0);
    this.flow.pump();
  }

  #isCanary(host: number): boolean {
    const { hosts } = this.parts;
    if (hosts.state[host] === RESTARTING) return hosts.nextLane[host] === 1;
    return hosts.state[host] === READY && hosts.lane[host] === 1;
  }

  /** How long a machine is out between two configurations. */
  #restartBetween(from: Configuration, to: Configuration): number {
    return this.#pending.restartS(Object.keys(to).filter((name) => from[name] !== to[name]));
  }

  #equip(lane: number, settings: Settings, restartS: number): void {
    const tables = this.parts.pools.map((pool, index) => this.#tableOf(pool, index, settings));
    this.fleet.life.setLane(lane, { settings: settings.host, tables, restartS });
  }

  /** Index of the service table of a pool under given settings; made once. */
  #tableOf(pool: Pool, index: number, { host, maxBatchSize }: Settings): number {
    const { batches, service, plan } = this.parts;
    const largest = Math.max(maxBatchSize, batches.stride);
    const key = `${index}/${keyOf(host)}/${largest}`;
    const known = this.#tableByKey.get(key);
    if (known !== undefined) return known;
    const table = service.tables.push(serviceTable(pool.machine, host, plan.reality, largest)) - 1;
    this.#tableByKey.set(key, table);
    return table;
  }
}

function keyOf({ concurrency, intraOpThreads, interOpThreads, tensorParallel }: HostSettings): string {
  return [concurrency, intraOpThreads, interOpThreads, tensorParallel].join("/");
}
