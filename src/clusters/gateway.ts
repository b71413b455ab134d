// Model servers behind our gateway: batching, offload and concurrency as hot knobs, arrivals and service times in full.
//
// The knobs are the gateway's own; which servers stand behind it, and how they run, is somebody else's business.

import { z } from "zod";
import {
  ActuationError,
  type ClusterAdapter,
  type ClusterState,
  type Configuration,
  fromJson,
  History,
  type Json,
  type Knob,
  ObservationError,
  type Trial,
  toJson,
} from "../core/index.ts";
import {
  type ModelConfiguration,
  modelConfigurationSchema,
  type Telemetry,
  telemetrySchema,
} from "../gateway/index.ts";
import { type AdapterContext, adapterEntry, type KnobActuation } from "./adapter-entry.ts";
import { windowBetween } from "./gateway-window.ts";
import { refuseUnoffered } from "./offered.ts";
import { askServer, quoted, type ServerAnswer, type ServerRequest, ServerUnreachable } from "./request.ts";

/** What a cluster file says of a gateway. */
export const gatewayOptionsSchema = z.strictObject({
  /** Its admin side. */
  endpoint: z.url({ protocol: /^https?$/, error: "expected an http or https URL" }),
  /** One of the models it serves. */
  model: z.string().min(1),
  timeoutMs: z.number().int().positive().max(600_000).default(10_000),
  /** What the function costs, where requests are offloaded to one. */
  functionPrices: z
    .strictObject({ usdPerSecond: z.number().nonnegative(), usdPerCall: z.number().nonnegative().default(0) })
    .prefault({ usdPerSecond: 0 }),
});

/** Where the gateway is, and which of its models this is about. */
export type GatewayOptions = z.output<typeof gatewayOptionsSchema>;

const HOT: KnobActuation = { class: "hot", delayS: 0, decideEveryS: 0 };

const knobNames: readonly string[] = Object.keys(modelConfigurationSchema.shape);

/** Largest telemetry: 131,072 arrivals and the rest. */
const MOST_BYTES = 16 << 20;

const describedSchema = z.object({ configuration: z.json(), canary: z.json() });

/** How a gateway turns a knob; null for one it has not. */
export function gatewayActuation(knob: string): KnobActuation | null {
  return knobNames.includes(knob) ? HOT : null;
}

/** The admin side of a gateway. */
export class GatewayClient {
  readonly #options: GatewayOptions;
  readonly #token: string | null;

  constructor(options: GatewayOptions, token: string | null) {
    this.#options = options;
    this.#token = token;
  }

  /** @throws {ObservationError} when it does not answer, or not as it should */
  async telemetry(since: { readonly arrivals: number; readonly batches: number }): Promise<Telemetry> {
    const path = `telemetry?arrivals=${since.arrivals}&batches=${since.batches}`;
    const parsed = telemetrySchema.safeParse(await this.#read(path));
    if (parsed.success) return parsed.data;
    throw new ObservationError(`gateway: telemetry: ${z.prettifyError(parsed.error)}`);
  }

  /** What it runs now. @throws {ObservationError} when it does not answer, or not as it should */
  async running(): Promise<{ readonly configuration: ModelConfiguration; readonly canary: Json }> {
    const described = describedSchema.parse(await this.#read(""));
    const configuration = modelConfigurationSchema.parse(described.configuration);
    return { configuration, canary: described.canary };
  }

  /** @throws {ActuationError} when it is not taken */
  async put(path: "configuration" | "backends", value: unknown): Promise<void> {
    let answer: ServerAnswer;
    try {
      answer = await this.#ask(path, { method: "PUT", json: toJson(value) });
    } catch (cause) {
      throw new ActuationError(String(cause), { cause, left: "unknown" });
    }
    if (answer.status === 200) return;
    const left = answer.status < 500 ? "unchanged" : "unknown";
    throw new ActuationError(`gateway: PUT ${path}: expected 200, found ${quoted(answer)}`, { left });
  }

  async #read(path: string): Promise<unknown> {
    try {
      const answer = await this.#ask(path, { maxBytes: MOST_BYTES });
      if (answer.status === 200) return JSON.parse(answer.text);
      throw new ObservationError(`gateway: GET ${path}: expected 200, found ${quoted(answer)}`);
    } catch (cause) {
      if (cause instanceof ServerUnreachable || cause instanceof SyntaxError) {
        throw new ObservationError(`gateway: ${cause.message}`, { cause });
      }
      throw cause;
    }
  }

  #ask(path: string, request: ServerRequest): Promise<ServerAnswer> {
    const { endpoint, model, timeoutMs } = this.#options;
    const headers = this.#token === null ? {} : { authorization: `Bearer ${this.#token}` };
    const base = `${endpoint.replace(/\/$/, "")}/v1/models/${encodeURIComponent(model)}`;
    return askServer(new URL(path === "" ? base : `${base}/${path}`), { ...request, headers, timeoutMs });
  }
}

/** Telemetry without what is only of use once. */
type Reading = Pick<Telemetry, "gateway" | "nowMs" | "busySlotMs" | "slotMs" | "whole">;

/** What the gateway and its prices say of a cluster, window by window. */
export class GatewayWindows {
  readonly #client: GatewayClient;
  readonly #context: Pick<AdapterContext, "slo" | "clock">;
  readonly #prices: GatewayOptions["functionPrices"];
  #last: Reading;

