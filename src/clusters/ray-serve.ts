// A deployment of Ray Serve, by its dashboard's REST interface: replicas, and whatever its code takes from `user_config`
// in `reconfigure`, such as its batches. Both change while it serves.

import { z } from "zod";
import { ActuationError, type Configuration, type KnobValue } from "../core/index.ts";
import type { AdapterContext } from "./adapter-entry.ts";
import type { Actuator, Observer } from "./halves.ts";
import { splitAdapterEntry } from "./joined.ts";
import { dialectSchema } from "./metrics/dialect.ts";
import { presets } from "./metrics/presets.ts";
import { ScrapeSource } from "./metrics/scrape-source.ts";
import type { Selector } from "./metrics/series.ts";
import { WindowReader } from "./metrics/window-reader.ts";
import { offeredConfiguration } from "./offered.ts";
import { type DeploymentReading, replicasOf, ServeApi, sameUserConfig, type UserConfig } from "./ray-serve/api.ts";
import { ServerClient } from "./server-client.ts";
import { Settling } from "./settling.ts";

const url = z.url({ protocol: /^https?$/, error: "expected an http or https URL" });
const name = z.string().regex(/^[\w.-]+$/, "expected a name");

/** A place in `user_config`, and what the knob's value is multiplied with there. */
const fieldSchema = z.union([
  z
    .string()
    .min(1)
    .transform((key) => ({ key, scale: 1 })),
  z.strictObject({ key: z.string().min(1), scale: z.number().positive().finite().default(1) }),
]);

type Field = z.output<typeof fieldSchema>;

const optionsSchema = z.strictObject({
  /** Where Ray's dashboard answers. */
  endpoint: url,
  /** Where each node tells its metrics; `metrics` is added to it. */
  metricsEndpoints: z.array(url).min(1).max(64),
  application: name.default("default"),
  deployment: name,
  /** Where each knob but `replicas` stands in the deployment's `user_config`. */
  userConfig: z
    .record(z.string(), fieldSchema)
    .prefault({ maxBatchSize: "max_batch_size", maxBatchDelayMs: { key: "batch_wait_timeout_s", scale: 0.001 } }),
  /** What its replicas are counted as in the fleet. */
  instanceType: z.string().min(1).default("replica"),
  /** An answer that takes longer is none. */
  timeoutMs: z.number().int().positive().max(600_000).default(10_000),
});

type RayServeOptions = z.output<typeof optionsSchema>;

/** A scaled number is the same as another within this share: 5 ms times 0.001 is not 0.005 to the last bit. */
const ROUNDING = 1e-9;

function scaled(value: KnobValue, { scale }: Field): KnobValue {
  return typeof value === "number" ? value * scale : value;
}

function same(a: unknown, b: KnobValue): boolean {
  if (typeof a !== "number" || typeof b !== "number") return a === b;
  return Math.abs(a - b) <= ROUNDING * Math.max(1, Math.abs(b));
}

function clientOf(endpoint: string, { timeoutMs }: RayServeOptions, { secret }: AdapterContext): ServerClient {
  const headers = (): Record<string, string> => {
    const token = secret("token");
    return token === null ? {} : { authorization: `Bearer ${token}` };
  };
  return new ServerClient({ endpoint, timeoutMs, headers });
}

function apiOf(options: RayServeOptions, context: AdapterContext): ServeApi {
  const { endpoint, application, deployment } = options;
  return new ServeApi(clientOf(endpoint, options, context), application, deployment);
}

/** Reads and changes one deployment. */
class Deployment implements Actuator {
  readonly #api: ServeApi;
  readonly #options: RayServeOptions;
  readonly #context: AdapterContext;
  readonly #settling = new Settling();

  constructor(options: RayServeOptions, context: AdapterContext) {
    this.#api = apiOf(options, context);
    this.#options = options;
    this.#context = context;
  }

