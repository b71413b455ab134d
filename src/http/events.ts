// Server-sent events: one open response, kept alive, ended with the service.

import type { Response } from "express";
import type { EventSource } from "./route.ts";

/** A comment is sent this often, so that proxies keep the connection. */
const HEARTBEAT_MS = 15_000;

/** Bytes waiting for a slow reader at which it is let go. */
const BACKLOG_BYTES = 1 << 20;

/** The open streams of a service. */
export class EventStreams {
  readonly #open = new Set<() => void>();

  /** Answers with a stream of events until the source ends it, the client leaves or the service stops. */
  serve(response: Response, source: EventSource): void {
    response.status(200);
    response.set({ "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
    response.flushHeaders();
    let id = 0;
    let over = false;
    const heartbeat = setInterval(() => response.write(": still here\n\n"), HEARTBEAT_MS);
    let unsubscribe = (): void => undefined;
    const end = (): void => {
      if (over) return;
      over = true;
      clearInterval(heartbeat);
      this.#open.delete(end);
      unsubscribe();
      response.end();
    };
    this.#open.add(end);
    response.on("close", end);
    const send = (event: string, data: unknown): void => {
      if (over) return;
      response.write(`id: ${id++}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      if (response.writableLength > BACKLOG_BYTES) end();
    };
    unsubscribe = source(send, end);
    if (over) unsubscribe();
  }

  /** Ends every stream. */
  close(): void {
    for (const end of [...this.#open]) end();
  }
}
