// NVIDIA Triton Inference Server, started with --model-control-mode=explicit: instances of a model, its largest batch and
// how long a batch may wait, by loading the model again with its configuration overridden.
//
// A load is carried out in the background while the model goes on serving; one that fails leaves it as it was. Latencies
// come from summaries, which a server tells only when asked to: --metrics-config=summary_latencies=true.

import { z } from "zod";
import { ActuationError, type Configuration, type Knob, type KnobValue } from "../core/index.ts";
import type { AdapterContext } from "./adapter-entry.ts";
import type { Actuator, Observer } from "./halves.ts";
import { splitAdapterEntry } from "./joined.ts";
import { dialectSchema } from "./metrics/dialect.ts";
import { presets } from "./metrics/presets.ts";
import { ScrapeSource } from "./metrics/scrape-source.ts";
import { WindowReader } from "./metrics/window-reader.ts";
import { offeredConfiguration } from "./offered.ts";
import { quoted, type ServerAnswer, ServerUnreachable } from "./request.ts";
import { ServerClient, ServerFailing } from "./server-client.ts";
import { BatchStatistics } from "./triton-statistics.ts";

const url = z.url({ protocol: /^https?$/, error: "expected an http or https URL" });

const optionsSchema = z.strictObject({
  /** Where the server answers HTTP. */
  endpoint: url,
  /** Where it tells its metrics; `metrics` is added to it. */
  metricsEndpoint: url,
  model: z.string().regex(/^[\w.-]+$/, "expected the name of a model"),
  /** An answer that takes longer is none. */
  timeoutMs: z.number().int().positive().max(600_000).default(10_000),
  /** A load that takes longer has failed, nobody knows how far. */
  loadTimeoutMs: z.number().int().positive().max(3_600_000).default(300_000),
});

type TritonOptions = z.output<typeof optionsSchema>;

/** The part of a model's configuration that is turned; the rest is sent back as it came. */
const configSchema = z.looseObject({
  max_batch_size: z.number().int(),
  instance_group: z.array(z.looseObject({ count: z.number().int(), kind: z.string() })).min(1),
  dynamic_batching: z
    .looseObject({ max_queue_delay_microseconds: z.union([z.number(), z.string().transform(Number)]) })
    .optional(),
});

type ModelConfig = z.output<typeof configSchema>;

/** How each knob is read from a model's configuration and written to it. */
const knobFields: Readonly<
  Record<
    string,
    { read: (config: ModelConfig) => KnobValue; write: (config: ModelConfig, value: number) => ModelConfig }
  >
> = {
  concurrency: {
    read: (config) => config.instance_group.reduce((sum, { count }) => sum + count, 0),
    write: (config, count) => {
      const [first] = config.instance_group;
      return { ...config, instance_group: first === undefined ? [] : [{ ...first, count }] };
    },
  },
  maxBatchSize: {
    read: (config) => config.max_batch_size,
    // The server filled the preferred sizes in from the largest one before.
    write: (config, size) => ({ ...withBatching(config, { preferred_batch_size: [] }), max_batch_size: size }),
  },
  maxBatchDelayMs: {
    read: (config) => (config.dynamic_batching?.max_queue_delay_microseconds ?? 0) / 1000,
    write: (config, ms) => withBatching(config, { max_queue_delay_microseconds: Math.round(ms * 1000) }),
  },
};

function withBatching(config: ModelConfig, change: Record<string, unknown>): ModelConfig {
  const batching = config.dynamic_batching ?? { max_queue_delay_microseconds: 0 };
  return { ...config, dynamic_batching: { ...batching, ...change } };
}

/** Reads and loads one model. */
class ModelRepository implements Actuator {
  readonly #options: TritonOptions;
  readonly #context: AdapterContext;
  readonly #client: ServerClient;

  constructor(options: TritonOptions, context: AdapterContext) {
    this.#options = options;
    this.#context = context;
    this.#client = clientOf(options.endpoint, options, context);
  }

