// Requests at random times, at a rate, without waiting for answers: what a server sees of independent clients.

import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../src/core/index.ts";

/** One request; it resolves when the answer is whole. */
export type Send = () => Promise<unknown>;

/** Requests in flight at most: a server that answers none must not take all memory. */
const MAX_IN_FLIGHT = 1000;

/** No load goes on for longer. */
const LONGEST_MS = 600_000;

/** A Poisson stream of requests, until stopped. */
export class Load {
  sent = 0;
  failed = 0;
  #inFlight = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(rateRps: number, send: Send, random: Random) {
    this.#done = this.#run(rateRps, send, random);
  }

  /** Sends no more, and waits for the answers. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
    while (this.#inFlight > 0) await sleep(5);
  }

  async #run(rateRps: number, send: Send, random: Random): Promise<void> {
    const startMs = performance.now();
    let dueMs = startMs;
    while (!this.#stopped && dueMs - startMs < LONGEST_MS) {
      dueMs += (-Math.log(1 - random.next()) / rateRps) * 1000;
      const waitMs = dueMs - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      if (this.#stopped || this.#inFlight >= MAX_IN_FLIGHT) continue;
      this.sent += 1;
      this.#inFlight += 1;
      send()
        .catch(() => {
          this.failed += 1;
        })
        .finally(() => {
          this.#inFlight -= 1;
        });
    }
  }
}

/** Posts to an address. */
export function post(url: string, body = "", headers: Readonly<Record<string, string>> = {}): Send {
  return async () => {
    const response = await fetch(url, { method: "POST", body, headers, signal: AbortSignal.timeout(30_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${url}: expected 2xx, found ${response.status} ${text.slice(0, 200)}`);
  };
}
