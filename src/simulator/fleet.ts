// The life of machines: launched, ready, draining, gone; spot notices, crashes, zones that fail, rolling restarts.

import type { FleetCount, Random } from "../core/index.ts";
import { type Billing, roundingS } from "./billing.ts";
import { drawDurationS, drawWaitS } from "./durations.ts";
import type { EventQueue } from "./event-queue.ts";
import {
  CAPACITY,
  CRASH,
  eventOf,
  LAUNCH_END,
  RECONCILE,
  RESTART_END,
  SPOT_LOSS,
  SPOT_NOTICE,
  ZONE_DOWN,
  ZONE_UP,
} from "./events.ts";
import { DRAINING, GONE, type Hosts, LAUNCHING, READY, RESTARTING } from "./hosts.ts";
import type { MachineStation } from "./machine-station.ts";
import type { FailurePlan } from "./plan.ts";
import { capacityAt, type Pool } from "./pool.ts";
import type { HostSettings } from "./service-times.ts";

/** Machines out at once in a rolling restart, as a share of those in use; at least one. */
const ROLLING_SHARE = 0.25;

/** Nothing fails. */
export const NO_FAILURES: FailurePlan = {
  launchFailureShare: 0,
  crashesPerHour: 0,
  launchRetryS: 30,
  spotNoticeS: 120,
  lostRequests: "retry",
  zones: { count: 1, outagesPerHour: 0, outageS: { constant: 0 } },
};

/** What machines of a lane should run with. */
export interface LaneSettings {
  readonly settings: HostSettings;
  /** Service table by pool. */
  readonly tables: readonly number[];
  /** How long a machine is out when it takes these settings. */
  readonly restartS: number;
}

/** Counters of what went wrong. */
export interface FleetCounts {
  launches: number;
  failedLaunches: number;
  refusedLaunches: number;
  spotNotices: number;
  losses: number;
  crashes: number;
  zoneOutages: number;
}

/** What the fleet works on. */
export interface FleetParts {
  readonly pools: readonly Pool[];
  readonly hosts: Hosts;
  readonly events: EventQueue;
  readonly billing: Billing;
  readonly random: Random;
  readonly failures: FailurePlan;
  readonly quotas: { readonly vcpus?: number; readonly gpus?: number };
  /** Whether machines of other types stay until the chosen type is ready. */
  readonly makeBeforeBreak: boolean;
  /** Station of a lane. */
  readonly station: (lane: number) => MachineStation;
  /** The batches on a machine and waiting at it are lost with it. */
  readonly onLoss: (host: number, timeS: number) => void;
}

const SORT: Readonly<Record<number, number>> = {
  [LAUNCH_END]: 0,
  [RESTART_END]: 0,
  [SPOT_NOTICE]: 1,
  [SPOT_LOSS]: 2,
  [CRASH]: 3,
};

