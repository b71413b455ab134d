// A recorded load replayed as a fluid: what a rule for launching and dropping would have cost, and whether it would pass.
//
// per second: what ready machines cannot take within the longest wait is handed over (overflow.ts)
// cost = p·(ready + booting) + c·calls;  warm calls at once = most at once in the last keep-alive
// late: calls that start cold, and those that queue for functions;  an hour passes when no more than its share is late
// losses: every 1 / (h / s) s on average a share s of the ready machines is lost at once and ordered again, h the losses of one
// Source: the guard of fleet-switching.md. Differs from the simulator: requests have no size, launches take their mean time.

import type { Random } from "../core/index.ts";
import { SLOT_S } from "./features.ts";
import { callsUnder, type MachinePrice } from "./layers.ts";
import { Backlog, type CallBehaviour, callsPerS } from "./overflow.ts";
import type { RecordedLoad } from "./recorded-load.ts";

/** How many machines a rule wants at the end of a slot. */
export type CountRule = (slot: number, ready: number, booting: number) => number;

/** What a replay came to. */
export interface ReplayResult {
  readonly usd: number;
  /** Of each hour from the first slot that counts on, the last perhaps shorter. */
  readonly usdByHour: readonly number[];
  readonly hoursMissed: number;
}

const HOUR_SLOTS = 3600 / SLOT_S;

/** Highest concurrency of calls of the last keep-alive, slot by slot. */
class WarmPool {
  readonly #peaks: Float64Array;
  #at = 0;
  warm = 0;

  constructor(slots: number) {
    this.#peaks = new Float64Array(Math.max(1, slots));
  }

  /** Takes a slot's most calls at once. @returns cold starts */
  take(concurrent: number): number {
    const cold = Math.max(0, concurrent - this.warm);
    this.#peaks[this.#at % this.#peaks.length] = concurrent;
    this.#at += 1;
    this.warm = 0;
    for (const peak of this.#peaks) if (peak > this.warm) this.warm = peak;
    return cold;
  }
}

/** Machines that were ordered, by the slot they come in. */
class Orders {
  readonly #arriving: Int32Array;
  booting = 0;

  constructor(launchSlots: number) {
    this.#arriving = new Int32Array(launchSlots + 1);
  }

  /** Machines that come in a slot. */
  arrive(slot: number): number {
    const turn = slot % this.#arriving.length;
    const count = this.#arriving[turn] ?? 0;
    this.#arriving[turn] = 0;
    this.booting -= count;
    return count;
  }

