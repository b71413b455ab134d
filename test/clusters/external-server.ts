// A cluster's own HTTP service for the `external` adapter: a simulated cluster behind a real server on loopback.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../src/clusters/index.ts";
import { ActuationError, type ClusterAdapter, fromJson, toJson, type WindowMetrics } from "../../src/core/index.ts";

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

/** Takes the place of the answer to a path ("state" or "configuration"); true when it has. */
export type Tampering = (path: string, response: ServerResponse) => boolean;

/** Serves a cluster; its time passes when the clock's `sleep` is called. */
export class ExternalServer {
  /** Null while nobody tampers. */
  tamper: Tampering | null = null;
  /** Configurations carried out. */
  changes = 0;
  /** Every configuration that was asked for. */
  readonly asked: unknown[] = [];
  authorization: string | undefined;
  readonly #cluster: ClusterAdapter;
  readonly #server: Server;
  #inForce = "";
  #port = 0;
  #lastMetrics: WindowMetrics | null = null;

  constructor(cluster: ClusterAdapter) {
    this.#cluster = cluster;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.writeHead(error instanceof ActuationError ? 422 : 500).end(String(error));
      });
    });
  }

  /** Cluster time stands still between sleeps. */
  get clock(): Clock {
    return { nowMs: () => 0, sleep: (ms) => this.#cluster.advance(ms / 1000) };
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Nobody answers from then on. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Listens again where it did. */
  restart(): Promise<void> {
    return this.listen(this.#port);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").split("/").at(-1) ?? "";
    this.authorization = request.headers.authorization;
    const body = request.method === "PUT" ? await bodyOf(request) : "";
    if (path === "configuration") this.asked.push(JSON.parse(body));
    if (this.tamper?.(path, response)) return;
    if (path === "configuration") {
      const { configuration, trial } = fromJson(JSON.parse(body)) as Parameters<typeof this.take>[0];
      await this.take({ configuration, trial });
      response.writeHead(202).end();
      return;
    }
    const { history: _, ...state } = await this.#cluster.observe();
    const metrics = this.#lastWindow(state.metrics);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(toJson({ ...state, metrics })));
  }

  /** Asked twice at one moment, it tells of the same window twice: one of no length would tell nothing. */
  #lastWindow(metrics: WindowMetrics): WindowMetrics {
    if (metrics.durationS > 0 || this.#lastMetrics === null) this.#lastMetrics = metrics;
    return this.#lastMetrics;
  }

  async take(wanted: {
    configuration: Parameters<ClusterAdapter["apply"]>[0];
    trial?: Parameters<ClusterAdapter["apply"]>[1];
  }): Promise<void> {
    await this.#cluster.apply(wanted.configuration, wanted.trial);
    const key = JSON.stringify(toJson(wanted));
    if (key !== this.#inForce) this.changes += 1;
    this.#inForce = key;
  }
}
