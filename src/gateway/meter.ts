// What one stream of traffic came to since the gateway started: counters that only grow, and the latest arrivals and batches.

import { LatencyHistogram } from "../math/index.ts";
import type { Reason } from "./answer.ts";
import { Ring } from "./ring.ts";

/** Arrivals kept: two minutes at 1,000 requests a second. */
const ARRIVALS_KEPT = 1 << 17;

/** Batches kept, for the spread of service times. */
const BATCHES_KEPT = 2048;

/** Batches of one size. */
export interface BatchTotals {
  batches: number;
  serviceMs: number;
}

/** Counters of a stream of traffic. */
export class Meter {
  readonly latency = new LatencyHistogram();
  /** Requests at the input, whatever became of them. */
  arrived = 0;
  served = 0;
  /** Of those served, by the function. */
  offloaded = 0;
  /** Whose client went away. */
  cancelled = 0;
  /** Further attempts. */
  retried = 0;
  /** Not served, by reason. */
  readonly failed = new Map<Reason, number>();
  /** Of the backends, by rows; the function's are apart. */
  readonly bySize = new Map<number, BatchTotals>();
  readonly atFunction: BatchTotals = { batches: 0, serviceMs: 0 };
  readonly arrivals = new Ring(ARRIVALS_KEPT);
  readonly batchRows = new Ring(BATCHES_KEPT);
  readonly batchMs = new Ring(BATCHES_KEPT);

  arrive(nowMs: number): void {
    this.arrived += 1;
    this.arrivals.push(nowMs);
  }

  serve(latencyMs: number, offloaded: boolean): void {
    this.served += 1;
    if (offloaded) this.offloaded += 1;
    this.latency.add(latencyMs);
  }

  fail(reason: Reason): void {
    this.failed.set(reason, (this.failed.get(reason) ?? 0) + 1);
  }

  batch(rows: number, serviceMs: number, atFunction: boolean): void {
    const totals = atFunction ? this.atFunction : this.#totals(rows);
    totals.batches += 1;
    totals.serviceMs += serviceMs;
    if (atFunction) return;
    this.batchRows.push(rows);
    this.batchMs.push(serviceMs);
  }

  #totals(rows: number): BatchTotals {
    const known = this.bySize.get(rows);
    if (known !== undefined) return known;
    const totals = { batches: 0, serviceMs: 0 };
    this.bySize.set(rows, totals);
    return totals;
  }
}
