// Batches formed in front and queued at the machine chosen: least expected wait, or weighted round robin.
//
// expected wait of a machine  = 0 with an instance idle, else first expected end + (mean service queued) / instances
// least-expected-wait         : the machine with the least expected wait + mean service
// weighted-round-robin        : stride scheduling, pass += 1/weight, least pass next (C. Waldspurger, 1995)

import type { Clock } from "./clock.ts";
import { LEAST_WAIT_S, type MachineParts, MachineStation } from "./machine-station.ts";
import { MinTree } from "./min-tree.ts";
import type { RequestQueue } from "./request-queue.ts";
import type { BufferOptions, OnTimeout } from "./station.ts";

const IDLE_S = -1;

/** Routing by expected wait or by weight. */
export class RoutedStation extends MachineStation {
  readonly #weighted: boolean;
  readonly #timeoutS: number;
  readonly #onTimeout: OnTimeout;
  /** When a machine's first model instance is expected to be free for one more batch, by pool and machine. */
  readonly #freeS: readonly MinTree[];
  /** Expected ends of the batches in service, shape [machines, maxSlots]; Infinity where idle. */
  #ends = new Float64Array(0);
  #maxSlots = 1;
  readonly #pass = new MinTree();
  #waitingAtMachines = 0;

  constructor(clock: Clock, lane: number, parts: MachineParts, buffers: BufferOptions, weighted: boolean) {
    super(clock, lane, parts, buffers);
    this.#weighted = weighted;
    this.#timeoutS = buffers.timeoutS;
    this.#onTimeout = buffers.onTimeout;
    this.#freeS = Array.from({ length: parts.pools }, () => new MinTree());
  }

  override get hasIdle(): boolean {
    return this.#freeS.some((tree) => tree.min === IDLE_S);
  }

  override get waitingAtMachines(): number {
    return this.#waitingAtMachines;
  }

