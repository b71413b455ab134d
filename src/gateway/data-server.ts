// The data plane: the Open Inference Protocol v2 over HTTP, on Node's own server; nothing stands between it and a request.
//
// GET  /v2/health/live|ready    GET /v2    GET /v2/models/<m>[/versions/<v>][/ready]
// POST /v2/models/<m>[/versions/<v>]/infer     x-trimtab-deadline-ms, x-trimtab-idempotent: of this request

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { gatekeeper } from "./access.ts";
import { errorAnswer, type GatewayAnswer, type Reason } from "./answer.ts";
import type { ServedModel } from "./model.ts";
import { GatewayRequest } from "./request.ts";
import { BODY_HEADERS } from "./upstream.ts";

/** What the data plane works with. */
export interface DataServerParts {
  readonly models: ReadonlyMap<string, ServedModel>;
  readonly version: string;
  readonly token: string | null;
  readonly maxBodyBytes: number;
  readonly maxHeldBytes: number;
  readonly nowMs: () => number;
  readonly draining: () => boolean;
  /** For what should never happen. */
  readonly onError: (error: unknown) => void;
}

/** Longer than the idle timeout of the usual load balancers, so that they close first. */
export const KEEP_ALIVE_MS = 75_000;

/** For a request to come in whole. */
const REQUEST_TIMEOUT_MS = 60_000;

const LONGEST_DEADLINE_MS = 3_600_000;

const modelPath = /^\/v2\/models\/([^/]+)(?:\/versions\/[^/]+)?(\/infer|\/ready)?$/;

function json(value: unknown, status = 200): GatewayAnswer {
  return { status, headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify(value)) };
}

/** Serves requests over HTTP. */
export class DataServer {
  readonly server: Server;
  readonly #parts: DataServerParts;
  readonly #refusalOf: ReturnType<typeof gatekeeper>;
  #heldBytes = 0;

  constructor(parts: DataServerParts) {
    this.#parts = parts;
    this.#refusalOf = gatekeeper(parts.token);
    this.server = createServer(
      { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: REQUEST_TIMEOUT_MS },
      (request, response) => {
        try {
          this.#handle(request, response);
        } catch (error) {
          this.#unexpected(response, error);
        }
      },
    );
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const arrivedMs = this.#parts.nowMs();
    const path = request.url?.replace(/\?.*$/, "") ?? "/";
    const match = request.method === "POST" ? modelPath.exec(path) : null;
    const refusal = this.#refusalOf(request.headers);
    if (refusal !== null && path !== "/v2/health/live" && path !== "/v2/health/ready") {
      this.#send(response, json({ error: refusal.message }, refusal.status));
      request.resume();
      return;
    }
    const model = match?.[2] === "/infer" ? this.#modelOf(match[1]) : null;
    if (model !== null) this.#infer(model, path, arrivedMs, request, response);
    else void this.#describe(path, request, response).catch((error: unknown) => this.#unexpected(response, error));
  }

