// A cluster behind an HTTP service of its owner's, in any language: it tells the state, and takes configurations.
//
// GET  <endpoint>/state           → a state as JSON (the observation of POST /v1/policies/{id}/act), without history
// PUT  <endpoint>/configuration   { configuration, trial? } → 2xx accepted; 4xx refused, nothing changed

import { z } from "zod";
import {
  ActuationError,
  type ClusterAdapter,
  type ClusterState,
  type Configuration,
  History,
  type Knob,
  ObservationError,
  type Trial,
  toJson,
} from "../core/index.ts";
import { fieldIssues, stateFrom, stateSchema } from "../store/index.ts";
import { type AdapterContext, adapterEntry } from "./adapter-entry.ts";
import { refuseUnoffered } from "./offered.ts";
import { askServer, quoted, type ServerAnswer, type ServerRequest, ServerUnreachable } from "./request.ts";

const optionsSchema = z.strictObject({
  /** Where the service is; paths are added to it. */
  endpoint: z.url({ protocol: /^https?$/, error: "expected an http or https URL" }),
  /** An answer that takes longer is none. */
  timeoutMs: z.number().int().positive().max(600_000).default(10_000),
});

type ExternalOptions = z.output<typeof optionsSchema>;

class ExternalCluster implements ClusterAdapter {
  readonly knobs: readonly Knob[];
  readonly #options: ExternalOptions;
  readonly #context: AdapterContext;
  readonly #history = new History();

  constructor(options: ExternalOptions, context: AdapterContext) {
    this.knobs = context.knobs;
    this.#options = options;
    this.#context = context;
  }

  async observe(): Promise<ClusterState> {
    const state = this.#parsed(await this.#read());
    const { timeS, metrics, configuration } = state;
    try {
      refuseUnoffered(this.knobs, configuration);
    } catch (cause) {
      throw new ObservationError(`${this.#context.cluster}: state: ${String(cause)}`, { cause });
    }
    return { ...state, history: this.#history.add(timeS, metrics, configuration) };
  }

  async apply(configuration: Configuration, trial?: Trial): Promise<void> {
    refuseUnoffered(this.knobs, configuration);
    let answer: ServerAnswer;
    try {
      const json = toJson({ configuration, ...(trial === undefined ? {} : { trial }) });
      answer = await this.#ask("configuration", { method: "PUT", json });
    } catch (cause) {
      // It may have been taken all the same.
      throw new ActuationError(String(cause), { cause, left: "unknown" });
    }
    if (answer.status >= 200 && answer.status < 300) return;
    const left = answer.status >= 400 && answer.status < 500 ? "unchanged" : "unknown";
    throw new ActuationError(`PUT configuration: expected 2xx, found ${quoted(answer)}`, { left });
  }

  advance(seconds: number): Promise<void> {
    return this.#context.clock.sleep(seconds * 1000);
  }

  async close(): Promise<void> {}

  async #read(): Promise<ServerAnswer> {
    try {
      const answer = await this.#ask("state", {});
      if (answer.status === 200) return answer;
      throw new ObservationError(`GET state: expected 200, found ${quoted(answer)}`);
    } catch (cause) {
      if (cause instanceof ServerUnreachable) throw new ObservationError(cause.message, { cause });
      throw cause;
    }
  }

  #parsed({ text }: ServerAnswer): ClusterState {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (cause) {
      throw new ObservationError(`GET state: expected JSON, found ${String(cause)}`, { cause });
    }
    const parsed = stateSchema.safeParse(json);
    if (parsed.success) return stateFrom(parsed.data);
    const [issue] = fieldIssues(parsed.error, json);
    throw new ObservationError(`GET state: ${issue?.path}: expected ${issue?.expected}, found ${issue?.found}`);
  }

  #ask(path: string, request: ServerRequest): Promise<ServerAnswer> {
    const { endpoint, timeoutMs } = this.#options;
    const token = this.#context.secret("token");
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    return askServer(new URL(path, endpoint.endsWith("/") ? endpoint : `${endpoint}/`), {
      ...request,
      headers,
      timeoutMs,
    });
  }
}

/** Adapters in any language. */
export const external = adapterEntry({
  name: "external",
  summary: "a cluster behind an HTTP service of your own: GET /state, PUT /configuration",
  writing: "share",
  credentials: ["token"],
  options: optionsSchema,
  actuation: () => ({ class: "reload", delayS: 0, decideEveryS: 0 }),
  open: async (options, context) => new ExternalCluster(options, context),
});
