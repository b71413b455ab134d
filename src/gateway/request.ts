// One request on its way through the gateway: what came, by when it must be answered, and the one answer it gets.

import type { GatewayAnswer } from "./answer.ts";
import type { InferBody } from "./infer-body.ts";
import type { Meter } from "./meter.ts";

/** What a request is made from. */
export interface GatewayRequestInit {
  /** Of this process's clock. */
  readonly arrivedMs: number;
  readonly deadlineMs: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Whether serving it twice does no harm. */
  readonly idempotent: boolean;
  /** Whether it is served under the canary's configuration. */
  readonly canary: boolean;
  /** All that count it. */
  readonly meters: readonly Meter[];
  /** Called exactly once. */
  readonly respond: (answer: GatewayAnswer) => void;
}

/** A request that waits, is served, or is done with. */
export class GatewayRequest {
  readonly arrivedMs: number;
  readonly deadlineMs: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly idempotent: boolean;
  readonly canary: boolean;
  readonly meters: readonly Meter[];
  /** Null where it is served alone, as it came. */
  infer: InferBody | null = null;
  /** Times it may have reached a backend. */
  attempts = 0;
  /** Whether the function has it. */
  offloaded = false;
  readonly #respond: (answer: GatewayAnswer) => void;
  #settled = false;

  constructor(init: GatewayRequestInit) {
    this.arrivedMs = init.arrivedMs;
    this.deadlineMs = init.deadlineMs;
    this.path = init.path;
    this.headers = init.headers;
    this.body = init.body;
    this.idempotent = init.idempotent;
    this.canary = init.canary;
    this.meters = init.meters;
    this.#respond = init.respond;
  }

  /** Rows along the batch dimension; 1 where it is served alone. */
  get rows(): number {
    return this.infer?.rows ?? 1;
  }

  /** Requests with equal keys may share a batch; null shares with none. */
  get key(): string | null {
    return this.infer === null ? null : this.path + this.infer.key;
  }

  /** Whether it is answered, or its client gone. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Answers it. @returns false when it was settled before, and nothing was sent */
  answer(answer: GatewayAnswer): boolean {
    if (!this.cancel()) return false;
    this.#respond(answer);
    return true;
  }

  /** Nobody waits for its answer any more. @returns false when it was settled before */
  cancel(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    return true;
  }
}
