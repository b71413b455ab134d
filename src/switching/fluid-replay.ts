// A recorded load replayed without a queue: what a rule for launching and dropping would have cost, and whether it would pass.
//
// per second: served = min(count, ready·μ), the rest are calls;  cost = p·(ready + booting) + c·calls
// warm calls at once = most at once in the last keep-alive;  a call beyond those starts cold and is late
// an hour passes when its cold starts are at most the share of requests that the SLO lets be late
// Source: the guard of fleet-switching.md. Differs from the simulator: no waiting, launches take their mean time.

import { SLOT_S } from "./features.ts";
import type { MachinePrice } from "./layers.ts";
import type { RecordedLoad } from "./rate-memory.ts";

/** How many machines a rule wants at the end of a slot. */
export type CountRule = (slot: number, ready: number, booting: number) => number;

/** What functions do in a replay. */
export interface CallBehaviour {
  readonly serviceS: number;
  readonly keepAliveS: number;
  /** Share of an hour's requests that may be late. */
  readonly lateShare: number;
}

/** What a replay came to. */
export interface ReplayResult {
  readonly usd: number;
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

/**
 * Replays a rule over the slots from `from` on.
 * @param first machines ready at the start
 */
export function replayFluid(
  load: RecordedLoad,
  from: number,
  first: number,
  machine: MachinePrice,
  calls: CallBehaviour,
  rule: CountRule,
): ReplayResult {
  const launchSlots = Math.max(1, Math.round(machine.launchS / SLOT_S));
  const arriving = new Int32Array(launchSlots + 1);
  const pool = new WarmPool(Math.ceil(calls.keepAliveS / SLOT_S));
  let ready = first;
  let booting = 0;
  let usd = 0;
  let hoursMissed = 0;
  let late = 0;
  let requests = 0;
  for (let slot = from; slot < load.slots; slot++) {
    const turn = slot % arriving.length;
    ready += arriving[turn] ?? 0;
    booting -= arriving[turn] ?? 0;
    arriving[turn] = 0;
    const carried = ready * machine.capacityRps;
    let overflow = 0;
    let most = 0;
    for (let at = slot * SLOT_S; at < (slot + 1) * SLOT_S; at++) {
      const count = load.counts[at] ?? 0;
      requests += count;
      const over = count - carried;
      if (over > 0) {
        overflow += over;
        if (over > most) most = over;
      }
    }
    late += pool.take(most * calls.serviceS);
    usd += machine.usdPerS * SLOT_S * (ready + (machine.launchBilled ? booting : 0)) + machine.callUsd * overflow;
    if ((slot - from + 1) % HOUR_SLOTS === 0) {
      if (late > calls.lateShare * requests) hoursMissed += 1;
      late = requests = 0;
    }
    const wanted = rule(slot, ready, booting);
    let change = wanted - ready - booting;
    if (change > 0) {
      arriving[turn] = (arriving[turn] ?? 0) + change;
      booting += change;
    }
    for (let back = 0; back < arriving.length && change < 0; back++) {
      const at = (turn - back + arriving.length) % arriving.length;
      const cancelled = Math.min(arriving[at] ?? 0, -change);
      arriving[at] = (arriving[at] ?? 0) - cancelled;
      booting -= cancelled;
      change += cancelled;
    }
    if (change < 0) ready = Math.max(0, ready + change);
  }
  return { usd, hoursMissed };
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

/** The fixed number of machines that would have cost least. @param until slots looked at */
export function bestFixedCount(load: RecordedLoad, until: number, machine: MachinePrice, most: number): number {
  const { capacityRps, usdPerS, callUsd } = machine;
  let best = 0;
  let bestUsd = Number.POSITIVE_INFINITY;
  for (let count = 0; count <= most; count++) {
    let overflow = 0;
    for (let at = 0; at < until * SLOT_S; at++) {
      const over = (load.counts[at] ?? 0) - count * capacityRps;
      if (over > 0) overflow += over;
    }
    const usd = count * usdPerS * until * SLOT_S + callUsd * overflow;
    if (usd > bestUsd) break;
    best = count;
    bestUsd = usd;
  }
  return best;
}
