// A proxy in front of a real server that lets everything through until a test tells it what to answer instead.

import {
  createServer,
  request as forward,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** A request, whole. */
export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Takes the place of the server's answer, where it has one; null lets the request through. */
export type Tampering = (
  method: string,
  path: string,
  request: ProxiedRequest,
) => { readonly status: number; readonly body: string } | null;

/** Changes the body of the server's own answer. */
export type Distortion = (path: string, body: string) => string;

/** Listens on loopback, in front of one server. */
export class TamperingProxy {
  tamper: Tampering | null = null;
  distort: Distortion | null = null;
  /** Requests that change something and went through. */
  writes = 0;
  readonly #target: string;
  readonly #isWrite: (request: ProxiedRequest) => boolean;
  readonly #server: Server;
  #port = 0;

  /** @param isWrite whether a request changes something: all but GET, where the protocol says it by its methods */
  constructor(target: string, isWrite: (request: ProxiedRequest) => boolean = ({ method }) => method !== "GET") {
    this.#target = target;
    this.#isWrite = isWrite;
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => this.#answer(request, Buffer.concat(parts), response));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Nobody answers from then on; `listen` again is where it was. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** The way a test's bench wants it: tampers until the function it gives is called. */
  async until(tamper: Tampering): Promise<() => Promise<void>> {
    this.tamper = tamper;
    return async () => {
      this.tamper = null;
    };
  }

  /** Distorts answers until the function it gives is called. */
  async untilDistorted(distort: Distortion): Promise<() => Promise<void>> {
    this.distort = distort;
    return async () => {
      this.distort = null;
    };
  }

  /** Silent until the function it gives is called. */
  async untilSilent(): Promise<() => Promise<void>> {
    await this.stop();
    return () => this.listen();
  }

  #answer({ method = "GET", url = "/", headers }: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const whole = { method, path: url, headers, body };
    const tampered = this.tamper?.(method, url, whole);
    if (tampered) {
      response.writeHead(tampered.status).end(tampered.body);
      return;
    }
    if (this.#isWrite(whole)) this.writes += 1;
    const upstream = forward(this.#target + url, { method, headers }, (answer) => {
      const { distort } = this;
      if (distort === null) {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        return;
      }
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => {
        response.writeHead(answer.statusCode ?? 502).end(distort(url, Buffer.concat(parts).toString("utf8")));
      });
    });
    upstream.on("error", () => response.destroy());
    upstream.end(body);
  }
}
