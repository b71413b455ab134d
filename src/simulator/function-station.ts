// Functions: batches become calls, each in a sandbox of its own, warm or cold, under a concurrency limit.
//
// latency of a call = cold start or (late? extra) + service(memory, batch)·noise;  the newest warm sandbox is used
// first, and one that waited longer than keepAliveS is gone.

import type { Random } from "../core/index.ts";
import { drawDurationS } from "../math/index.ts";
import type { BatchTable } from "./batch-table.ts";
import { type Billing, callUsd, FUNCTIONS } from "./billing.ts";
import type { Clock } from "./clock.ts";
import type { EventQueue } from "./event-queue.ts";
import { CALL_END, eventOf } from "./events.ts";
import type { FunctionPlan } from "./plan.ts";
import type { RequestQueue } from "./request-queue.ts";
import { drawsOf, type ServiceNoise } from "./service-times.ts";
import { type BufferOptions, Station } from "./station.ts";

/** Counters of the function service over all stations. */
export interface CallCounts {
  inFlight: number;
  calls: number;
  coldStarts: number;
  throttled: number;
}

/** Shared parts of a simulation that function stations work on. */
export interface FunctionParts {
  readonly plan: FunctionPlan;
  readonly batches: BatchTable;
  readonly events: EventQueue;
  readonly billing: Billing;
  readonly noise: ServiceNoise;
  /** Of delays; keyed by arrival under common random numbers. */
  readonly random: Random;
  readonly counts: CallCounts;
}

/** Sends batches to the function service. */
export class FunctionStation extends Station {
  readonly lane: number;
  readonly #parts: FunctionParts;
  #memoryMb = 0;
  #meanS = new Float64Array(1);
  #epoch = 0;
  /** When each warm sandbox became idle, a ring: position `(head + i) & mask` holds the i-th oldest. */
  #warm = new Float64Array(16);
  #warmHead = 0;
  #warmCount = 0;

  constructor(clock: Clock, lane: number, parts: FunctionParts, buffers: BufferOptions) {
    super(clock, buffers);
    this.lane = lane;
    this.#parts = parts;
  }

  /** New limits and memory; other memory means other sandboxes, all cold. */
  configure(maxBatchSize: number, maxDelayS: number, memoryMb: number): void {
    this.maxBatchSize = maxBatchSize;
    this.maxDelayS = maxBatchSize === 1 ? 0 : maxDelayS;
    const sameMemory = memoryMb === this.#memoryMb;
    if (sameMemory && maxBatchSize < this.#meanS.length) return;
    const { profile } = this.#parts.plan;
    this.#meanS = Float64Array.from({ length: maxBatchSize + 1 }, (_, batch) =>
      batch === 0 ? 0 : profile.serviceMs({ batch, memoryMb }) / 1000,
    );
    if (sameMemory) return;
    this.#memoryMb = memoryMb;
    this.#warmCount = 0;
    this.#epoch += 1;
  }

  /** Whether a call made now would be turned away. */
  get throttles(): boolean {
    return this.free <= 0 && this.#parts.plan.overflow === "drop";
  }

  /** Brings `free` up to date with the calls of every station. */
  refresh(): void {
    this.free = this.#parts.plan.type.concurrencyLimit - this.#parts.counts.inFlight;
  }

  /** The call of a batch has ended. */
  ended(row: number): void {
    this.#parts.counts.inFlight -= 1;
    this.refresh();
    if (this.#parts.batches.slot[row] === this.#epoch) this.#keepWarm();
  }

  protected override start(buffer: RequestQueue, count: number): void {
    const { timeS } = this.clock;
    const { plan, batches, events, billing, noise, random, counts } = this.#parts;
    const row = batches.take(buffer, count);
    const oldestS = batches.times[row * batches.stride] ?? 0;
    const cold = !this.#takeWarm();
    const serviceS = (this.#meanS[count] ?? 0) * (batches.sizeFactor[row] ?? 1) * noise.of(oldestS);
    let delayS = 0;
    let billedS = serviceS;
    counts.calls += 1;
    if (cold) {
      counts.coldStarts += 1;
      delayS = drawDurationS(plan.type.coldStartS, drawsOf(random, oldestS));
      if (plan.coldStartBilled === true) billedS += delayS;
    } else if (plan.late.share > 0 && drawsOf(random, oldestS).next() < plan.late.share) {
      delayS = plan.late.extraMs / 1000;
    }
    billing.charge(this.lane, FUNCTIONS, callUsd(plan.type, this.#memoryMb, billedS), timeS);
    batches.host[row] = -1;
    batches.lane[row] = this.lane;
    batches.slot[row] = this.#epoch;
    batches.startS[row] = timeS;
    events.push(timeS + delayS + serviceS, eventOf(CALL_END, row));
    batches.sequence[row] = events.pushedSequence;
    counts.inFlight += 1;
    this.free -= 1;
  }

  #takeWarm(): boolean {
    const oldestS = this.clock.timeS - this.#parts.plan.type.keepAliveS;
    const mask = this.#warm.length - 1;
    while (this.#warmCount > 0 && (this.#warm[this.#warmHead] ?? 0) < oldestS) {
      this.#warmHead = (this.#warmHead + 1) & mask;
      this.#warmCount -= 1;
    }
    if (this.#warmCount === 0) return false;
    this.#warmCount -= 1;
    return true;
  }

  #keepWarm(): void {
    const { timeS } = this.clock;
    if (this.#warmCount === this.#warm.length) {
      const larger = new Float64Array(this.#warm.length * 2);
      for (let i = 0; i < this.#warmCount; i++) {
        larger[i] = this.#warm[(this.#warmHead + i) & (this.#warm.length - 1)] ?? 0;
      }
      this.#warm = larger;
      this.#warmHead = 0;
    }
    this.#warm[(this.#warmHead + this.#warmCount) & (this.#warm.length - 1)] = timeS;
    this.#warmCount += 1;
  }
}
