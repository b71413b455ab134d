// The backends of a model: which takes the next batch, and how long a request would wait.
//
// chosen   = least (expected wait + learned service time of the batch there) / weight, of those that are up;
//            is it busy, the batch waits for it rather than go where it would end later
// predicted wait = 0 with a slot free, else first expected end + ⌊rows waiting / B⌋ / (batches per second of all slots)

import type { Backend } from "./backend.ts";

/** The backends among which the batches of a model are shared out. */
export class BackendPool {
  backends: readonly Backend[] = [];
  /** Batches a backend takes at once, unless it says otherwise. */
  concurrency: number;
  /** Where the next search begins, so that equals take turns. */
  #turn = 0;

  constructor(concurrency: number) {
    this.concurrency = concurrency;
  }

  /** Batches that can be under way at once. */
  get slots(): number {
    return this.#usable().reduce((sum, backend) => sum + this.#slotsOf(backend), 0);
  }

  /** Batches under way. */
  get inFlight(): number {
    return this.backends.reduce((sum, backend) => sum + backend.inFlight, 0);
  }

  /** Whether any backend is up. */
  get ready(): boolean {
    return this.#usable().length > 0;
  }

  /** The backend for a batch, with a slot free for it; null when the batch is to wait. */
  choose(rows: number, nowMs: number): Backend | null {
    const { length } = this.backends;
    let best: Backend | null = null;
    let bestScore = Number.POSITIVE_INFINITY;
    let bestAt = 0;
    for (let i = 0; i < length; i++) {
      const at = (this.#turn + i) % length;
      const backend = this.backends[at];
      if (backend === undefined || !backend.ready || backend.weight <= 0) continue;
      const waitMs = backend.waitMs(this.#slotsOf(backend), nowMs);
      const score = (waitMs + backend.service.expectedMs(rows)) / backend.weight;
      if (score >= bestScore) continue;
      best = backend;
      bestScore = score;
      bestAt = at;
    }
    if (best === null || best.inFlight >= this.#slotsOf(best)) return null;
    this.#turn = bestAt + 1;
    return best;
  }

  /** How long a request that arrives now would wait behind others. @param waitingRows ahead of it */
  predictedWaitMs(waitingRows: number, maxBatchSize: number, nowMs: number): number {
    let firstMs = Number.POSITIVE_INFINITY;
    let batchesPerMs = 0;
    for (const backend of this.backends) {
      if (!backend.ready || backend.weight <= 0) continue;
      const slots = this.#slotsOf(backend);
      const waitMs = backend.waitMs(slots, nowMs);
      if (waitMs === 0) return 0;
      firstMs = Math.min(firstMs, waitMs);
      batchesPerMs += slots / backend.service.expectedMs(maxBatchSize);
    }
    return batchesPerMs > 0 ? firstMs + Math.floor(waitingRows / maxBatchSize) / batchesPerMs : firstMs;
  }

  #slotsOf(backend: Backend): number {
    return backend.concurrency ?? this.concurrency;
  }

  #usable(): readonly Backend[] {
    return this.backends.filter(({ ready, weight }) => ready && weight > 0);
  }
}
