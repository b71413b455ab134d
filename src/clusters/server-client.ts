// A server of a cluster: asked again while it does not answer, and left alone for a while when it keeps failing.

import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleType,
  type IPolicy,
  retry,
  wrap,
} from "cockatiel";
import type { z } from "zod";
import { ObservationError } from "../core/index.ts";
import { fieldIssues } from "../store/index.ts";
import { askServer, quoted, type ServerAnswer, type ServerRequest, ServerUnreachable } from "./request.ts";

/** Times a request is asked again. */
const RETRIES = 2;

/** After so many failures in a row a server is left alone, for this long. */
const FAILURES_TO_BREAK = 6;
const BROKEN_MS = 5000;

/** Retries and a breaker around anything that throws one of the errors. A pause between tries grows from 100 ms. */
export function persistence(...errors: (new (message: string) => Error)[]): IPolicy {
  const [first = ServerUnreachable, ...others] = errors;
  const failures = others.reduce((policy, error) => policy.orType(error), handleType(first));
  const backoff = new ExponentialBackoff({ initialDelay: 100, maxDelay: 2000 });
  return wrap(
    retry(failures, { maxAttempts: RETRIES, backoff }),
    circuitBreaker(failures, { halfOpenAfter: BROKEN_MS, breaker: new ConsecutiveBreaker(FAILURES_TO_BREAK) }),
  );
}

/** Raised when a server answers that it cannot serve now: 429 or 5xx. */
export class ServerFailing extends ServerUnreachable {
  readonly answer: ServerAnswer;

  constructor(message: string, answer: ServerAnswer) {
    super(message);
    this.answer = answer;
  }
}

/** Where a server is and how it is asked. */
export interface ServerClientOptions {
  /** Paths are added to it. */
  readonly endpoint: string;
  readonly timeoutMs: number;
  /** Largest answer read; 8 MiB when absent. */
  readonly maxBytes?: number;
  readonly headers?: () => Readonly<Record<string, string>>;
}

/** Asks one server. Requests must be such that asking twice does no harm. */
export class ServerClient {
  readonly #options: ServerClientOptions;
  readonly #persistence = persistence(ServerUnreachable);

  constructor(options: ServerClientOptions) {
    this.#options = options;
  }

  get endpoint(): string {
    return this.#options.endpoint;
  }

  /**
   * An answer of any status but 429 and 5xx.
   * @param path with its query; relative to the endpoint
   * @throws {ServerUnreachable} when none came, or the server kept failing
   */
  async ask(path: string, request: ServerRequest = {}): Promise<ServerAnswer> {
    const { endpoint, timeoutMs, maxBytes, headers } = this.#options;
    const url = new URL(path, endpoint.endsWith("/") ? endpoint : `${endpoint}/`);
    const limits = { timeoutMs, ...(maxBytes === undefined ? {} : { maxBytes }) };
    try {
      return await this.#persistence.execute(async () => {
        const answer = await askServer(url, { ...limits, ...request, headers: { ...headers?.(), ...request.headers } });
        if (answer.status !== 429 && answer.status < 500) return answer;
        throw new ServerFailing(`${url.origin}${url.pathname}: expected an answer, found ${quoted(answer)}`, answer);
      });
    } catch (cause) {
      if (!(cause instanceof BrokenCircuitError)) throw cause;
      const message = `${url.origin}: expected an answer, found ${FAILURES_TO_BREAK} failures in a row; asked again soon`;
      throw new ServerUnreachable(message, { cause });
    }
  }

  /**
   * The text of a 200 answer.
   * @throws {ObservationError} for anything else
   */
  async read(path: string, request: ServerRequest = {}): Promise<string> {
    let answer: ServerAnswer;
    try {
      answer = await this.ask(path, request);
    } catch (cause) {
      if (cause instanceof ServerUnreachable) throw new ObservationError(cause.message, { cause });
      throw cause;
    }
    if (answer.status === 200) return answer.text;
    throw new ObservationError(`${this.endpoint} ${path}: expected 200, found ${quoted(answer)}`);
  }

  /**
   * A 200 answer as JSON that fits a schema.
   * @throws {ObservationError} naming the field that does not
   */
  async readJson<T>(path: string, schema: z.ZodType<T, unknown>, request: ServerRequest = {}): Promise<T> {
    const text = await this.read(path, request);
    return parsedAnswer(text, schema, `${this.endpoint} ${path.split("?")[0]}`);
  }
}

/** A text as JSON that fits a schema. @throws {ObservationError} naming the field that does not */
export function parsedAnswer<T>(text: string, schema: z.ZodType<T, unknown>, source: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ObservationError(`${source}: expected JSON, found ${String(cause)}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = fieldIssues(parsed.error, json);
  throw new ObservationError(`${source}: ${issue?.path}: expected ${issue?.expected}, found ${issue?.found}`);
}
