// One queue for all machines: a free model instance takes the oldest requests; the fastest pool goes first.
//
// predicted wait = 0 with an instance free, else
//   time to the first expected end + ⌊waiting / B⌋ / (batches per second of all machines)

import { LEAST_WAIT_S, MachineStation } from "./machine-station.ts";
import { MinTree } from "./min-tree.ts";
import type { RequestQueue } from "./request-queue.ts";

/** Central routing. */
export class CentralStation extends MachineStation {
  /** Open machines with an idle model instance, by pool. */
  readonly #idle: number[][] = Array.from({ length: this.parts.pools }, () => []);
  #order: number[] = Array.from({ length: this.parts.pools }, (_, pool) => pool);
  /** Expected end of each batch in service, by row. */
  readonly #ends = new MinTree();

  override get waitingAtMachines(): number {
    return 0;
  }

  override get exceedsPatience(): boolean {
    if (this.free > 0 || this.patienceS === Number.POSITIVE_INFINITY) return false;
    if (this.batchRate <= 0) return true;
    const firstS = Math.max(LEAST_WAIT_S, this.#ends.min - this.clock.timeS);
    const batches = this.maxBatchSize === 1 ? this.waiting : Math.floor(this.waiting / this.maxBatchSize);
    return firstS + batches / this.batchRate > this.patienceS;
  }

  override ended(row: number, host: number): void {
    const { hosts } = this.parts;
    this.forget(row);
    if (hosts.open[host] === 0) return;
    const busy = hosts.busy[host] ?? 0;
    const slots = hosts.slots[host] ?? 0;
    if (busy >= slots) return;
    this.free += 1;
    if (hosts.idlePlace[host] === -1) this.#add(host);
  }

  override carryOn(row: number, host: number): boolean {
    const { hosts, batches, service, predictsWait } = this.parts;
    if (this.free > 0 || hosts.open[host] === 0 || (hosts.busy[host] ?? 0) > (hosts.slots[host] ?? 0)) return false;
    const buffer = this.due();
    if (buffer === null) return false;
    batches.refill(row, buffer, Math.min(buffer.size, this.maxBatchSize));
    service.beginAgain(row, host);
    if (predictsWait) this.#ends.set(row, service.expectedEndS);
    return true;
  }

  /** Finds the idle machines anew, after the plain loop. */
  recount(): void {
    const { hosts } = this.parts;
    this.free = 0;
    for (const list of this.#idle) list.length = 0;
    for (let host = 0; host < hosts.rows; host++) {
      if (hosts.open[host] === 0 || hosts.lane[host] !== this.lane) continue;
      hosts.idlePlace[host] = -1;
      const idle = (hosts.slots[host] ?? 0) - (hosts.busy[host] ?? 0);
      if (idle <= 0) continue;
      this.free += idle;
      this.#add(host);
    }
  }

  override forget(row: number): void {
    if (this.parts.predictsWait) this.#ends.set(row, Number.POSITIVE_INFINITY);
  }

  override reclaim(): void {}

  protected override start(buffer: RequestQueue, count: number): void {
    const { batches, hosts, service, predictsWait } = this.parts;
    const host = this.#idleHost();
    const row = batches.take(buffer, count);
    service.begin(row, host, this.lane);
    this.free -= 1;
    if ((hosts.busy[host] ?? 0) >= (hosts.slots[host] ?? 0)) this.#remove(host);
    if (predictsWait) this.#ends.set(row, service.expectedEndS);
  }

  protected override opened(host: number): void {
    const { hosts } = this.parts;
    const idle = (hosts.slots[host] ?? 0) - (hosts.busy[host] ?? 0);
    if (idle > 0) {
      this.free += idle;
      this.#add(host);
    }
    this.reordered();
  }

  protected override closed(host: number): void {
    const { hosts } = this.parts;
    const idle = (hosts.slots[host] ?? 0) - (hosts.busy[host] ?? 0);
    if (idle > 0) {
      this.free -= idle;
      this.#remove(host);
    }
  }

  /** Fastest pools first, by mean service time at the largest batch. */
  protected override reordered(): void {
    const { hosts, service, pools } = this.parts;
    if (pools === 1) return;
    const meanS = new Array<number>(pools).fill(Number.POSITIVE_INFINITY);
    for (let host = 0; host < hosts.rows; host++) {
      if (hosts.open[host] === 0 || hosts.lane[host] !== this.lane) continue;
      meanS[hosts.pool[host] ?? 0] = service.tables[hosts.table[host] ?? 0]?.meanS[this.maxBatchSize] ?? 0;
    }
    this.#order.sort((a, b) => (meanS[a] ?? 0) - (meanS[b] ?? 0) || a - b);
  }

  #idleHost(): number {
    for (let i = 0; i < this.#order.length; i++) {
      const list = this.#idle[this.#order[i] ?? 0];
      if (list !== undefined && list.length > 0) return list[list.length - 1] ?? 0;
    }
    throw new RangeError("central queue: expected an idle machine, found none");
  }

  #add(host: number): void {
    const list = this.#idle[this.parts.hosts.pool[host] ?? 0] ?? [];
    this.parts.hosts.idlePlace[host] = list.length;
    list.push(host);
  }

  #remove(host: number): void {
    const { idlePlace, pool } = this.parts.hosts;
    const place = idlePlace[host] ?? -1;
    if (place === -1) return;
    idlePlace[host] = -1;
    const list = this.#idle[pool[host] ?? 0] ?? [];
    const moved = list.pop() ?? host;
    if (moved === host) return;
    list[place] = moved;
    idlePlace[moved] = place;
  }
}
