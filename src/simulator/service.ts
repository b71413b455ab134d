// Batches in service on machines: how long each takes, when it ends, and how busy the machines are.

import type { BatchTable } from "./batch-table.ts";
import type { Clock } from "./clock.ts";
import type { EventQueue } from "./event-queue.ts";
import { BATCH_END, eventOf } from "./events.ts";
import type { Hosts } from "./hosts.ts";
import type { ServiceNoise, ServiceTable } from "./service-times.ts";

/** Starts and ends services; shared by the stations that send batches to machines. */
export class Service {
  /** Every table a machine has used; machines refer to them by index. */
  readonly tables: ServiceTable[] = [];
  /** When the service last begun is expected to end, chance left out. */
  expectedEndS = 0;
  readonly #clock: Clock;
  readonly #hosts: Hosts;
  readonly #batches: BatchTable;
  readonly #events: EventQueue;
  readonly #noise: ServiceNoise;
  #busy = 0;
  #ready = 0;
  #lastS = 0;
  #busyS = 0;
  #readyS = 0;

  constructor(clock: Clock, hosts: Hosts, batches: BatchTable, events: EventQueue, noise: ServiceNoise) {
    this.#clock = clock;
    this.#hosts = hosts;
    this.#batches = batches;
    this.#events = events;
    this.#noise = noise;
  }

  /** Mean service time of a batch on a machine, known to routers from experience. */
  meanS(row: number, host: number): number {
    const table = this.tables[this.#hosts.table[host] ?? 0];
    return (table?.meanS[this.#batches.count[row] ?? 0] ?? 0) * (this.#batches.sizeFactor[row] ?? 1);
  }

  /** A machine takes a batch; `expectedEndS` then tells until when. */
  begin(row: number, host: number, lane: number): void {
    const { timeS } = this.#clock;
    const meanS = this.meanS(row, host);
    const batches = this.#batches;
    batches.host[row] = host;
    batches.lane[row] = lane;
    batches.startS[row] = timeS;
    this.#events.push(timeS + meanS * this.#noise.next(), eventOf(BATCH_END, row));
    batches.sequence[row] = this.#events.pushedSequence;
    this.#hosts.busy[host] = (this.#hosts.busy[host] ?? 0) + 1;
    this.#elapse();
    this.#busy += 1;
    this.expectedEndS = timeS + meanS;
  }

  /** The batch in a row no longer occupies its machine. */
  end(row: number): void {
    const host = this.#batches.host[row] ?? 0;
    this.#hosts.busy[host] = (this.#hosts.busy[host] ?? 0) - 1;
    this.#elapse();
    this.#busy -= 1;
  }

  /** Model instances came (or went) into use. */
  resize(slots: number): void {
    this.#elapse();
    this.#ready += slots;
  }

  /** Busy share of ready capacity since the last call, in [0, 1]; 0 when nothing was ready. */
  utilization(): number {
    this.#elapse();
    const result = this.#readyS > 0 ? Math.min(1, this.#busyS / this.#readyS) : 0;
    this.#busyS = this.#readyS = 0;
    return result;
  }

  #elapse(): void {
    const { timeS } = this.#clock;
    const elapsedS = timeS - this.#lastS;
    this.#lastS = timeS;
    this.#busyS += this.#busy * elapsedS;
    this.#readyS += this.#ready * elapsedS;
  }
}
