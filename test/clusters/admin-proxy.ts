// Stands between an adapter and the gateway's admin side, and spoils what passes when told to.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Passes requests on, and can be told not to. */
export class AdminProxy {
  /** Changes that were passed on and changed something the gateway tells. */
  changes = 0;
  /** Changes are answered as if they were taken, and go nowhere. */
  deaf = false;
  /** Changes an answer on its way back. */
  spoil: ((body: string) => string) | null = null;
  readonly #target: string;
  readonly #server: Server;
  #port = 0;

  constructor(target: string) {
    this.#target = target;
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = "GET", url = "/" } = request;
      if (method === "PUT" && this.deaf) {
        response.end("{}");
        return;
      }
      const model = url.replace(/\/configuration$/, "");
      const before = method === "PUT" ? await this.#told(model) : "";
      const answer = await fetch(this.#target + url, {
        method,
        headers: { "content-type": "application/json" },
        ...(method === "PUT" ? { body: Buffer.concat(chunks) } : {}),
      });
      const body = await answer.text();
      if (method === "PUT" && before !== (await this.#told(model))) this.changes += 1;
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(this.spoil === null ? body : this.spoil(body));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #told(model: string): Promise<string> {
    const answer = await fetch(this.#target + model);
    const { configuration, canary } = (await answer.json()) as Record<string, unknown>;
    return JSON.stringify([configuration, canary]);
  }
}
