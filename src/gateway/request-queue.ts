// Requests that may share a batch, in order of arrival; what a backend never saw goes back to the front.

import type { GatewayRequest } from "./request.ts";

/** Consumed places at the front are cut off once there are this many. */
const COMPACT_AT = 1024;

/** A first-in first-out queue of requests that counts their rows. */
export class RequestQueue {
  #requests: GatewayRequest[] = [];
  #head = 0;
  rows = 0;

  get size(): number {
    return this.#requests.length - this.#head;
  }

  /** The oldest; undefined when empty. */
  get oldest(): GatewayRequest | undefined {
    return this.#requests[this.#head];
  }

  push(request: GatewayRequest): void {
    this.#requests.push(request);
    this.rows += request.rows;
  }

  /** Puts requests back before all others, in their order. */
  giveBack(requests: readonly GatewayRequest[]): void {
    this.#requests = [...requests, ...this.#requests.slice(this.#head)];
    this.#head = 0;
    for (const { rows } of requests) this.rows += rows;
  }

  /** The oldest requests with at most `maxRows` rows together; at least one. */
  take(maxRows: number): GatewayRequest[] {
    const taken: GatewayRequest[] = [];
    let rows = 0;
    for (let next = this.oldest; next !== undefined; next = this.oldest) {
      if (taken.length > 0 && rows + next.rows > maxRows) break;
      taken.push(next);
      rows += next.rows;
      this.#head += 1;
    }
    this.rows -= rows;
    if (this.#head >= COMPACT_AT) {
      this.#requests = this.#requests.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  /** Takes out every request that `gone` picks. */
  remove(gone: (request: GatewayRequest) => boolean): GatewayRequest[] {
    const removed: GatewayRequest[] = [];
    const kept: GatewayRequest[] = [];
    for (let i = this.#head; i < this.#requests.length; i++) {
      const request = this.#requests[i];
      if (request !== undefined) (gone(request) ? removed : kept).push(request);
    }
    if (removed.length === 0) return removed;
    this.#requests = kept;
    this.#head = 0;
    for (const { rows } of removed) this.rows -= rows;
    return removed;
  }
}