  async observe(): ReturnType<Actuator["observe"]> {
    const config = await this.#config();
    const told = ({ name }: Knob) => knobFields[name]?.read(config);
    const configuration = offeredConfiguration(this.#context.knobs, this.#options.model, told);
    return { configuration, inFlight: null, fleet: {} };
  }

  async apply(configuration: Configuration): Promise<void> {
    const config = await this.#config().catch((cause: unknown) => {
      throw new ActuationError(`${this.#options.model}: expected its configuration, found ${String(cause)}`, { cause });
    });
    const changed = Object.entries(configuration).filter(([name, value]) => knobFields[name]?.read(config) !== value);
    if (changed.length === 0) return;
    const wanted = changed.reduce((all, [name, value]) => knobFields[name]?.write(all, Number(value)) ?? all, config);
    const { model, loadTimeoutMs } = this.#options;
    // An override replaces the whole configuration, as a text within the JSON.
    const json = { parameters: { config: JSON.stringify(wanted) } };
    const path = `v2/repository/models/${model}/load`;
    let answer: ServerAnswer;
    try {
      answer = await this.#client.ask(path, { method: "POST", json, timeoutMs: loadTimeoutMs });
    } catch (cause) {
      if (!(cause instanceof ServerUnreachable)) throw cause;
      // Whatever the server answers but 200, it goes on serving the model as it was.
      const left = cause instanceof ServerFailing ? "unchanged" : "unknown";
      throw new ActuationError(cause.message, { cause, left });
    }
    if (answer.status === 200) return;
    throw new ActuationError(`load of ${model}: expected 200, found ${quoted(answer)}`);
  }

  async close(): Promise<void> {}

  #config(): Promise<ModelConfig> {
    return this.#client.readJson(`v2/models/${this.#options.model}/config`, configSchema);
  }
}

function clientOf(endpoint: string, { timeoutMs }: TritonOptions, { secret }: AdapterContext): ServerClient {
  const headers = (): Record<string, string> => {
    const token = secret("token");
    return token === null ? {} : { authorization: `Bearer ${token}` };
  };
  return new ServerClient({ endpoint, timeoutMs, headers });
}

/** Tells windows from the server's counters, and the service times of each batch size from its statistics. */
class ModelObserver implements Observer {
  readonly #source: ScrapeSource;
  readonly #reader: WindowReader;
  readonly #statistics: BatchStatistics;

  constructor(options: TritonOptions, context: AdapterContext) {
    // Busy time is told by batch in the statistics alone: this share is replaced by theirs.
    const utilization = { gauge: "nv_inference_pending_request_count" };
    const dialect = dialectSchema.parse({ ...presets.triton, utilization });
    this.#source = new ScrapeSource({
      clients: [clientOf(options.metricsEndpoint, options, context)],
      path: "metrics",
      clock: context.clock,
      wanted: (name) => name.startsWith("nv_inference_"),
      match: { model: options.model },
    });
    this.#reader = new WindowReader(this.#source, dialect, context.slo[0]);
    this.#statistics = new BatchStatistics(clientOf(options.endpoint, options, context), options.model, context.clock);
  }

  async observe(): ReturnType<Observer["observe"]> {
    const { service, utilization } = await this.#statistics.read();
    const { timeS, metrics } = await this.#reader.observe();
    this.#statistics.commit();
    return { timeS, metrics: { ...metrics, service, utilization } };
  }

  async sample(): Promise<void> {
    await this.#source.sample();
    await this.#statistics.look();
  }

  /** The first window starts here. */
  async reach(): Promise<void> {
    await this.#statistics.read();
    this.#statistics.commit();
    await this.#source.sample();
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }
}

/** Real model servers, by loading a model anew. */
export const triton = splitAdapterEntry({
  name: "triton",
  summary: "a model of an NVIDIA Triton server, by its load API",
  writing: "whole",
  credentials: ["token"],
  options: optionsSchema,
  actuation: (knob) => (knob in knobFields ? { class: "reload", delayS: 5, decideEveryS: 60 } : null),
  openActuator: async (options, context) => new ModelRepository(options, context),
  openObserver: async (options, context) => {
    const observer = new ModelObserver(options, context);
    await observer.reach();
    return observer;
  },
});