/** Launches, drains and loses machines so that those wanted are there. */
export class Fleet {
  readonly counts: FleetCounts = {
    launches: 0,
    failedLaunches: 0,
    refusedLaunches: 0,
    spotNotices: 0,
    losses: 0,
    crashes: 0,
    zoneOutages: 0,
  };
  readonly #parts: FleetParts;
  readonly #lanes: LaneSettings[] = [];
  readonly #zoneUp: boolean[];
  /** Machines wanted, shape [pools][markets]. */
  #wanted: (readonly [number, number])[];
  #reconcileAtS = Number.POSITIVE_INFINITY;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.#zoneUp = new Array<boolean>(Math.max(1, parts.failures.zones.count)).fill(true);
    this.#wanted = parts.pools.map(() => [0, 0]);
    this.#zoneUp.forEach((_, zone) => {
      this.#expectOutage(zone, 0);
    });
    parts.pools.forEach((pool, index) => {
      for (const { fromS } of pool.spotCapacity) if (fromS > 0) parts.events.push(fromS, eventOf(CAPACITY, index));
    });
  }

  /** Settings machines of a lane take when they next become ready. */
  setLane(lane: number, settings: LaneSettings): void {
    this.#lanes[lane] = settings;
  }

  /** Machines wanted from now on, by pool. At `atOnce` they are simply there. */
  want(onDemand: readonly number[], spot: readonly number[], timeS: number, atOnce = false): void {
    this.#wanted = this.#parts.pools.map((_, pool) => [onDemand[pool] ?? 0, spot[pool] ?? 0]);
    if (!atOnce) {
      this.reconcile(timeS);
      return;
    }
    this.#wanted.forEach((markets, pool) => {
      markets.forEach((count, market) => {
        for (let i = 0; i < count; i++) {
          const host = this.#allocate(pool, market, timeS);
          if (host >= 0) this.#becomeReady(host, timeS);
        }
      });
    });
  }

  /** Handles an event about a machine, a zone or a market; false when it concerns nothing any more. */
  handle(kind: number, number: number, sequence: number, timeS: number): void {
    if (kind === RECONCILE) {
      this.#reconcileAtS = Number.POSITIVE_INFINITY;
      this.reconcile(timeS);
    } else if (kind === ZONE_DOWN) this.#zoneDown(number, timeS);
    else if (kind === ZONE_UP) {
      this.#zoneUp[number] = true;
      this.#expectOutage(number, timeS);
      this.reconcile(timeS);
    } else if (kind === CAPACITY) this.#capacityChanged(number, timeS);
    else if (this.#parts.hosts.expected(number, SORT[kind] ?? 0, sequence)) this.#handleHost(kind, number, timeS);
  }

  /** A machine has nothing left to do. */
  idled(host: number, timeS: number): void {
    const { hosts } = this.#parts;
    if (hosts.state[host] === DRAINING) this.#end(host, timeS);
    else if (hosts.state[host] === RESTARTING) this.#goOut(host, timeS);
  }

  /** Every machine of a lane takes the lane's settings: at once, or in a rolling restart. */
  rollOut(lane: number, timeS: number): void {
    const { hosts } = this.#parts;
    const wanted = this.#lanes[lane];
    if (wanted === undefined) return;
    const stale = hosts.select(
      (host) =>
        hosts.state[host] === READY &&
        hosts.lane[host] === lane &&
        hosts.table[host] !== wanted.tables[hosts.pool[host] ?? 0],
    );
    if (wanted.restartS <= 0) {
      for (const host of stale) {
        this.#parts.station(lane).close(host, timeS);
        this.#equip(host, timeS);
        this.#parts.station(lane).open(host, timeS);
      }
      return;
    }
    const inUse = hosts.select((host) => hosts.state[host] === READY || hosts.state[host] === RESTARTING).length;
    const out = hosts.select((host) => hosts.state[host] === RESTARTING).length;
    const allowed = Math.max(1, Math.floor(inUse * ROLLING_SHARE)) - out;
    for (const host of stale.slice(0, Math.max(0, allowed))) this.#restart(host, lane, timeS);
  }

  /** Moves ready machines to a lane, where they begin with that lane's settings. */
  move(hosts: readonly number[], lane: number, timeS: number): void {
    for (const host of hosts) this.#restart(host, lane, timeS);
  }

  /** Whether a rolling restart is going on. */
  get restarting(): boolean {
    const { hosts } = this.#parts;
    return hosts.select((host) => hosts.state[host] === RESTARTING).length > 0;
  }

  /** Machines by type; of a tensor-parallel group every machine counts. */
  count(): Record<string, FleetCount> {
    const { hosts, pools } = this.#parts;
    return Object.fromEntries(
      pools.map((pool, index) => {
        const units = (accept: (host: number) => boolean): number =>
          hosts
            .select((host) => hosts.pool[host] === index && accept(host))
            .reduce((sum, host) => sum + (hosts.units[host] ?? 1), 0);
        return [
          pool.name,
          {
            ready: units((host) => hosts.state[host] === READY || hosts.state[host] === RESTARTING),
            launching: units((host) => hosts.state[host] === LAUNCHING),
            draining: units((host) => hosts.state[host] === DRAINING),
            spot: units((host) => hosts.market[host] === 1),
          },
        ];
      }),
    );
  }

  /** Launches what is missing and drains what is too much. */
  reconcile(timeS: number): void {
    const { pools, hosts, makeBeforeBreak } = this.#parts;
    const missing = this.#wanted.some(([onDemand], pool) => {
      const ready = hosts.select((host) => hosts.pool[host] === pool && hosts.state[host] === READY).length;
      return onDemand > ready;
    });
    for (let pool = 0; pool < pools.length; pool++) {
      for (let market = 0; market < 2; market++) {
        const wanted = this.#wanted[pool]?.[market] ?? 0;
        const present = hosts.select(
          (host) =>
            hosts.pool[host] === pool &&
            hosts.market[host] === market &&
            (hosts.state[host] === LAUNCHING || hosts.state[host] === READY || hosts.state[host] === RESTARTING),
        );
        for (let i = present.length; i < wanted; i++) {
          if (!this.#launch(pool, market, timeS)) break;
        }
        if (present.length > wanted && !(makeBeforeBreak && wanted === 0 && missing)) {
          this.#shrink(present, present.length - wanted, timeS);
        }
      }
    }
  }

  #handleHost(kind: number, host: number, timeS: number): void {
    const { failures, random } = this.#parts;
    if (kind === LAUNCH_END) {
      if (failures.launchFailureShare > 0 && random.next() < failures.launchFailureShare) {
        this.counts.failedLaunches += 1;
        this.#parts.hosts.release(host);
        this.#retryLater(timeS);
      } else this.#becomeReady(host, timeS);
    } else if (kind === RESTART_END) {
      this.#equip(host, timeS);
      this.#open(host, timeS);
      this.rollOut(this.#parts.hosts.lane[host] ?? 0, timeS);
    } else if (kind === SPOT_NOTICE) this.#giveNotice(host, timeS);
    else {
      if (kind === CRASH) this.counts.crashes += 1;
      this.#lose(host, timeS);
      this.reconcile(timeS);
    }
  }

  #launch(pool: number, market: number, timeS: number): boolean {
    const host = this.#allocate(pool, market, timeS);
    if (host < 0) {
      this.counts.refusedLaunches += 1;
      this.#retryLater(timeS);
      return false;
    }
    const { pools, hosts, events, random } = this.#parts;
    const type = pools[pool];
    if (type === undefined) return false;
    this.counts.launches += 1;
    if (type.billing.launchBilled) this.#rent(host, timeS);
    const delayS = drawDurationS(type.launchS, random);
    hosts.expect(host, 0, events.push(timeS + delayS, eventOf(LAUNCH_END, host)));
    return true;
  }

  /** A row for a new machine, or -1 when quota, market or zones have none to give. */
  #allocate(pool: number, market: number, timeS: number): number {
    const { pools, hosts, quotas } = this.#parts;
    const type = pools[pool];
    if (type === undefined) return -1;
    const units = this.#lanes[0]?.settings.tensorParallel ?? 1;
    const used = { type: 0, market: 0, vcpus: 0, gpus: 0 };
    const inZone = new Array<number>(this.#zoneUp.length).fill(0);
    for (let host = 0; host < hosts.rows; host++) {
      if (hosts.state[host] === GONE) continue;
      const machines = hosts.units[host] ?? 1;
      const other = pools[hosts.pool[host] ?? 0];
      used.vcpus += machines * (other?.vcpus ?? 0);
      used.gpus += machines * (other?.gpus ?? 0);
      inZone[hosts.zone[host] ?? 0] = (inZone[hosts.zone[host] ?? 0] ?? 0) + 1;
      if (hosts.pool[host] !== pool) continue;
      used.type += machines;
      if (hosts.market[host] === market) used.market += machines;
    }
    const capacity = capacityAt(market === 1 ? type.spotCapacity : type.onDemandCapacity, timeS);
    if (used.type + units > type.quota || used.market + units > capacity) return -1;
    if (used.vcpus + units * type.vcpus > (quotas.vcpus ?? Number.POSITIVE_INFINITY)) return -1;
    if (used.gpus + units * type.gpus > (quotas.gpus ?? Number.POSITIVE_INFINITY)) return -1;
    let zone = -1;
    this.#zoneUp.forEach((up, index) => {
      if (up && (zone < 0 || (inZone[index] ?? 0) < (inZone[zone] ?? 0))) zone = index;
    });
    if (zone < 0) return -1;
    const host = hosts.allocate();
    hosts.state[host] = LAUNCHING;
    hosts.pool[host] = pool;
    hosts.market[host] = market;
    hosts.zone[host] = zone;
    hosts.lane[host] = 0;
    hosts.units[host] = units;
    hosts.usdPerS[host] = 0;
    hosts.billedFromS[host] = -1;
    return host;
  }

  #becomeReady(host: number, timeS: number): void {
    const { pools, hosts, events, failures, random } = this.#parts;
    const type = pools[hosts.pool[host] ?? 0];
    if (hosts.billedFromS[host] === -1) this.#rent(host, timeS);
    this.#equip(host, timeS);
    this.#open(host, timeS);
    if (hosts.market[host] === 1 && type !== undefined && type.spotCapacity.length === 0) {
      const noticeS = timeS + drawWaitS(type.spotInterruptionsPerHour, random);
      if (noticeS < Number.POSITIVE_INFINITY) {
        hosts.expect(host, 1, events.push(noticeS, eventOf(SPOT_NOTICE, host)));
      }
    }
    const crashS = timeS + drawWaitS(failures.crashesPerHour, random);
    if (crashS < Number.POSITIVE_INFINITY) hosts.expect(host, 3, events.push(crashS, eventOf(CRASH, host)));
    if (this.#parts.makeBeforeBreak) this.reconcile(timeS);
  }

  #open(host: number, timeS: number): void {
    const { hosts } = this.#parts;
    hosts.state[host] = READY;
    this.#parts.station(hosts.lane[host] ?? 0).open(host, timeS);
  }

  #rent(host: number, timeS: number): void {
    const { hosts, pools, billing } = this.#parts;
    const pool = hosts.pool[host] ?? 0;
    const market = hosts.market[host] ?? 0;
    const settings = this.#lanes[hosts.lane[host] ?? 0]?.settings;
    const usdPerS = settings === undefined ? 0 : (pools[pool]?.usdPerS(settings, market) ?? 0);
    hosts.usdPerS[host] = usdPerS;
    hosts.billedFromS[host] = timeS;
    billing.rent(timeS, hosts.lane[host] ?? 0, market, pool, hosts.units[host] ?? 1, usdPerS);
  }

  #unrent(host: number, timeS: number): void {
    const { hosts, billing } = this.#parts;
    billing.rent(
      timeS,
      hosts.lane[host] ?? 0,
      hosts.market[host] ?? 0,
      hosts.pool[host] ?? 0,
      -(hosts.units[host] ?? 1),
      hosts.usdPerS[host] ?? 0,
    );
  }

  /** Gives a machine its lane's settings, and rents more or less where they say so. */
  #equip(host: number, timeS: number): void {
    const { hosts } = this.#parts;
    const lane = this.#lanes[hosts.lane[host] ?? 0];
    if (lane === undefined) return;
    hosts.table[host] = lane.tables[hosts.pool[host] ?? 0] ?? 0;
    const billedFromS = hosts.billedFromS[host] ?? 0;
    this.#unrent(host, timeS);
    hosts.units[host] = lane.settings.tensorParallel;
    this.#rent(host, timeS);
    hosts.billedFromS[host] = billedFromS;
  }

  #restart(host: number, lane: number, timeS: number): void {
    const { hosts } = this.#parts;
    this.#parts.station(hosts.lane[host] ?? 0).close(host, timeS);
    hosts.state[host] = RESTARTING;
    if (hosts.lane[host] !== lane) {
      this.#unrent(host, timeS);
      const billedFromS = hosts.billedFromS[host] ?? 0;
      hosts.lane[host] = lane;
      this.#rent(host, timeS);
      hosts.billedFromS[host] = billedFromS;
    }
    if (hosts.busy[host] === 0) this.#goOut(host, timeS);
  }

  #goOut(host: number, timeS: number): void {
    const { hosts, events } = this.#parts;
    const lane = this.#lanes[hosts.lane[host] ?? 0];
    const same = lane?.tables[hosts.pool[host] ?? 0] === hosts.table[host];
    const restartS = same ? 0 : (lane?.restartS ?? 0);
    hosts.expect(host, 0, events.push(timeS + restartS, eventOf(RESTART_END, host)));
  }

  /** The newest launching machines go first, then the ready ones with least to do. */
  #shrink(present: readonly number[], count: number, timeS: number): void {
    const { hosts } = this.#parts;
    const rank = (host: number): number =>
      hosts.state[host] === LAUNCHING ? -1 : hosts.state[host] === RESTARTING ? 0 : 1 + (hosts.busy[host] ?? 0);
    const leaving = [...present].sort((a, b) => rank(a) - rank(b) || (hosts.serial[b] ?? 0) - (hosts.serial[a] ?? 0));
    for (const host of leaving.slice(0, count)) this.#drain(host, timeS);
  }

  #drain(host: number, timeS: number): void {
    const { hosts } = this.#parts;
    if (hosts.state[host] === READY) this.#parts.station(hosts.lane[host] ?? 0).close(host, timeS);
    hosts.state[host] = DRAINING;
    if (hosts.busy[host] === 0) this.#end(host, timeS);
  }

  #giveNotice(host: number, timeS: number): void {
    const { hosts, events, failures } = this.#parts;
    this.counts.spotNotices += 1;
    hosts.expect(host, 2, events.push(timeS + failures.spotNoticeS, eventOf(SPOT_LOSS, host)));
    this.#drain(host, timeS);
    this.reconcile(timeS);
  }

  /** The machine is given back: the bill is rounded up. */
  #end(host: number, timeS: number): void {
    const { hosts, pools, billing } = this.#parts;
    const fromS = hosts.billedFromS[host] ?? -1;
    if (fromS >= 0) {
      this.#unrent(host, timeS);
      const rule = pools[hosts.pool[host] ?? 0]?.billing;
      const extraS = rule === undefined ? 0 : roundingS(rule, timeS - fromS);
      if (extraS > 0) {
        const usd = extraS * (hosts.usdPerS[host] ?? 0) * (hosts.units[host] ?? 1);
        billing.charge(hosts.lane[host] ?? 0, hosts.market[host] ?? 0, usd);
      }
    }
    hosts.release(host);
  }

  #lose(host: number, timeS: number): void {
    const { hosts } = this.#parts;
    this.counts.losses += 1;
    if (hosts.state[host] === READY) this.#parts.station(hosts.lane[host] ?? 0).close(host, timeS);
    this.#parts.onLoss(host, timeS);
    this.#end(host, timeS);
  }

  #zoneDown(zone: number, timeS: number): void {
    const { hosts, events, failures, random } = this.#parts;
    this.counts.zoneOutages += 1;
    this.#zoneUp[zone] = false;
    for (const host of hosts.select((row) => hosts.zone[row] === zone)) this.#lose(host, timeS);
    events.push(timeS + drawDurationS(failures.zones.outageS, random), eventOf(ZONE_UP, zone));
    this.reconcile(timeS);
  }

  #expectOutage(zone: number, timeS: number): void {
    const { events, failures, random } = this.#parts;
    const downS = timeS + drawWaitS(failures.zones.outagesPerHour, random);
    if (downS < Number.POSITIVE_INFINITY) events.push(downS, eventOf(ZONE_DOWN, zone));
  }

  #capacityChanged(pool: number, timeS: number): void {
    const { hosts, pools } = this.#parts;
    const capacity = capacityAt(pools[pool]?.spotCapacity ?? [], timeS);
    const running = hosts.select(
      (host) => hosts.pool[host] === pool && hosts.market[host] === 1 && hosts.state[host] !== DRAINING,
    );
    let excess = running.reduce((sum, host) => sum + (hosts.units[host] ?? 1), 0) - capacity;
    for (const host of running.reverse()) {
      if (excess <= 0) break;
      excess -= hosts.units[host] ?? 1;
      if (hosts.state[host] === LAUNCHING) this.#end(host, timeS);
      else this.#giveNotice(host, timeS);
    }
    this.reconcile(timeS);
  }

  #retryLater(timeS: number): void {
    if (this.#reconcileAtS < Number.POSITIVE_INFINITY) return;
    this.#reconcileAtS = timeS + this.#parts.failures.launchRetryS;
    this.#parts.events.push(this.#reconcileAtS, eventOf(RECONCILE, 0));
  }
}