  /** Orders (count > 0), or cancels the latest orders. @returns machines still to be dropped */
  change(slot: number, count: number): number {
    const turn = slot % this.#arriving.length;
    if (count >= 0) {
      this.#arriving[turn] = (this.#arriving[turn] ?? 0) + count;
      this.booting += count;
      return 0;
    }
    let left = -count;
    for (let back = 0; back < this.#arriving.length && left > 0; back++) {
      const at = (turn - back + this.#arriving.length) % this.#arriving.length;
      const cancelled = Math.min(this.#arriving[at] ?? 0, left);
      this.#arriving[at] = (this.#arriving[at] ?? 0) - cancelled;
      this.booting -= cancelled;
      left -= cancelled;
    }
    return left;
  }
}

/** Which part of a load is replayed, and from what. */
export interface ReplayOptions {
  /** First slot; 0 when absent. */
  readonly from?: number;
  /** First slot that counts; `from` when absent. */
  readonly scoreFrom?: number;
  /** Machines ready at the start. */
  readonly first: number;
  /** Decides when machines are lost; none is where absent. */
  readonly chance?: Random | undefined;
}

/** Machines that a market takes at the end of a slot. */
function lostIn(machine: MachinePrice, ready: number, chance: Random | undefined): number {
  const { lossesPerS, lossShare } = machine;
  if (chance === undefined || lossesPerS <= 0 || lossShare <= 0) return 0;
  if (chance.next() >= (lossesPerS * SLOT_S) / lossShare) return 0;
  return Math.min(ready, Math.ceil(lossShare * ready));
}

/** Replays a rule over a load. */
export function replayFluid(
  load: RecordedLoad,
  machine: MachinePrice,
  calls: CallBehaviour,
  rule: CountRule,
  { from = 0, scoreFrom = from, first, chance }: ReplayOptions,
): ReplayResult {
  const { capacityRps, usdPerS, callUsd, waitS } = machine;
  const orders = new Orders(Math.max(1, Math.round(machine.launchS / SLOT_S)));
  const pool = new WarmPool(Math.ceil(calls.keepAliveS / SLOT_S));
  const backlog = new Backlog();
  const mostCalls = callsPerS(calls);
  let ready = first;
  const usdByHour: number[] = [];
  let hoursMissed = 0;
  let late = 0;
  let requests = 0;
  let queued = 0;
  for (let slot = from; slot < load.slots; slot++) {
    ready += orders.arrive(slot);
    const carried = ready * capacityRps;
    let handedOver = 0;
    let most = 0;
    for (let at = slot * SLOT_S; at < (slot + 1) * SLOT_S; at++) {
      const count = load.counts[at] ?? 0;
      requests += count;
      const over = backlog.take(count, carried, waitS);
      const called = Math.min(queued + over, mostCalls);
      queued += over - called;
      if (queued > 0) late += over;
      handedOver += called;
      if (called > most) most = called;
    }
    late += pool.take(most * calls.serviceS);
    if (slot >= scoreFrom) {
      const hour = Math.floor((slot - scoreFrom) / HOUR_SLOTS);
      const rented = ready + (machine.launchBilled ? orders.booting : 0);
      usdByHour[hour] = (usdByHour[hour] ?? 0) + usdPerS * SLOT_S * rented + callUsd * handedOver;
    }
    if ((slot - from + 1) % HOUR_SLOTS === 0) {
      if (slot >= scoreFrom && late > calls.lateShare * requests) hoursMissed += 1;
      late = requests = 0;
    }
    const lost = lostIn(machine, ready, chance);
    ready -= lost;
    orders.change(slot, lost);
    const wanted = rule(slot, ready, orders.booting);
    ready = Math.max(0, ready - orders.change(slot, wanted - ready - orders.booting));
  }
  return { usd: usdByHour.reduce((sum, usd) => sum + usd, 0), usdByHour, hoursMissed };
}

/** The mixed rule: machines for the mean of the last 30 s, dropped once nothing of the last `holdS` needed them. */
export function mixedCounts(rateRps: Float64Array, capacityRps: number, holdS: number): CountRule {
  const mean = (slot: number): number =>
    ((rateRps[slot] ?? 0) + (rateRps[Math.max(0, slot - 1)] ?? 0) + (rateRps[Math.max(0, slot - 2)] ?? 0)) / 3;
  const need = (slot: number): number => Math.max(1, Math.ceil(mean(slot) / capacityRps - 1e-9));
  const back = Math.max(1, Math.ceil(holdS / 30));
  return (slot, ready, booting) => {
    const running = ready + booting;
    const now = need(slot);
    if (now >= running) return now;
    let held = now;
    for (let i = 1; i < back && slot - 3 * i >= 0; i++) held = Math.max(held, need(slot - 3 * i));
    return Math.min(running, held);
  };
}

/** What a fixed number of machines would have cost. */
export function fixedCountUsd(load: RecordedLoad, machine: MachinePrice, calls: CallBehaviour, count: number): number {
  const { capacityRps, usdPerS, callUsd, waitS } = machine;
  const called = callsUnder(load, count * capacityRps, waitS, calls).reduce((sum, one) => sum + one, 0);
  return count * usdPerS * load.slots * SLOT_S + callUsd * called;
}

/** The fixed number of machines that would have cost least. */
export function bestFixedCount(load: RecordedLoad, machine: MachinePrice, calls: CallBehaviour, most: number): number {
  let best = 0;
  let bestUsd = Number.POSITIVE_INFINITY;
  for (let count = 0; count <= most; count++) {
    const usd = fixedCountUsd(load, machine, calls, count);
    if (usd > bestUsd) break;
    best = count;
    bestUsd = usd;
  }
  return best;
}