  override get exceedsPatience(): boolean {
    if (this.patienceS === Number.POSITIVE_INFINITY) return false;
    let freeS = Number.POSITIVE_INFINITY;
    if (this.#weighted) {
      const host = this.#pass.argmin();
      if (host >= 0) freeS = this.#freeS[this.parts.hosts.pool[host] ?? 0]?.get(host) ?? freeS;
    } else {
      for (let pool = 0; pool < this.#freeS.length; pool++) freeS = Math.min(freeS, this.#freeS[pool]?.min ?? freeS);
    }
    return freeS !== IDLE_S && Math.max(LEAST_WAIT_S, freeS - this.clock.timeS) > this.patienceS;
  }

  override ended(row: number, host: number): void {
    const { hosts } = this.parts;
    this.forget(row, host);
    this.#beginQueued(host);
    if (hosts.open[host] === 1) this.#price(host);
  }

  override carryOn(): boolean {
    return false;
  }

  override forget(row: number, host: number): void {
    this.#ends[host * this.#maxSlots + (this.parts.batches.slot[row] ?? 0)] = Number.POSITIVE_INFINITY;
  }

  override reclaim(host: number, giveBack: (row: number) => void): void {
    const { hosts, batches } = this.parts;
    let row = hosts.first[host] ?? -1;
    while (row >= 0) {
      const next = batches.next[row] ?? -1;
      this.#waitingAtMachines -= batches.count[row] ?? 0;
      giveBack(row);
      row = next;
    }
    hosts.first[host] = hosts.last[host] = -1;
    hosts.queuedS[host] = 0;
  }

  protected override start(buffer: RequestQueue, count: number): void {
    const { batches, hosts, service } = this.parts;
    const row = batches.take(buffer, count);
    const host = this.#choose(row);
    if ((hosts.busy[host] ?? 0) < (hosts.slots[host] ?? 0)) {
      this.#begin(row, host);
    } else {
      batches.next[row] = -1;
      const last = hosts.last[host] ?? -1;
      if (last >= 0) batches.next[last] = row;
      else hosts.first[host] = row;
      hosts.last[host] = row;
      hosts.queuedS[host] = (hosts.queuedS[host] ?? 0) + service.meanS(row, host);
      this.#waitingAtMachines += count;
    }
    this.#price(host);
  }

  protected override opened(host: number): void {
    const { hosts, weights } = this.parts;
    const slots = hosts.slots[host] ?? 1;
    if (slots > this.#maxSlots || (host + 1) * this.#maxSlots > this.#ends.length) this.#reshape(host, slots);
    this.free += 1;
    const pool = hosts.pool[host] ?? 0;
    if (this.#weighted) {
      const least = this.#pass.min;
      const weight = weights[pool] ?? this.throughputOf(host);
      this.#pass.set(host, (least === Number.POSITIVE_INFINITY ? 0 : least) + 1 / weight);
    }
    this.#beginQueued(host);
    this.#price(host);
  }

  protected override closed(host: number): void {
    this.free -= 1;
    this.#freeS[this.parts.hosts.pool[host] ?? 0]?.set(host, Number.POSITIVE_INFINITY);
    if (this.#weighted) this.#pass.set(host, Number.POSITIVE_INFINITY);
  }

  #choose(row: number): number {
    const { timeS } = this.clock;
    const { hosts, weights, service } = this.parts;
    if (this.#weighted) {
      const host = this.#pass.argmin();
      const weight = weights[hosts.pool[host] ?? 0] ?? this.throughputOf(host);
      this.#pass.set(host, this.#pass.min + 1 / weight);
      return host;
    }
    let best = -1;
    let bestS = Number.POSITIVE_INFINITY;
    for (let pool = 0; pool < this.#freeS.length; pool++) {
      const tree = this.#freeS[pool];
      const host = tree?.argmin() ?? -1;
      if (host < 0) continue;
      const endS = Math.max(timeS, tree?.min ?? timeS) + service.meanS(row, host);
      if (endS < bestS) {
        best = host;
        bestS = endS;
      }
    }
    return best;
  }

  #begin(row: number, host: number): void {
    const { batches, service } = this.parts;
    const from = host * this.#maxSlots;
    let slot = 0;
    while (slot < this.#maxSlots - 1 && this.#ends[from + slot] !== Number.POSITIVE_INFINITY) slot += 1;
    batches.slot[row] = slot;
    service.begin(row, host, this.lane);
    this.#ends[from + slot] = service.expectedEndS;
  }

  #beginQueued(host: number): void {
    const { hosts } = this.parts;
    while ((hosts.first[host] ?? -1) >= 0 && (hosts.busy[host] ?? 0) < (hosts.slots[host] ?? 0)) {
      this.#beginNext(host);
    }
  }

  #beginNext(host: number): void {
    const { hosts, batches, service } = this.parts;
    const row = hosts.first[host] ?? 0;
    const next = batches.next[row] ?? -1;
    hosts.first[host] = next;
    if (next < 0) hosts.last[host] = -1;
    hosts.queuedS[host] = next < 0 ? 0 : Math.max(0, (hosts.queuedS[host] ?? 0) - service.meanS(row, host));
    this.#waitingAtMachines -= batches.count[row] ?? 0;
    if (this.#timeoutS !== Number.POSITIVE_INFINITY) this.#expireRow(row);
    if (batches.count[row] === 0) batches.release(row);
    else this.#begin(row, host);
  }

  /** Gives up the requests of a batch that waited too long; they are its oldest. */
  #expireRow(row: number): void {
    const { timeS } = this.clock;
    const { batches } = this.parts;
    const offset = row * batches.stride;
    const count = batches.count[row] ?? 0;
    let late = 0;
    while (late < count && timeS - (batches.times[offset + late] ?? 0) > this.#timeoutS) {
      this.#onTimeout(batches.times[offset + late] ?? 0);
      late += 1;
    }
    if (late > 0) batches.shift(row, late);
  }

  /** Brings the key of a machine up to date. */
  #price(host: number): void {
    const { hosts } = this.parts;
    let freeS = IDLE_S;
    const slots = hosts.slots[host] ?? 1;
    if ((hosts.busy[host] ?? 0) >= slots) {
      freeS = Number.POSITIVE_INFINITY;
      const from = host * this.#maxSlots;
      for (let slot = 0; slot < this.#maxSlots; slot++) freeS = Math.min(freeS, this.#ends[from + slot] ?? freeS);
      freeS += (hosts.queuedS[host] ?? 0) / slots;
    }
    this.#freeS[hosts.pool[host] ?? 0]?.set(host, freeS);
  }

  #reshape(host: number, slots: number): void {
    const maxSlots = Math.max(slots, this.#maxSlots);
    const rows = Math.max(host + 1, 2 * Math.floor(this.#ends.length / this.#maxSlots));
    const ends = new Float64Array(rows * maxSlots).fill(Number.POSITIVE_INFINITY);
    for (let row = 0; row * this.#maxSlots < this.#ends.length; row++) {
      const from = row * this.#maxSlots;
      ends.set(this.#ends.subarray(from, from + this.#maxSlots), row * maxSlots);
    }
    this.#ends = ends;
    this.#maxSlots = maxSlots;
  }
}
