// Requests to a cluster's own servers: bounded in time and size, never redirected, secrets kept out of messages.
//
// Not by fetch, which says Sec-Fetch-Mode: servers that look out for browsers, such as Ray's dashboard, refuse it writes.

import { request as send } from "undici";

/** A request. */
export interface ServerRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Of the whole exchange; 10 s when absent. */
  readonly timeoutMs?: number;
  /** Largest answer read; 8 MiB when absent. */
  readonly maxBytes?: number;
}

/** An answer, whatever its status. */
export interface ServerAnswer {
  readonly status: number;
  readonly text: string;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 8 << 20;

/** Longest part of an answer that is quoted in a message. */
const LONGEST_QUOTE = 200;

/** Raised when a server gave no whole answer in time. */
export class ServerUnreachable extends Error {
  override readonly name = "ServerUnreachable";
}

function placeOf(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function causeOf(error: unknown, signal: AbortSignal, timeoutMs: number): string {
  if (signal.aborted) return `none after ${timeoutMs} ms`;
  if (typeof error !== "object" || error === null) return String(error);
  // Where several addresses failed there is no message of its own, only ECONNREFUSED and the like.
  const { message, code } = error as { readonly message?: unknown; readonly code?: unknown };
  return String(message || code || error);
}

async function readText(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const part of body) {
    bytes += part.byteLength;
    if (bytes > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** Asks a server once. @throws {ServerUnreachable} when no whole answer comes in time, saying where and why */
export async function askServer(url: URL, request: ServerRequest = {}): Promise<ServerAnswer> {
  const { method = "GET", headers = {}, json, timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes = DEFAULT_MAX_BYTES } = request;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { statusCode, body } = await send(url, {
      method,
      headers: json === undefined ? headers : { ...headers, "content-type": "application/json" },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      signal,
    });
    return { status: statusCode, text: await readText(body, maxBytes) };
  } catch (cause) {
    const message = `${method} ${placeOf(url)}: expected an answer, found ${causeOf(cause, signal, timeoutMs)}`;
    throw new ServerUnreachable(message, { cause });
  }
}

/** What a server said, short enough to quote. */
export function quoted({ status, text }: ServerAnswer): string {
  const line = text.replace(/\s+/g, " ").trim();
  return `${status} ${line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line}`.trim();
}
