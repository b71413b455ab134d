// A station whose batches go to machines: what the fleet and the event loop need of every routing.

import type { BatchTable } from "./batch-table.ts";
import type { Clock } from "./clock.ts";
import type { Hosts } from "./hosts.ts";
import type { Service } from "./service.ts";
import { type BufferOptions, Station } from "./station.ts";

/** Shared parts of a simulation that stations of machines work on. */
export interface MachineParts {
  readonly hosts: Hosts;
  readonly batches: BatchTable;
  readonly service: Service;
  readonly pools: number;
  /** Weight of a machine by pool; null for its throughput. */
  readonly weights: readonly (number | null)[];
  /** Whether predicted waits will be asked for. */
  readonly predictsWait: boolean;
}

/** Least predicted wait of a request that finds every model instance at work. */
export const LEAST_WAIT_S = 1e-9;

/** Machines open and close, batches begin and end; time is that of the simulation. */
export abstract class MachineStation extends Station {
  readonly lane: number;
  /** Predicted wait beyond which a request is offloaded; Infinity for never. */
  patienceS = Number.POSITIVE_INFINITY;
  protected readonly parts: MachineParts;
  /** Batches per second of all open machines at the largest batch. */
  protected batchRate = 0;
  #openMachines = 0;

  constructor(clock: Clock, lane: number, parts: MachineParts, buffers: BufferOptions) {
    super(clock, buffers);
    this.lane = lane;
    this.parts = parts;
  }

  get openMachines(): number {
    return this.#openMachines;
  }

  /** Requests in batches that wait at machines. */
  abstract get waitingAtMachines(): number;

  /**
   * Whether a request that came now would wait for a model instance longer than the patience, batching aside;
   * for ever with no machine.
   */
  abstract get exceedsPatience(): boolean;

  /** A machine takes work from now on, under its present table. */
  open(host: number): void {
    const { hosts, service } = this.parts;
    const table = service.tables[hosts.table[host] ?? 0];
    hosts.open[host] = 1;
    hosts.lane[host] = this.lane;
    hosts.slots[host] = table?.slots ?? 0;
    this.#openMachines += 1;
    this.batchRate += this.#rateOf(host);
    service.resize(hosts.slots[host] ?? 0);
    this.opened(host);
  }

  /** A machine takes no new work from now on; what it has goes on. */
  close(host: number): void {
    const { hosts, service } = this.parts;
    if (hosts.open[host] === 0) return;
    this.closed(host);
    hosts.open[host] = 0;
    this.#openMachines -= 1;
    this.batchRate = this.#openMachines === 0 ? 0 : this.batchRate - this.#rateOf(host);
    service.resize(-(hosts.slots[host] ?? 0));
  }

  /** The batch limits and the patience changed. */
  setLimits(maxBatchSize: number, maxDelayS: number, patienceS: number): void {
    const { hosts } = this.parts;
    this.patienceS = patienceS;
    this.maxBatchSize = maxBatchSize;
    this.maxDelayS = maxDelayS;
    this.batchRate = 0;
    for (let host = 0; host < hosts.rows; host++) {
      if (hosts.open[host] === 1 && hosts.lane[host] === this.lane) this.batchRate += this.#rateOf(host);
    }
    this.reordered();
  }

  /** Mean throughput of a machine at the largest batch, in requests per second. */
  protected throughputOf(host: number): number {
    return this.#rateOf(host) * this.maxBatchSize;
  }

  /**
   * The batch in a row has ended; where the machine takes the next one at once, it does so in the same row.
   * @returns false when nothing was done
   */
  abstract carryOn(row: number, host: number): boolean;

  /** A batch on one of this station's machines has ended and left it. */
  abstract ended(row: number, host: number): void;

  /** A batch in service is lost with its machine. */
  abstract forget(row: number, host: number): void;

  /** A machine is lost: takes back the batches that wait at it, oldest first. */
  abstract reclaim(host: number, giveBack: (row: number) => void): void;

  protected abstract opened(host: number): void;
  protected abstract closed(host: number): void;

  /** Speeds may have changed. */
  protected reordered(): void {}

  #rateOf(host: number): number {
    const table = this.parts.service.tables[this.parts.hosts.table[host] ?? 0];
    const meanS = table?.meanS[this.maxBatchSize] ?? 0;
    return meanS > 0 ? (table?.slots ?? 0) / meanS : 0;
  }
}