  #modelOf(name: string | undefined): ServedModel | null {
    return this.#parts.models.get(name ?? "") ?? null;
  }

  /** Reads a request's body, and hands the request to its model. */
  #infer(
    model: ServedModel,
    path: string,
    arrivedMs: number,
    message: IncomingMessage,
    response: ServerResponse,
  ): void {
    const admission = model.arrive(arrivedMs);
    const chunks: Buffer[] = [];
    let bytes = 0;
    let taken: GatewayRequest | null = null;
    const turnAway = (status: number, reason: Reason, text: string): void => {
      for (const meter of admission.meters) meter.fail(reason);
      message.removeAllListeners("data").removeAllListeners("end");
      response.setHeader("connection", "close");
      this.#send(response, errorAnswer(status, reason, text, status === 429 ? 1 : undefined));
      message.resume();
    };
    response.on("close", () => {
      this.#heldBytes -= bytes;
      if (taken !== null) model.abandon(taken);
      else if (!response.writableEnded) for (const meter of admission.meters) meter.cancelled += 1;
    });
    message.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      this.#heldBytes += chunk.length;
      const { maxBodyBytes, maxHeldBytes } = this.#parts;
      if (bytes > maxBodyBytes)
        turnAway(413, "bad-request", `body: expected at most ${maxBodyBytes} bytes, found more`);
      else if (this.#heldBytes > maxHeldBytes)
        turnAway(429, "queue-full", "memory: expected room for the request, found none");
      else chunks.push(chunk);
    });
    message.on("end", () => {
      try {
        const deadline = this.#deadlineMs(message, model);
        const idempotent = this.#idempotent(message, model);
        if (typeof deadline === "string" || typeof idempotent === "string") {
          turnAway(400, "bad-request", typeof deadline === "string" ? deadline : String(idempotent));
          return;
        }
        const [only] = chunks;
        taken = new GatewayRequest({
          arrivedMs,
          deadlineMs: arrivedMs + deadline,
          path,
          headers: bodyHeadersOf(message),
          body: chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks),
          idempotent,
          ...admission,
          respond: (answer) => this.#send(response, answer),
        });
        model.submit(taken);
      } catch (error) {
        this.#unexpected(response, error);
      }
    });
  }

  /** From arrival to answer; a text where the header makes no sense. */
  #deadlineMs({ headers }: IncomingMessage, model: ServedModel): number | string {
    const given = headers["x-trimtab-deadline-ms"];
    if (given === undefined) return model.settings.deadlineMs;
    const value = Number(given);
    if (value > 0 && value <= LONGEST_DEADLINE_MS) return value;
    return `x-trimtab-deadline-ms: expected a number above 0 and at most ${LONGEST_DEADLINE_MS}, found ${given}`;
  }

  #idempotent({ headers }: IncomingMessage, model: ServedModel): boolean | string {
    const given = headers["x-trimtab-idempotent"];
    if (given === undefined) return model.settings.idempotent;
    if (given === "true" || given === "false") return given === "true";
    return `x-trimtab-idempotent: expected true or false, found ${given}`;
  }

  /** Everything but infer requests. */
  async #describe(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const match = modelPath.exec(path);
    const model = match === null ? null : this.#modelOf(match[1]);
    const infer = match?.[2] === "/infer";
    if (match !== null && model === null) {
      const known = [...this.#parts.models.keys()].join(", ");
      return this.#send(response, json({ error: `model: expected one of ${known}, found "${match[1]}"` }, 404));
    }
    if (match === null && !["/v2", "/v2/", "/v2/health/live", "/v2/health/ready"].includes(path)) {
      return this.#send(response, json({ error: `path: expected one of the v2 protocol, found ${path}` }, 404));
    }
    if (request.method !== (infer ? "POST" : "GET")) {
      response.setHeader("allow", infer ? "POST" : "GET");
      return this.#send(
        response,
        json({ error: `method: expected ${infer ? "POST" : "GET"}, found ${request.method}` }, 405),
      );
    }
    if (path === "/v2/health/live") return this.#send(response, json({ live: true }));
    if (path === "/v2/health/ready") return this.#ready(response, {}, [...this.#parts.models.values()]);
    if (model === null)
      return this.#send(response, json({ name: "trimtab-gateway", version: this.#parts.version, extensions: [] }));
    if (match?.[2] === "/ready") return this.#ready(response, { name: model.settings.name }, [model]);
    const described = await model.ask(path);
    return this.#send(
      response,
      described ?? json({ error: "metadata: expected a backend that answers, found none" }, 503),
    );
  }

  #ready(response: ServerResponse, name: object, models: readonly ServedModel[]): void {
    const ready = !this.#parts.draining() && models.every(({ pool }) => pool.ready);
    this.#send(response, json({ ...name, ready }, ready ? 200 : 503));
  }

  #send(response: ServerResponse, { status, headers, body }: GatewayAnswer): void {
    if (response.headersSent || response.destroyed) return;
    if (this.#parts.draining()) response.setHeader("connection", "close");
    response.writeHead(status, { ...headers, "content-length": body.length });
    response.end(body);
  }

  #unexpected(response: ServerResponse, error: unknown): void {
    this.#parts.onError(error);
    this.#send(response, json({ error: "unexpected failure" }, 500));
  }
}

function bodyHeadersOf({ headers }: IncomingMessage): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of BODY_HEADERS) {
    const value = headers[name];
    if (typeof value === "string") kept[name] = value;
  }
  return kept;
}
