// A backend as the gateway sees it: its weight, the batches under way there, what it is expected to take, whether it is up.

import { ServiceTimes } from "./service-times.ts";
import type { Upstream } from "./upstream.ts";

/** A batch under way. */
export interface Attempt {
  readonly startedMs: number;
  readonly expectedMs: number;
}

/** One server behind the gateway. */
export class Backend {
  readonly name: string;
  readonly url: string;
  readonly upstream: Upstream;
  readonly service = new ServiceTimes();
  /** Share of the traffic relative to the others; 0 for none. */
  weight: number;
  /** Batches it takes at once where that differs from the model's `concurrency`. */
  concurrency: number | null;
  /** False while it is known not to answer. */
  ready = true;
  /** Failures since it last answered, for the record. */
  failures = 0;
  readonly #attempts = new Set<Attempt>();
  #closed = false;
  #probing = false;

  constructor(name: string, url: string, upstream: Upstream, weight: number, concurrency: number | null) {
    this.name = name;
    this.url = url;
    this.upstream = upstream;
    this.weight = weight;
    this.concurrency = concurrency;
  }

  /** Batches under way. */
  get inFlight(): number {
    return this.#attempts.size;
  }

  begin(rows: number, nowMs: number): Attempt {
    const attempt = { startedMs: nowMs, expectedMs: this.service.expectedMs(rows) };
    this.#attempts.add(attempt);
    return attempt;
  }

  end(attempt: Attempt): void {
    this.#attempts.delete(attempt);
    if (this.#closed && this.inFlight === 0) void this.upstream.close();
  }

  /**
   * Expected time until a batch sent now would begin: 0 with a slot free. A batch that takes longer than expected is
   * expected to take as long again as it is late, so that a hung server loses its appeal by the second.
   */
  waitMs(slots: number, nowMs: number): number {
    if (this.#attempts.size < slots) return 0;
    let first = Number.POSITIVE_INFINITY;
    for (const { startedMs, expectedMs } of this.#attempts) {
      first = Math.min(first, Math.abs(startedMs + expectedMs - nowMs));
    }
    return first;
  }

  /** It failed to answer: nothing is sent there until a probe says it is back. */
  async eject(everyMs: number, onReady: () => void): Promise<void> {
    this.failures += 1;
    this.ready = false;
    if (this.#probing) return;
    this.#probing = true;
    while (!this.#closed && !(await this.upstream.probe())) {
      await new Promise((resolve) => setTimeout(resolve, everyMs).unref());
    }
    this.#probing = false;
    if (this.#closed) return;
    this.ready = true;
    onReady();
  }

  /** Takes it out of use; what is under way there ends first. */
  close(): void {
    this.#closed = true;
    this.ready = false;
    if (this.inFlight === 0) void this.upstream.close();
  }
}