  async observe(): ReturnType<Actuator["observe"]> {
    const reading = await this.#api.read();
    const { replicas, target_num_replicas } = reading.deployment;
    const count = (...states: string[]): number => replicas.filter(({ state }) => states.includes(state)).length;
    const ready = count("RUNNING");
    const draining = count("STOPPING", "PENDING_MIGRATION");
    const launching = Math.max(0, target_num_replicas - ready);
    const running = this.#settling.told(this.#wanted(reading), this.#progress(reading, ready), this.#api.place);
    return { ...running, fleet: { [this.#options.instanceType]: { ready, launching, draining, spot: 0 } } };
  }

  async apply(configuration: Configuration): Promise<void> {
    const reading = await this.#api.read().catch((cause: unknown) => {
      throw new ActuationError(`${this.#api.place}: expected to read it first, found ${String(cause)}`, { cause });
    });
    const { application, deployment, userConfig } = reading;
    const replicas = replicasOf(configuration, deployment.target_num_replicas);
    const wanted = this.#userConfig(configuration, userConfig);
    const scales = replicas !== deployment.target_num_replicas;
    if (scales && deployment.deployment_config.autoscaling_config) {
      throw new ActuationError(
        `${this.#api.place}: replicas: expected num_replicas without autoscaling_config, found one`,
      );
    }
    // In one request where both change, so that neither is in force without the other.
    if (!sameUserConfig(wanted, userConfig)) await this.#api.deploy(reading, { replicas, userConfig: wanted });
    else if (scales && application.external_scaler_enabled) await this.#api.scale(replicas);
    else if (scales) await this.#api.deploy(reading, { replicas, userConfig });
  }

  async close(): Promise<void> {}

  #wanted({ deployment, userConfig }: DeploymentReading): Configuration {
    return offeredConfiguration(this.#context.knobs, this.#api.place, ({ name: knob, values }) => {
      if (knob === "replicas") return deployment.target_num_replicas;
      const field = this.#options.userConfig[knob];
      if (field === undefined) return undefined;
      const told = userConfig[field.key];
      const offered = values.find((value) => same(told, scaled(value, field)));
      return offered ?? (typeof told === "number" || typeof told === "string" ? told : undefined);
    });
  }

  #progress({ application, deployment, userConfig }: DeploymentReading, ready: number): string | null {
    const { status, message, replicas, target_num_replicas, deployment_config } = deployment;
    const reconfigured = sameUserConfig(userConfig, deployment_config.user_config ?? {});
    const whole = ready === target_num_replicas && replicas.length === ready;
    if (reconfigured && whole && status === "HEALTHY" && application.status === "RUNNING") return null;
    return `it ${status}, ${ready} of ${target_num_replicas} replicas running. ${message}`.trim();
  }

  #userConfig(configuration: Configuration, now: UserConfig): UserConfig {
    const changed: Record<string, unknown> = { ...now };
    for (const [knob, field] of Object.entries(this.#options.userConfig)) {
      const value = configuration[knob];
      if (value === undefined || same(now[field.key], scaled(value, field))) continue;
      changed[field.key] = scaled(value, field);
    }
    return changed;
  }
}

/** Tells windows from the pages of metrics of all nodes. */
async function openObserver(options: RayServeOptions, context: AdapterContext): Promise<Observer> {
  const { metricsEndpoints, application, deployment } = options;
  const reading = await apiOf(options, context).read();
  const { max_ongoing_requests } = reading.deployment.deployment_config;
  const of = (metric: string): Selector => ({ names: [metric], match: { deployment } });
  const batches = context.knobs.some(({ name: knob }) => knob === "maxBatchSize");
  const dialect = dialectSchema.parse({
    ...presets["ray-serve"],
    arrivals: { entered: of("ray_serve_num_router_requests_total") },
    queue: [of("ray_serve_deployment_queued_queries")],
    utilization: { gauge: of("ray_serve_replica_processing_queries"), scale: 1 / max_ongoing_requests },
    // Batches are counted by deployments that make some.
    batch: batches
      ? { items: of("ray_serve_deployment_request_counter_total"), batches: of("ray_serve_batches_processed_total") }
      : null,
  });
  const source = new ScrapeSource({
    clients: metricsEndpoints.map((endpoint) => clientOf(endpoint, options, context)),
    path: "metrics",
    clock: context.clock,
    wanted: (metric) => metric.startsWith("ray_serve_"),
    match: { application },
  });
  await source.sample();
  return new WindowReader(source, dialect, context.slo[0]);
}

/** Deployments of Ray Serve. */
export const rayServe = splitAdapterEntry({
  name: "ray-serve",
  summary: "a deployment of Ray Serve: replicas and user_config, by its dashboard's REST interface",
  writing: "whole",
  credentials: ["token"],
  options: optionsSchema,
  actuation: (knob) =>
    knob === "replicas"
      ? { class: "provision", delayS: 30, decideEveryS: 60 }
      : { class: "hot", delayS: 5, decideEveryS: 0 },
  openActuator: async (options, context) => new Deployment(options, context),
  openObserver,
});
