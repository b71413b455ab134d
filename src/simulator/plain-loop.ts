// The event loop of the commonest case, with nothing in it but arrivals and batches: one queue in front of
// machines that are all alike. It does what the general loop does, in the same order, with fewer steps.
//
// While it runs, every model instance owns a row of the batch table: in service, or on the stack of idle rows.

import type { ArrivalFeed } from "./arrival-feed.ts";
import type { CentralStation } from "./central-station.ts";
import type { ClusterParts } from "./cluster-parts.ts";
import { BATCH_END, kindOf, numberOf } from "./events.ts";
import { GONE, LAUNCHING, READY } from "./hosts.ts";

/** Runs arrivals and batches of one central station until something else happens. */
export class PlainLoop {
  readonly #parts: ClusterParts;
  readonly #station: CentralStation;
  /** Requests served in the last run. */
  served = 0;
  #idle = new Int32Array(16);
  #idleCount = 0;

  constructor(parts: ClusterParts, station: CentralStation) {
    this.#parts = parts;
    this.#station = station;
  }

  /**
   * Lets time pass up to the feed's limit, or to the first event that is not the end of a batch, or to the end of
   * the feed's block.
   * @returns requests that arrived; -1 when machines are not all alike and nothing was done
   */
  run(feed: ArrivalFeed): number {
    const { events, clock, batches, service, score } = this.#parts;
    const [window] = this.#parts.windows;
    this.served = 0;
    const station = this.#station;
    events.settle();
    if (!this.#enter()) return -1;
    const queue = station.buffer;
    const { maxBatchSize, maxDelayS } = station;
    const { block, count, limitS } = feed;
    const begin = feed.index;
    let index = begin;
    for (;;) {
      const endS = events.timeS;
      const idle = this.#idleCount > 0;
      const dueS = idle && queue.size > 0 ? queue.headS + maxDelayS : Number.POSITIVE_INFINITY;
      const nextS = Math.min(endS, dueS, limitS);
      if (index === count && count > 0) break;
      if (index < count && (block[index] ?? 0) <= nextS) {
        const last = idle ? Math.min(count, index + (queue.size === 0 ? 1 : maxBatchSize - queue.size)) : count;
        while (index < last && (block[index] ?? 0) <= nextS) {
          queue.push(block[index] ?? 0);
          index += 1;
        }
        if (!idle) continue;
        clock.timeS = block[index - 1] ?? 0;
      } else if (endS <= nextS) {
        const row = numberOf(events.peek());
        if (kindOf(events.peek()) !== BATCH_END || batches.sequence[row] !== events.peekSequence()) break;
        clock.timeS = endS;
        events.pop();
        const served = batches.count[row] ?? 0;
        this.served += served;
        score.serve(batches.times, batches.classes, row * batches.stride, served, window, false);
        window.batch(served, endS - (batches.startS[row] ?? 0));
        if (!idle && queue.size > 0 && (queue.size >= maxBatchSize || queue.headS + maxDelayS <= endS)) {
          batches.refill(row, queue, Math.min(queue.size, maxBatchSize));
          service.beginAgain(row, batches.host[row] ?? 0);
          continue;
        }
        events.settle();
        batches.sequence[row] = -1;
        batches.count[row] = 0;
        if (this.#idleCount === this.#idle.length) this.#grow();
        this.#idle[this.#idleCount++] = row;
      } else if (dueS <= nextS) {
        clock.timeS = dueS;
      } else break;
      this.#start();
    }
    feed.index = index;
    this.#leave();
    return index - begin;
  }

  /** Idle model instances take what is due. */
  #start(): void {
    const { clock, batches, service } = this.#parts;
    const { buffer, maxBatchSize, maxDelayS } = this.#station;
    while (this.#idleCount > 0 && buffer.size > 0) {
      if (buffer.size < maxBatchSize && buffer.headS + maxDelayS > clock.timeS) return;
      const row = this.#idle[--this.#idleCount] ?? 0;
      batches.refill(row, buffer, Math.min(buffer.size, maxBatchSize));
      service.beginAgain(row, batches.host[row] ?? 0);
    }
  }

  /** Gives every idle model instance a row; false where machines differ. */
  #enter(): boolean {
    const { hosts, batches } = this.#parts;
    let table = -1;
    for (let host = 0; host < hosts.rows; host++) {
      const state = hosts.state[host];
      if (state === GONE || state === LAUNCHING) continue;
      if (table === -1) table = hosts.table[host] ?? 0;
      if (state !== READY || hosts.table[host] !== table) return false;
      if ((hosts.busy[host] ?? 0) > (hosts.slots[host] ?? 0)) return false;
    }
    this.#idleCount = 0;
    for (let host = hosts.rows - 1; host >= 0; host--) {
      if (hosts.state[host] !== READY) continue;
      for (let slot = hosts.busy[host] ?? 0; slot < (hosts.slots[host] ?? 0); slot++) {
        if (this.#idleCount === this.#idle.length) this.#grow();
        this.#idle[this.#idleCount++] = batches.reserve(host);
      }
    }
    return true;
  }

  /** Gives the rows of idle model instances back, and brings the station up to date. */
  #leave(): void {
    const { hosts, batches, events } = this.#parts;
    while (this.#idleCount > 0) batches.release(this.#idle[--this.#idleCount] ?? 0);
    hosts.busy.fill(0);
    for (let row = 0; row < batches.rows; row++) {
      if ((batches.sequence[row] ?? -1) < 0) continue;
      const host = batches.host[row] ?? 0;
      hosts.busy[host] = (hosts.busy[host] ?? 0) + 1;
    }
    events.settle();
    this.#station.recount();
    this.#station.pump();
  }

  #grow(): void {
    const larger = new Int32Array(this.#idle.length * 2);
    larger.set(this.#idle);
    this.#idle = larger;
  }
}
