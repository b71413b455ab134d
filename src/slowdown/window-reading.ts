// How a measured window is read: which slowdown it shows, what it means over many windows, and what service times add.
//
// slowdown: z with L(i, z) = measured latency; an overloaded window bounds it by service time, never by the backlog
// service slowdown: ln of the measured over the predicted mean service time at the batch size reached
// queueing: mean of what slowdowns exceed service slowdowns by, so that service times alone can stand in for a window

import { z } from "zod";
import type { LoadModel, Measured } from "./search-contract.ts";

/** Log of the latency over the SLO above which a window was too late. */
export const TOO_LATE = Math.log(1.1);

/** An overload shows at most this much more slowdown than the SLO allows. */
const LARGEST_EXCESS = 0.3;

/** Utilization from which on the machine is full, and how much more slowdown than allowed that shows at least. */
const FULL = 0.98;
const LEAST_EXCESS = 0.02;

/** JSON form of what was learnt of queues. */
export const windowReaderSchema = z.object({ sum: z.number(), weight: z.number() });

/** Reads windows by the model of their load. */
export class WindowReader {
  readonly #logSlo: number;
  /** Weighted; none counts for one observation beforehand. */
  #queueing = { sum: 0, weight: 1 };
  model: LoadModel;

  constructor(logSlo: number, model: LoadModel) {
    this.#logSlo = logSlo;
    this.model = model;
  }

  /** The slowdown a window shows, within the model's reach. */
  slowdown(i: number, measured: Measured): number {
    const { table, windowTable, serviceMs } = this.model;
    const logLatency = Math.log(measured.latencyMs);
    const plain = windowTable.inverse(i, logLatency);
    if (logLatency <= this.#logSlo) return plain;
    const slack = table.inverse(i, this.#logSlo);
    if (measured.utilization <= FULL || serviceMs === null) return Math.min(plain, slack + LARGEST_EXCESS);
    const service = this.serviceSlowdown(i, measured) ?? Number.NEGATIVE_INFINITY;
    return Math.min(plain, Math.max(-table.reach, service, slack + LEAST_EXCESS));
  }

  /** Log latency over many windows that one window's slowdown amounts to; a rolled-back one counts as too late. */
  overWindows(i: number, measured: Measured, slowdown: number): number {
    const { table } = this.model;
    const inside = Math.abs(slowdown) < table.reach;
    const logLatency = inside ? table.at(i, slowdown) : Math.log(measured.latencyMs);
    return measured.short ? Math.max(logLatency, this.#logSlo + TOO_LATE) : logLatency;
  }

  /** What queues add to the slowdown of service times, on average. */
  get queueing(): number {
    return this.#queueing.sum / this.#queueing.weight;
  }

  /** Learns what queues add to the slowdown of service times. */
  learnQueueing(i: number, measured: Measured, slowdown: number, weight: number): void {
    const service = this.serviceSlowdown(i, measured);
    if (service === null) return;
    this.#queueing.sum += weight * (slowdown - service);
    this.#queueing.weight += weight;
  }

  /** The slowdown at the batch size reached by service times, queues adding what they do elsewhere; null if unknown. */
  slowdownAtBatch(i: number, measured: Measured): number | null {
    const service = this.serviceSlowdown(i, measured);
    if (service === null) return null;
    const { reach } = this.model.table;
    return Math.min(reach, Math.max(-reach, service + this.queueing));
  }

  save(): z.input<typeof windowReaderSchema> {
    return { ...this.#queueing };
  }

  restore(saved: z.infer<typeof windowReaderSchema>): void {
    this.#queueing = { ...saved };
  }

  /** Log of the measured over the predicted mean service time at the batch size reached; null where not told. */
  serviceSlowdown(i: number, measured: Measured): number | null {
    const { serviceMs } = this.model;
    if (serviceMs === null || measured.serviceMs === null || measured.meanBatchSize === null) return null;
    return Math.log(measured.serviceMs / serviceMs(i, measured.meanBatchSize));
  }
}
