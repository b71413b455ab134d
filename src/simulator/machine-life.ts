// One machine's life: it is rented, equipped, opened, restarted, drained, lost, given back.

import { type Billing, roundingS } from "./billing.ts";
import type { Clock } from "./clock.ts";
import type { EventQueue } from "./event-queue.ts";
import { eventOf, RESTART_END } from "./events.ts";
import { DRAINING, type Hosts, READY, RESTARTING } from "./hosts.ts";
import type { MachineStation } from "./machine-station.ts";
import type { Pool } from "./pool.ts";
import type { HostSettings } from "./service-times.ts";

/** What machines of a lane should run with. */
export interface LaneSettings {
  readonly settings: HostSettings;
  /** Service table by pool. */
  readonly tables: readonly number[];
  /** How long a machine is out when it takes these settings. */
  readonly restartS: number;
}

/** What machines' lives need. */
export interface LifeParts {
  readonly clock: Clock;
  readonly pools: readonly Pool[];
  readonly hosts: Hosts;
  readonly events: EventQueue;
  readonly billing: Billing;
  /** Station of a lane. */
  readonly station: (lane: number) => MachineStation;
  /** The batches on a machine and waiting at it are lost with it. */
  readonly onLoss: (host: number) => void;
}

/** Sorts of events one machine may await at a time. */
export const COMING = 0;
export const NOTICE = 1;
export const LOSS = 2;
export const FAILURE = 3;

const NOT_BILLED = -1;

/** Moves machines from state to state and keeps their bills. */
export class MachineLife {
  readonly #parts: LifeParts;
  readonly #lanes: LaneSettings[] = [];

  constructor(parts: LifeParts) {
    this.#parts = parts;
  }

  /** Settings machines of a lane take when they next become ready. */
  setLane(lane: number, settings: LaneSettings): void {
    this.#lanes[lane] = settings;
  }

  lane(lane: number): LaneSettings | undefined {
    return this.#lanes[lane];
  }

  /** Notes that an event will come to a machine. */
  expect(host: number, sort: number, timeS: number, kind: number): void {
    if (timeS === Number.POSITIVE_INFINITY) return;
    const { hosts, events } = this.#parts;
    events.push(timeS, eventOf(kind, host));
    hosts.expect(host, sort, events.pushedSequence);
  }

  /** A machine that is not billed yet. */
  enter(host: number, pool: number, market: number, zone: number, units: number): void {
    const { hosts } = this.#parts;
    hosts.pool[host] = pool;
    hosts.market[host] = market;
    hosts.zone[host] = zone;
    hosts.lane[host] = hosts.nextLane[host] = 0;
    hosts.units[host] = units;
    hosts.billedFromS[host] = NOT_BILLED;
  }

  /** Billing begins. */
  rent(host: number): void {
    const { hosts, clock } = this.#parts;
    hosts.billedFromS[host] = clock.timeS;
    this.#pay(host);
  }

  /** A launched machine is there. */
  become(host: number): void {
    const { hosts } = this.#parts;
    if (hosts.billedFromS[host] === NOT_BILLED) this.rent(host);
    this.equip(host);
    this.open(host);
  }

  open(host: number): void {
    const { hosts, station } = this.#parts;
    hosts.state[host] = READY;
    station(hosts.lane[host] ?? 0).open(host);
  }

  close(host: number): void {
    const { hosts, station } = this.#parts;
    if (hosts.state[host] === READY) station(hosts.lane[host] ?? 0).close(host);
  }

  /** Gives a machine its lane's settings, and rents more or less where they say so. */
  equip(host: number): void {
    const { hosts } = this.#parts;
    const lane = this.#lanes[hosts.lane[host] ?? 0];
    if (lane === undefined) return;
    this.#stopPaying(host);
    hosts.table[host] = lane.tables[hosts.pool[host] ?? 0] ?? 0;
    hosts.units[host] = lane.settings.tensorParallel;
    this.#pay(host);
  }

  /** A machine finishes what it has, is out for `restartS`, and comes back with the settings of a lane. */
  restart(host: number, lane: number, restartS: number): void {
    const { hosts } = this.#parts;
    this.close(host);
    hosts.state[host] = RESTARTING;
    hosts.restartS[host] = restartS;
    hosts.nextLane[host] = lane;
    if (hosts.busy[host] === 0) this.#goOut(host);
  }

  /** A machine finishes what it has and is given back. */
  drain(host: number): void {
    const { hosts } = this.#parts;
    this.close(host);
    hosts.state[host] = DRAINING;
    if (hosts.busy[host] === 0) this.end(host);
  }

  /** A machine that takes no new work has nothing left to do. */
  idled(host: number): void {
    const { hosts } = this.#parts;
    if (hosts.state[host] === DRAINING) this.end(host);
    else if (hosts.state[host] === RESTARTING) this.#goOut(host);
  }

  /** A machine is gone, with all it had. */
  lose(host: number): void {
    this.close(host);
    this.#parts.onLoss(host);
    this.end(host);
  }

  /** A machine is given back: its bill is rounded up. */
  end(host: number): void {
    const { hosts, pools, billing, clock } = this.#parts;
    const fromS = hosts.billedFromS[host] ?? NOT_BILLED;
    if (fromS !== NOT_BILLED) {
      this.#stopPaying(host);
      const rule = pools[hosts.pool[host] ?? 0]?.billing;
      const extraS = rule === undefined ? 0 : roundingS(rule, clock.timeS - fromS);
      const usd = extraS * (hosts.usdPerS[host] ?? 0) * (hosts.units[host] ?? 1);
      if (usd > 0) billing.charge(hosts.lane[host] ?? 0, hosts.market[host] ?? 0, usd, clock.timeS);
    }
    hosts.release(host);
  }

  #goOut(host: number): void {
    const { hosts, clock } = this.#parts;
    const lane = hosts.nextLane[host] ?? 0;
    if (hosts.lane[host] !== lane) {
      this.#stopPaying(host);
      hosts.lane[host] = lane;
      this.#pay(host);
    }
    this.expect(host, COMING, clock.timeS + (hosts.restartS[host] ?? 0), RESTART_END);
  }

  #pay(host: number): void {
    const { hosts, pools } = this.#parts;
    const settings = this.#lanes[hosts.lane[host] ?? 0]?.settings;
    const pool = pools[hosts.pool[host] ?? 0];
    if (settings === undefined || pool === undefined) return;
    hosts.usdPerS[host] = pool.usdPerS(settings, hosts.market[host] ?? 0);
    this.#rate(host, 1);
  }

  #stopPaying(host: number): void {
    this.#rate(host, -1);
  }

  #rate(host: number, sign: number): void {
    const { hosts, billing, clock } = this.#parts;
    billing.rent(
      clock.timeS,
      hosts.lane[host] ?? 0,
      hosts.market[host] ?? 0,
      hosts.pool[host] ?? 0,
      sign * (hosts.units[host] ?? 1),
      hosts.usdPerS[host] ?? 0,
    );
  }
}
