// A model server, or a function, behind an HTTP address: connections are kept, and none carries two calls at a time.

import { type Dispatcher, Pool } from "undici";
import { BODY_HEADERS, type Upstream, type UpstreamAnswer, type UpstreamCall } from "./upstream.ts";

/** How a server is called. */
export interface HttpUpstreamOptions {
  readonly url: string;
  /** Whether every call goes to the address itself, as with functions, or to the protocol's paths below it. */
  readonly onePath: boolean;
  /** Asked for readiness; null where the server has no such address, which then counts as ready. */
  readonly readyPath: string | null;
  readonly connectTimeoutMs: number;
  readonly maxAnswerBytes: number;
}

/** An idle connection is closed before the five seconds after which many servers close theirs. */
const KEEP_ALIVE_MS = 4000;

/** Of readiness and metadata. */
const FETCH_TIMEOUT_MS = 1000;

/** The headers worth keeping of raw name and value pairs. */
function bodyHeaders(raw: readonly Buffer[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = String(raw[i]).toLowerCase();
    if (BODY_HEADERS.includes(name)) headers[name] = String(raw[i + 1]);
  }
  return headers;
}

/** One call under way, as undici tells of it. */
class Exchange implements Dispatcher.DispatchHandlers {
  readonly #call: UpstreamCall;
  readonly #chunks: Buffer[] = [];
  #status = 0;
  #headers: Record<string, string> = {};
  #sent = false;
  #ended = false;
  #abort: ((error?: Error) => void) | null = null;
  #givenUp: string | null = null;

  constructor(call: UpstreamCall) {
    this.#call = call;
  }

  /** A connection is there, and the call is written to it next. */
  onConnect(abort: (error?: Error) => void): void {
    if (this.#givenUp !== null) {
      abort(new Error(this.#givenUp));
      return;
    }
    this.#sent = true;
    this.#abort = abort;
  }

  onHeaders(status: number, raw: Buffer[]): boolean {
    this.#status = status;
    if (status >= 200) this.#headers = bodyHeaders(raw);
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    return true;
  }

  onComplete(): void {
    if (this.#ended) return;
    this.#ended = true;
    const [only] = this.#chunks;
    const body = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
    const answer: UpstreamAnswer = { status: this.#status, headers: this.#headers, body };
    this.#call.onAnswer(answer);
  }

  onError(error: Error): void {
    this.#fail(error.message);
  }

  giveUp(reason: string): void {
    this.#givenUp = reason;
    this.#abort?.(new Error(reason));
    // A call that waits for its connection hears nothing from undici until there is one.
    this.#fail(reason);
  }

  #fail(message: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#call.onFailure({ message, mayHaveReached: this.#sent });
  }
}

/** A server called over HTTP. */
export class HttpUpstream implements Upstream {
  readonly #options: HttpUpstreamOptions;
  readonly #pool: Pool;
  readonly #basePath: string;

  constructor(options: HttpUpstreamOptions) {
    const { origin, pathname, search } = new URL(options.url);
    this.#options = options;
    this.#basePath = options.onePath ? pathname + search : pathname.replace(/\/$/, "");
    this.#pool = new Pool(origin, {
      connections: null,
      pipelining: 1,
      connect: { timeout: options.connectTimeoutMs },
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      // The gateway has deadlines of its own.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: options.maxAnswerBytes,
    });
  }

  send(call: UpstreamCall): (reason: string) => void {
    const exchange = new Exchange(call);
    const { body, headers } = call;
    const path = this.#options.onePath ? this.#basePath : this.#basePath + call.path;
    this.#pool.dispatch({ path, method: "POST", headers: { ...headers }, body }, exchange);
    return (reason) => exchange.giveUp(reason);
  }

  async fetch(path: string): Promise<UpstreamAnswer | null> {
    try {
      const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
      const { statusCode, headers, body } = await this.#pool.request({
        path: this.#basePath + path,
        method: "GET",
        signal,
      });
      const contentType = String(headers["content-type"] ?? "application/json");
      return { status: statusCode, headers: { "content-type": contentType }, body: Buffer.from(await body.bytes()) };
    } catch {
      return null;
    }
  }

  async probe(): Promise<boolean> {
    const { readyPath } = this.#options;
    return readyPath === null || (await this.fetch(readyPath))?.status === 200;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
