// Batches under way: sent to a backend, answered each request once, or tried again where that can do no harm.
//
// what happened                         idempotent, attempts left     otherwise
// certainly not sent                    back to the front of its lane, until its deadline
// sent, no answer                       back to the front             502, or 504 past its deadline
// 429, 502, 503, 504 from a backend     back to the front             passed on
// any error to a batch of several       back to the front, alone      passed on

import { errorAnswer, type GatewayAnswer, type Reason } from "./answer.ts";
import type { Attempt, Backend } from "./backend.ts";
import type { BackendPool } from "./backend-pool.ts";
import { mergeBodies, splitAnswer } from "./infer-body.ts";
import { ScanError } from "./json-scan.ts";
import type { GatewayRequest } from "./request.ts";
import type { ModelSettings } from "./settings.ts";
import type { UpstreamAnswer, UpstreamFailure } from "./upstream.ts";

/** Statuses by which a server says that another attempt may fare better. */
const passing = new Set([429, 502, 503, 504]);

const JSON_HEADERS = { "content-type": "application/json" };

/** What it works with. */
export interface DispatchingParts {
  readonly settings: Pick<ModelSettings, "backendTimeoutMs" | "retries" | "probeEveryMs">;
  readonly nowMs: () => number;
  /** Takes requests back to be sent again, before all others. */
  readonly giveBack: (requests: readonly GatewayRequest[]) => void;
  /** What is under way, or could be, is about to change or has changed. */
  readonly changed: () => void;
  /** Something became free. */
  readonly pump: () => void;
}

/** A batch under way. */
interface Batch {
  readonly requests: readonly GatewayRequest[];
  readonly rows: number;
  readonly backend: Backend;
  readonly attempt: Attempt;
  readonly startedMs: number;
  /** Whether a request of it ran out of time there. */
  late: boolean;
  giveUp: (reason: string) => void;
}

/** Sends batches and sees to what becomes of them. */
export class Dispatching {
  readonly #parts: DispatchingParts;
  readonly #batches = new Set<Batch>();
  #stopped = false;

  constructor(parts: DispatchingParts) {
    this.#parts = parts;
  }

  /** Sends a batch to the backend chosen for its rows. @returns false when it is to wait, and nothing was taken */
  dispatch(pool: BackendPool, take: () => GatewayRequest[], rows: number): boolean {
    if (this.#stopped) return false;
    const backend = pool.choose(rows, this.#parts.nowMs());
    if (backend === null) return false;
    const requests = take().filter(({ settled }) => !settled);
    if (requests.length > 0) this.#send(backend, requests);
    return true;
  }

  /** Gives up batches whose backend hangs, and answers requests that cannot wait longer for theirs. */
  sweep(nowMs: number): void {
    const { backendTimeoutMs } = this.#parts.settings;
    for (const batch of this.#batches) {
      if (nowMs - batch.startedMs >= backendTimeoutMs) {
        batch.giveUp(`expected an answer within ${backendTimeoutMs} ms, found none`);
        continue;
      }
      for (const request of batch.requests) {
        if (request.settled || request.deadlineMs > nowMs) continue;
        const message = `deadline: expected an answer in time, found ${batch.backend.name} still at it`;
        batch.late = true;
        this.fail(request, errorAnswer(504, "deadline-in-service", message), "deadline-in-service");
      }
      if (batch.requests.every(({ settled }) => settled)) batch.giveUp("nobody waits for the answer");
    }
  }

  /** Sends nothing more, and gives up what is under way. */
  stop(reason: string): void {
    this.#stopped = true;
    for (const batch of this.#batches) batch.giveUp(reason);
  }

  /** Answers a request that was not served. */
  fail(request: GatewayRequest, answer: GatewayAnswer, reason: Reason): void {
    if (!request.answer(answer)) return;
    for (const meter of request.meters) meter.fail(reason);
  }

  #send(backend: Backend, requests: readonly GatewayRequest[]): void {
    const [first] = requests;
    if (first === undefined) return;
    const startedMs = this.#parts.nowMs();
    const rows = requests.reduce((sum, request) => sum + request.rows, 0);
    const attempt = backend.begin(rows, startedMs);
    const batch: Batch = { requests, rows, backend, attempt, startedMs, late: false, giveUp: () => {} };
    this.#batches.add(batch);
    this.#parts.changed();
    const bodies = requests.flatMap(({ infer }) => (infer === null ? [] : [infer]));
    const alone = requests.length === 1;
    batch.giveUp = backend.upstream.send({
      path: first.path,
      headers: alone ? first.headers : JSON_HEADERS,
      body: alone ? first.body : mergeBodies(bodies),
      onAnswer: (answer) => {
        this.#end(batch);
        this.#answered(batch, answer);
        this.#parts.pump();
      },
      onFailure: (failure) => {
        this.#end(batch);
        this.#failed(batch, failure);
        this.#parts.pump();
      },
    });
  }

  #end(batch: Batch): void {
    batch.backend.end(batch.attempt);
    this.#batches.delete(batch);
    this.#parts.changed();
  }

  #answered(batch: Batch, answer: UpstreamAnswer): void {
    if (answer.status >= 400) {
      this.#refused(batch, answer);
      return;
    }
    this.#passOn(batch, answer);
    // The slot takes the next batch only now, so that passing the answers on is part of what a batch takes.
    const { requests, rows, backend, startedMs } = batch;
    const serviceMs = this.#parts.nowMs() - startedMs;
    backend.service.learn(rows, serviceMs);
    for (const meter of requests[0]?.meters ?? []) meter.batch(rows, serviceMs, requests[0]?.offloaded === true);
  }

