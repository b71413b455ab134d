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
  /** Service that had been done at the last look by batches then in service. */
  #carriedS = 0;
  /** Service that was cut short since. */
  #cutS = 0;
  #ready = 0;
  #readyS = 0;
  #resizedS = 0;

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
    this.#batches.host[row] = host;
    this.#batches.lane[row] = lane;
    this.#hosts.busy[host] = (this.#hosts.busy[host] ?? 0) + 1;
    this.beginAgain(row, host);
  }

  /** A machine takes another batch in place of one that just ended. */
  beginAgain(row: number, host: number): void {
    const { timeS } = this.#clock;
    const batches = this.#batches;
    const meanS = this.meanS(row, host);
    const events = this.#events;
    batches.startS[row] = timeS;
    this.expectedEndS = timeS + meanS;
    events.push(timeS + meanS * this.#noise.of(batches.times[row * batches.stride] ?? 0), eventOf(BATCH_END, row));
    batches.sequence[row] = events.pushedSequence;
  }

  /** The service of the batch in a row is cut short. */
  cut(row: number): void {
    this.#cutS += this.#clock.timeS - (this.#batches.startS[row] ?? 0);
  }

  /** The batch in a row no longer occupies its machine. */
  leave(row: number): void {
    const host = this.#batches.host[row] ?? 0;
    this.#hosts.busy[host] = (this.#hosts.busy[host] ?? 0) - 1;
  }

  /** Model instances came (or went) into use. */
  resize(slots: number): void {
    const { timeS } = this.#clock;
    this.#readyS += this.#ready * (timeS - this.#resizedS);
    this.#resizedS = timeS;
    this.#ready += slots;
  }

  /**
   * Busy share of ready capacity since the last call, in [0, 1]; 0 when nothing was ready.
   * @param servedS service times of the batches that ended since
   */
  utilization(servedS: number): number {
    const { timeS } = this.#clock;
    const batches = this.#batches;
    this.resize(0);
    let inServiceS = 0;
    for (let row = 0; row < batches.rows; row++) {
      if ((batches.sequence[row] ?? -1) < 0 || (batches.host[row] ?? -1) < 0) continue;
      inServiceS += timeS - (batches.startS[row] ?? 0);
    }
    const busyS = servedS + this.#cutS + inServiceS - this.#carriedS;
    const result = this.#readyS > 0 ? Math.max(0, Math.min(1, busyS / this.#readyS)) : 0;
    this.#carriedS = inServiceS;
    this.#cutS = this.#readyS = 0;
    return result;
  }
}