  private constructor(
    client: GatewayClient,
    context: Pick<AdapterContext, "slo" | "clock">,
    prices: GatewayOptions["functionPrices"],
    first: Reading,
  ) {
    this.#client = client;
    this.#context = context;
    this.#prices = prices;
    this.#last = first;
  }

  /** Windows from now on. @throws {ObservationError} when the gateway cannot be reached */
  static async begin(
    client: GatewayClient,
    context: Pick<AdapterContext, "slo" | "clock">,
    prices: GatewayOptions["functionPrices"],
  ): Promise<GatewayWindows> {
    return new GatewayWindows(client, context, prices, await client.telemetry({ arrivals: 0, batches: 0 }));
  }

  /**
   * The window since the last one.
   * @param committed what a configuration costs an hour
   * @throws {ObservationError} when the gateway does not answer, or was started anew meanwhile
   */
  async next(committed: (configuration: ModelConfiguration) => number) {
    const before = this.#last;
    const batches = before.whole.batchRows.from + before.whole.batchRows.values.length;
    const told = await this.#client.telemetry({ arrivals: before.whole.arrived, batches });
    if (told.gateway !== before.gateway) {
      this.#last = told;
      throw new ObservationError(
        "gateway: expected the run seen before, found it started anew: its counters began at 0",
      );
    }
    const busyMs = told.busySlotMs - before.busySlotMs;
    const slotMs = told.slotMs - before.slotMs;
    const inForce = told.canary !== null && told.canary.share >= 1 ? told.canary.configuration : told.configuration;
    const surroundings = {
      slo: this.#context.slo[0],
      utilization: slotMs > 0 ? Math.min(1, busyMs / slotMs) : 0,
      functionUsdPerSecond: this.#prices.usdPerSecond,
      functionUsdPerCall: this.#prices.usdPerCall,
    };
    const metrics = windowBetween(
      { atMs: before.nowMs, meter: before.whole },
      { atMs: told.nowMs, meter: told.whole },
      { ...surroundings, queueLength: told.waiting, committedUsdPerHour: committed(inForce) },
    );
    this.#last = told;
    const canary =
      told.canary === null
        ? null
        : {
            configuration: told.canary.configuration,
            metrics: windowBetween(
              // Its records are told whole, so its window is from its start.
              { atMs: told.canary.sinceMs, meter: null },
              { atMs: told.nowMs, meter: told.canary.meter },
              {
                ...surroundings,
                queueLength: told.canary.waiting,
                committedUsdPerHour: committed(told.canary.configuration),
              },
            ),
          };
    return { timeS: this.#context.clock.nowMs() / 1000, metrics, canary, told };
  }
}

function pick(names: readonly string[], configuration: ModelConfiguration): Configuration {
  const all: Readonly<Record<string, number>> = configuration;
  return Object.fromEntries(names.map((name) => [name, all[name] ?? 0]));
}

class GatewayCluster implements ClusterAdapter {
  readonly knobs: readonly Knob[];
  readonly #client: GatewayClient;
  readonly #windows: GatewayWindows;
  readonly #context: AdapterContext;
  readonly #history = new History();

  constructor(client: GatewayClient, windows: GatewayWindows, context: AdapterContext) {
    this.knobs = context.knobs;
    this.#client = client;
    this.#windows = windows;
    this.#context = context;
  }

  async observe(): Promise<ClusterState> {
    const names = this.knobs.map(({ name }) => name);
    const { committedUsdPerHour } = this.#context;
    const { timeS, metrics, canary, told } = await this.#windows.next((running) =>
      committedUsdPerHour(pick(names, running)),
    );
    const configuration = pick(names, told.configuration);
    try {
      refuseUnoffered(this.knobs, configuration);
    } catch (cause) {
      throw new ObservationError(`gateway: ${String(cause)}`, { cause });
    }
    const { known, ready } = told.backends;
    return {
      timeS,
      metrics,
      fleet: { backend: { ready, launching: known - ready, draining: 0, spot: 0 } },
      configuration,
      inFlight: null,
      canary: canary === null ? null : { ...canary, configuration: pick(names, canary.configuration) },
      forecast: null,
      mask: null,
      history: this.#history.add(timeS, metrics, configuration),
    };
  }

  async apply(configuration: Configuration, trial?: Trial): Promise<void> {
    refuseUnoffered(this.knobs, configuration);
    const running = await this.#client.running().catch((cause: unknown) => {
      throw new ActuationError(String(cause), { cause });
    });
    const wanted = fromJson(toJson({ ...running.configuration, ...configuration }));
    const value =
      trial === undefined
        ? { configuration: wanted, canary: null }
        : { configuration: running.configuration, canary: { share: trial.share, configuration: wanted } };
    await this.#client.put("configuration", value);
  }

  advance(seconds: number): Promise<void> {
    return this.#context.clock.sleep(seconds * 1000);
  }

  async close(): Promise<void> {}
}

/** Any servers behind the gateway. */
export const gateway = adapterEntry({
  name: "gateway",
  summary: "model servers behind trimtab gateway: batching, offload and concurrency, all hot",
  writing: "share",
  credentials: ["token"],
  options: gatewayOptionsSchema,
  actuation: gatewayActuation,
  async open(options, context) {
    const client = new GatewayClient(options, context.secret("token"));
    const windows = await GatewayWindows.begin(client, context, options.functionPrices);
    return new GatewayCluster(client, windows, context);
  },
});