  /** Answers each request of a batch with its part. */
  #passOn({ requests, backend }: Batch, answer: UpstreamAnswer): void {
    const nowMs = this.#parts.nowMs();
    const atFunction = requests[0]?.offloaded === true;
    const served = { ...answer.headers, "x-trimtab-backend": backend.name };
    let bodies: readonly Buffer[];
    try {
      bodies =
        requests.length === 1
          ? [answer.body]
          : splitAnswer(
              answer.body,
              requests.flatMap(({ infer }) => infer ?? []),
            );
    } catch (error) {
      if (!(error instanceof ScanError)) throw error;
      const message = `${backend.name}: expected an answer that can be split, found none: ${error.message}`;
      for (const request of requests)
        this.fail(request, errorAnswer(502, "unusable-answer", message), "unusable-answer");
      return;
    }
    requests.forEach((request, i) => {
      const body = bodies[i];
      if (body === undefined || !request.answer({ status: answer.status, headers: served, body })) return;
      for (const meter of request.meters) meter.serve(nowMs - request.arrivedMs, atFunction);
    });
  }

  /** The backend answered with an error. */
  #refused({ requests, backend }: Batch, answer: UpstreamAnswer): void {
    const several = requests.length > 1;
    this.#again(requests, several || passing.has(answer.status), (request) => {
      const headers = { ...answer.headers, "x-trimtab-backend": backend.name, "x-trimtab-reason": "backend-failed" };
      this.fail(request, { status: answer.status, headers, body: answer.body }, "backend-failed");
    });
  }

  /** There was no answer. */
  #failed({ requests, backend, late: timedOut }: Batch, { message, mayHaveReached }: UpstreamFailure): void {
    const waiting = requests.filter(({ settled }) => !settled);
    const nowMs = this.#parts.nowMs();
    // That its clients went away says nothing against a backend.
    if (waiting.length > 0 || timedOut) {
      const { changed, pump } = this.#parts;
      void backend.eject(this.#parts.settings.probeEveryMs, () => {
        changed();
        pump();
      });
      changed();
    }
    if (!mayHaveReached) {
      this.#parts.giveBack(waiting);
      return;
    }
    this.#again(waiting, true, (request) => {
      const text = `${backend.name}: expected an answer, found none: ${message}; it may have been served`;
      const late = request.deadlineMs <= nowMs;
      const reason = late ? "deadline-in-service" : "backend-failed";
      this.fail(request, errorAnswer(late ? 504 : 502, reason, text), reason);
    });
  }

  /** Sends again, each alone, what may be served twice and has attempts left. @param otherwise for the rest */
  #again(requests: readonly GatewayRequest[], worthIt: boolean, otherwise: (request: GatewayRequest) => void): void {
    const nowMs = this.#parts.nowMs();
    const again: GatewayRequest[] = [];
    for (const request of requests) {
      if (request.settled) continue;
      request.attempts += 1;
      const left = request.attempts <= this.#parts.settings.retries && request.deadlineMs > nowMs;
      if (!worthIt || !request.idempotent || !left) {
        otherwise(request);
        continue;
      }
      if (requests.length > 1) request.infer = null;
      for (const meter of request.meters) meter.retried += 1;
      again.push(request);
    }
    if (again.length > 0) this.#parts.giveBack(again);
  }
}
