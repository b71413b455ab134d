// The fleet: machines wanted are launched, those too many drained; markets, quotas, zones and failures intervene.

import type { FleetCount, Random } from "../core/index.ts";
import { drawDurationS } from "../math/index.ts";
import { drawWaitS } from "./durations.ts";
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
import { DRAINING, LAUNCHING, READY, RESTARTING } from "./hosts.ts";
import { COMING, FAILURE, type LifeParts, LOSS, MachineLife, NOTICE } from "./machine-life.ts";
import type { FailurePlan } from "./plan.ts";
import { capacityAt, roomFor } from "./pool.ts";
import { Zones } from "./zones.ts";

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
export interface FleetParts extends LifeParts {
  readonly random: Random;
  readonly failures: FailurePlan;
  readonly quotas: { readonly vcpus?: number; readonly gpus?: number };
  /** Whether machines of other types stay until the chosen type is ready. */
  readonly makeBeforeBreak: boolean;
}

/** Which of a machine's awaited events a kind of event is. */
const sortOf: Readonly<Record<number, number>> = {
  [LAUNCH_END]: COMING,
  [RESTART_END]: COMING,
  [SPOT_NOTICE]: NOTICE,
  [SPOT_LOSS]: LOSS,
  [CRASH]: FAILURE,
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
  readonly life: MachineLife;
  readonly #parts: FleetParts;
  readonly #zones: Zones;
  /** Machines wanted, shape [pools][markets]. */
  #wanted: (readonly [number, number])[];
  #reconcileAtS = Number.POSITIVE_INFINITY;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.life = new MachineLife(parts);
    this.#zones = new Zones(parts.failures.zones, parts.clock, parts.events, parts.random);
    this.#wanted = parts.pools.map(() => [0, 0]);
    parts.pools.forEach((pool, index) => {
      for (const { fromS } of pool.spotCapacity) if (fromS > 0) parts.events.push(fromS, eventOf(CAPACITY, index));
    });
  }

  /** Machines wanted from now on, by pool. `atOnce`, they are simply there. */
  want(onDemand: readonly number[], spot: readonly number[], atOnce = false): void {
    this.#wanted = this.#parts.pools.map((_, pool) => [onDemand[pool] ?? 0, spot[pool] ?? 0]);
    if (!atOnce) {
      this.reconcile();
      return;
    }
    this.#wanted.forEach((markets, pool) => {
      markets.forEach((count, market) => {
        for (let i = 0; i < count; i++) {
          const host = this.#allocate(pool, market);
          if (host >= 0) this.#becomeReady(host);
        }
      });
    });
  }

  /** Handles an event about a machine, a zone or a market; one about a machine long gone changes nothing. */
  handle(kind: number, number: number, sequence: number): void {
    if (kind === RECONCILE) {
      this.#reconcileAtS = Number.POSITIVE_INFINITY;
      this.reconcile();
    } else if (kind === ZONE_DOWN) this.#zoneDown(number);
    else if (kind === ZONE_UP) {
      this.#zones.repair(number);
      this.reconcile();
    } else if (kind === CAPACITY) this.#capacityChanged(number);
    else if (this.#parts.hosts.expected(number, sortOf[kind] ?? COMING, sequence)) this.#handleHost(kind, number);
  }

  /** Every machine of a lane takes the lane's settings: at once, or in a rolling restart. */
  rollOut(lane: number): void {
    const { hosts } = this.#parts;
    const wanted = this.life.lane(lane);
    if (wanted === undefined) return;
    const stale = hosts.select(
      (host) =>
        hosts.state[host] === READY &&
        hosts.lane[host] === lane &&
        hosts.table[host] !== wanted.tables[hosts.pool[host] ?? 0],
    );
    if (wanted.restartS <= 0) {
      for (const host of stale) {
        this.life.close(host);
        this.life.equip(host);
        this.life.open(host);
      }
      return;
    }
    const out = hosts.select((host) => hosts.state[host] === RESTARTING).length;
    const inUse = hosts.select((host) => hosts.state[host] === READY).length + out;
    const allowed = Math.max(0, Math.max(1, Math.floor(inUse * ROLLING_SHARE)) - out);
    for (const host of stale.slice(0, allowed)) this.life.restart(host, lane, wanted.restartS);
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
  reconcile(): void {
    const { pools, hosts, makeBeforeBreak } = this.#parts;
    const missing = this.#wanted.some(
      ([onDemand], pool) =>
        onDemand > hosts.select((host) => hosts.pool[host] === pool && hosts.state[host] === READY).length,
    );
    for (let pool = 0; pool < pools.length; pool++) {
      for (let market = 0; market < 2; market++) {
        const wanted = this.#wanted[pool]?.[market] ?? 0;
        const present = hosts.select(
          (host) => hosts.pool[host] === pool && hosts.market[host] === market && hosts.state[host] !== DRAINING,
        );
        for (let i = present.length; i < wanted; i++) if (!this.#launch(pool, market)) break;
        const kept = makeBeforeBreak && wanted === 0 && missing;
        if (present.length > wanted && !kept) this.#shrink(present, present.length - wanted);
      }
    }
  }

  #handleHost(kind: number, host: number): void {
    const { failures, random, hosts } = this.#parts;
    if (kind === LAUNCH_END) {
      if (failures.launchFailureShare > 0 && random.next() < failures.launchFailureShare) {
        this.counts.failedLaunches += 1;
        this.life.end(host);
        this.#retryLater();
      } else this.#becomeReady(host);
    } else if (kind === RESTART_END) {
      this.life.equip(host);
      this.life.open(host);
      this.rollOut(hosts.lane[host] ?? 0);
    } else if (kind === SPOT_NOTICE) {
      this.#giveNotice(host);
      this.reconcile();
    } else {
      if (kind === CRASH) this.counts.crashes += 1;
      this.#lose(host);
      this.reconcile();
    }
  }

  #launch(pool: number, market: number): boolean {
    const host = this.#allocate(pool, market);
    const type = this.#parts.pools[pool];
    if (host < 0 || type === undefined) {
      this.counts.refusedLaunches += 1;
      this.#retryLater();
      return false;
    }
    this.counts.launches += 1;
    if (type.billing.launchBilled) this.life.rent(host);
    const delayS = drawDurationS(type.launchS, this.#parts.random);
    this.life.expect(host, COMING, this.#parts.clock.timeS + delayS, LAUNCH_END);
    return true;
  }

  /** A row for a new machine, or -1 when quota, market or zones have none to give. */
  #allocate(pool: number, market: number): number {
    const { pools, hosts, quotas, clock } = this.#parts;
    const units = this.life.lane(0)?.settings.tensorParallel ?? 1;
    if (!roomFor({ hosts, pools, quotas, pool, market, units, timeS: clock.timeS })) return -1;
    const zone = this.#zones.emptiest(hosts);
    if (zone < 0) return -1;
    const host = hosts.allocate();
    hosts.state[host] = LAUNCHING;
    this.life.enter(host, pool, market, zone, units);
    return host;
  }

  #becomeReady(host: number): void {
    const { pools, hosts, failures, random, clock, makeBeforeBreak } = this.#parts;
    const type = pools[hosts.pool[host] ?? 0];
    this.life.become(host);
    if (hosts.market[host] === 1 && type !== undefined && type.spotCapacity.length === 0) {
      this.life.expect(host, NOTICE, clock.timeS + drawWaitS(type.spotInterruptionsPerHour, random), SPOT_NOTICE);
    }
    this.life.expect(host, FAILURE, clock.timeS + drawWaitS(failures.crashesPerHour, random), CRASH);
    if (makeBeforeBreak) this.reconcile();
  }

  /** The newest launching machines go first, then the ready ones with least to do. */
  #shrink(present: readonly number[], count: number): void {
    const { hosts } = this.#parts;
    const rank = (host: number): number =>
      hosts.state[host] === LAUNCHING ? -1 : hosts.state[host] === RESTARTING ? 0 : 1 + (hosts.busy[host] ?? 0);
    const leaving = [...present].sort((a, b) => rank(a) - rank(b) || (hosts.serial[b] ?? 0) - (hosts.serial[a] ?? 0));
    for (const host of leaving.slice(0, count)) this.life.drain(host);
  }

  #giveNotice(host: number): void {
    this.counts.spotNotices += 1;
    this.life.expect(host, LOSS, this.#parts.clock.timeS + this.#parts.failures.spotNoticeS, SPOT_LOSS);
    this.life.drain(host);
  }

  #lose(host: number): void {
    this.counts.losses += 1;
    this.life.lose(host);
  }

  #zoneDown(zone: number): void {
    const { hosts } = this.#parts;
    this.counts.zoneOutages += 1;
    this.#zones.fail(zone);
    for (const host of hosts.select((row) => hosts.zone[row] === zone)) this.#lose(host);
    this.reconcile();
  }

  #capacityChanged(pool: number): void {
    const { hosts, pools, clock } = this.#parts;
    const running = hosts.select(
      (host) => hosts.pool[host] === pool && hosts.market[host] === 1 && hosts.state[host] !== DRAINING,
    );
    let excess = running.reduce((sum, host) => sum + (hosts.units[host] ?? 1), 0);
    excess -= capacityAt(pools[pool]?.spotCapacity ?? [], clock.timeS);
    for (const host of running.reverse()) {
      if (excess <= 0) break;
      excess -= hosts.units[host] ?? 1;
      if (hosts.state[host] === LAUNCHING) this.life.end(host);
      else this.#giveNotice(host);
    }
    this.reconcile();
  }

  #retryLater(): void {
    if (this.#reconcileAtS < Number.POSITIVE_INFINITY) return;
    this.#reconcileAtS = this.#parts.clock.timeS + this.#parts.failures.launchRetryS;
    this.#parts.events.push(this.#reconcileAtS, eventOf(RECONCILE, 0));
  }
}
