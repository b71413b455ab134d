// A lane: requests wait in it and leave in batches, by size or delay.
//
// A batch leaves once maxBatchSize rows that may share one wait, or the oldest of them has waited maxBatchDelayMs, and
// something is free to take it; of several that are due the one with the oldest request goes first. What is served
// alone is due at once. This is the rule of the simulator's stations, so that a replay of what was recorded fits.

import type { GatewayRequest } from "./request.ts";
import { RequestQueue } from "./request-queue.ts";

/** By which a lane forms batches. */
export interface BatchLimits {
  readonly maxBatchSize: number;
  readonly maxBatchDelayMs: number;
}

/** Sends a batch. @returns false when nothing is free to take it now */
export type Dispatch = (lane: Lane, requests: () => GatewayRequest[], rows: number) => boolean;

/** Requests that wait under one configuration. */
export class Lane {
  limits: BatchLimits;
  readonly #dispatch: Dispatch;
  readonly #nowMs: () => number;
  /** By key; empty ones are dropped, so that keys a client makes up do not pile up. */
  readonly #queues = new Map<string | null, RequestQueue>();
  #timer: NodeJS.Timeout | null = null;
  #timerDueMs = Number.POSITIVE_INFINITY;
  waiting = 0;
  waitingRows = 0;

  constructor(limits: BatchLimits, dispatch: Dispatch, nowMs: () => number) {
    this.limits = limits;
    this.#dispatch = dispatch;
    this.#nowMs = nowMs;
  }

  push(request: GatewayRequest): void {
    this.#queueOf(request.key).push(request);
    this.#count(1, request.rows);
  }

  /** Takes back requests that were not served; they are of one batch, or were. */
  giveBack(requests: readonly GatewayRequest[]): void {
    const byKey = new Map<string | null, GatewayRequest[]>();
    for (const request of requests) {
      const group = byKey.get(request.key);
      if (group === undefined) byKey.set(request.key, [request]);
      else group.push(request);
      this.#count(1, request.rows);
    }
    for (const [key, group] of byKey) this.#queueOf(key).giveBack(group);
  }

  /** Sends every batch that is due and can be taken, and sees to being asked again when the next is due. */
  pump(): void {
    for (;;) {
      const nowMs = this.#nowMs();
      const next = this.#next();
      if (next === null) return;
      const dueMs = this.#dueMs(next.key, next.queue);
      if (dueMs > nowMs) {
        this.#wakeAt(dueMs, nowMs);
        return;
      }
      const maxRows = next.key === null ? 1 : this.limits.maxBatchSize;
      const { queue } = next;
      const rows = Math.min(queue.rows, Math.max(maxRows, queue.oldest?.rows ?? 1));
      if (!this.#dispatch(this, () => this.#take(next.key, queue, maxRows), rows)) return;
    }
  }

  /** Takes out requests that `gone` picks. */
  remove(gone: (request: GatewayRequest) => boolean): GatewayRequest[] {
    const removed: GatewayRequest[] = [];
    for (const [key, queue] of this.#queues) {
      for (const request of queue.remove(gone)) {
        removed.push(request);
        this.#count(-1, -request.rows);
      }
      if (queue.size === 0) this.#queues.delete(key);
    }
    return removed;
  }

  /** Stops its timer; for a lane nobody pumps any more. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
  }

  #count(requests: number, rows: number): void {
    this.waiting += requests;
    this.waitingRows += rows;
  }

  #queueOf(key: string | null): RequestQueue {
    const known = this.#queues.get(key);
    if (known !== undefined) return known;
    const queue = new RequestQueue();
    this.#queues.set(key, queue);
    return queue;
  }

  #take(key: string | null, queue: RequestQueue, maxRows: number): GatewayRequest[] {
    const taken = queue.take(maxRows);
    for (const { rows } of taken) this.#count(-1, -rows);
    if (queue.size === 0) this.#queues.delete(key);
    return taken;
  }

  #dueMs(key: string | null, queue: RequestQueue): number {
    const arrivedMs = queue.oldest?.arrivedMs ?? Number.POSITIVE_INFINITY;
    const { maxBatchSize, maxBatchDelayMs } = this.limits;
    return key === null || queue.rows >= maxBatchSize ? arrivedMs : arrivedMs + maxBatchDelayMs;
  }

  /** The queue that is due with the oldest request, else the one due first; null when all are empty. */
  #next(): { readonly key: string | null; readonly queue: RequestQueue } | null {
    let best: { readonly key: string | null; readonly queue: RequestQueue } | null = null;
    let bestMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#nowMs();
    for (const [key, queue] of this.#queues) {
      const dueMs = this.#dueMs(key, queue);
      const rankMs = dueMs <= nowMs ? (queue.oldest?.arrivedMs ?? dueMs) - nowMs : dueMs;
      if (rankMs >= bestMs) continue;
      best = { key, queue };
      bestMs = rankMs;
    }
    return best;
  }

  #wakeAt(dueMs: number, nowMs: number): void {
    if (this.#timer !== null && this.#timerDueMs <= dueMs) return;
    this.stop();
    this.#timerDueMs = dueMs;
    this.#timer = setTimeout(() => {
      this.stop();
      this.pump();
    }, dueMs - nowMs);
  }
}
