// A server on loopback that answers what a test says: for answers no real server gives on request.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What it was asked. */
export interface Question {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** An answer of a status, or of status 200. */
export type Answer = string | { readonly status: number; readonly body: string };

/** Answers as a function says. */
export class AnsweringServer {
  readonly asked: Question[] = [];
  readonly #server: Server;
  #port = 0;

  constructor(answer: (question: Question) => Answer) {
    this.#server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      const { method = "GET", headers } = request;
      const url = new URL(request.url ?? "/", "http://127.0.0.1");
      const question = { method, url, body: Buffer.concat(parts).toString("utf8"), headers };
      this.asked.push(question);
      const given = answer(question);
      const { status, body } = typeof given === "string" ? { status: 200, body: given } : given;
      response.writeHead(status).end(body);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
