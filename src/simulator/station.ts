// A station: batching buffers in front of something that serves batches, by size or delay.
//
// A batch leaves a buffer once maxBatchSize requests wait in it or its oldest has waited maxDelayS, and
// something is free to take it. With several buffers the due one with the oldest request goes first.

import type { Clock } from "./clock.ts";
import { RequestQueue } from "./request-queue.ts";

/** Called for every request given up for having waited too long. */
export type OnTimeout = (arrivalS: number) => void;

/** How a station keeps requests that wait. */
export interface BufferOptions {
  readonly count: number;
  /** Whether requests have class and size. */
  readonly attributed: boolean;
  readonly timeoutS: number;
  readonly onTimeout: OnTimeout;
}

/** Buffers and the rule by which batches leave them. Subclasses serve. */
export abstract class Station {
  readonly buffers: readonly RequestQueue[];
  maxBatchSize = 1;
  maxDelayS = 0;
  /** Batches that can be taken at once now. */
  free = 0;
  /** When the next batch is due with nothing else happening; Infinity when none is or nothing is free. */
  dueS = Number.POSITIVE_INFINITY;
  protected readonly clock: Clock;
  /** The first buffer; most stations have no other. */
  readonly buffer: RequestQueue;
  readonly #timeoutS: number;
  readonly #onTimeout: OnTimeout;

  constructor(clock: Clock, { count, attributed, timeoutS, onTimeout }: BufferOptions) {
    this.clock = clock;
    this.buffer = new RequestQueue(attributed);
    this.buffers = [this.buffer, ...Array.from({ length: count - 1 }, () => new RequestQueue(attributed))];
    this.#timeoutS = timeoutS;
    this.#onTimeout = onTimeout;
  }

  /** Begins the service of the `count` oldest requests of a buffer. */
  protected abstract start(buffer: RequestQueue, count: number): void;

  /** Requests in the buffers. */
  get waiting(): number {
    if (this.buffers.length === 1) return this.buffer.size;
    let sum = 0;
    for (let i = 0; i < this.buffers.length; i++) sum += this.buffers[i]?.size ?? 0;
    return sum;
  }

  /** Whether a batch that left now would be served at once. */
  get hasIdle(): boolean {
    return this.free > 0;
  }

  /** Starts every batch that is due, and tells by `dueS` when to be asked again. */
  pump(): void {
    const { timeS } = this.clock;
    while (this.free > 0) {
      const buffer = this.buffers.length === 1 ? this.buffer : this.#nextBuffer(timeS);
      if (this.#timeoutS !== Number.POSITIVE_INFINITY) this.#expireOf(buffer, timeS);
      const { size } = buffer;
      if (size === 0) {
        if (this.buffers.length > 1 && this.waiting > 0) continue;
        this.dueS = Number.POSITIVE_INFINITY;
        return;
      }
      if (size < this.maxBatchSize) {
        const dueS = buffer.headS + this.maxDelayS;
        if (dueS > timeS) {
          this.dueS = dueS;
          return;
        }
        this.start(buffer, size);
      } else {
        this.start(buffer, this.maxBatchSize);
      }
    }
    this.dueS = Number.POSITIVE_INFINITY;
  }

  /** The buffer whose batch may leave now; null when there is none. */
  protected due(): RequestQueue | null {
    const { timeS } = this.clock;
    const buffer = this.buffers.length === 1 ? this.buffer : this.#nextBuffer(timeS);
    if (this.#timeoutS !== Number.POSITIVE_INFINITY) this.#expireOf(buffer, timeS);
    const { size } = buffer;
    if (size === 0) return null;
    return size >= this.maxBatchSize || buffer.headS + this.maxDelayS <= timeS ? buffer : null;
  }

  /** Gives up every request that has waited too long. */
  expire(): void {
    if (this.#timeoutS === Number.POSITIVE_INFINITY) return;
    const { timeS } = this.clock;
    for (const buffer of this.buffers) this.#expireOf(buffer, timeS);
  }

  #expireOf(buffer: RequestQueue, timeS: number): void {
    while (buffer.size > 0) {
      const arrivalS = buffer.times[buffer.head] ?? 0;
      if (timeS - arrivalS <= this.#timeoutS) return;
      buffer.drop(1);
      this.#onTimeout(arrivalS);
    }
  }

  /** The buffer whose batch is due with the oldest request; else the one due first. */
  #nextBuffer(timeS: number): RequestQueue {
    let best = this.buffer;
    let bestDue = false;
    let bestHeadS = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.buffers.length; i++) {
      const buffer = this.buffers[i] ?? best;
      if (buffer.size === 0) continue;
      const headS = buffer.times[buffer.head] ?? 0;
      const due = buffer.size >= this.maxBatchSize || headS + this.maxDelayS <= timeS;
      if ((due && !bestDue) || (due === bestDue && headS < bestHeadS)) {
        best = buffer;
        bestDue = due;
        bestHeadS = headS;
      }
    }
    return best;
  }
}
