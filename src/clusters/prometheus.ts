// A cluster that is watched through a Prometheus server, or anything with its API. It tells windows; what runs is read
// from gauges or said in the file, and nothing can be changed: for that another adapter observes through this one.

import { z } from "zod";
import { ActuationError, ConfigError, type Configuration, type KnobValue, ObservationError } from "../core/index.ts";
import { knobValueSchema } from "../store/index.ts";
import type { AdapterContext } from "./adapter-entry.ts";
import type { Actuator } from "./halves.ts";
import { splitAdapterEntry } from "./joined.ts";
import { type Dialect, dialectFields, dialectSchema, matchSchema, selectorSchema } from "./metrics/dialect.ts";
import { lastOf } from "./metrics/growth.ts";
import { presets } from "./metrics/presets.ts";
import { RangeSource } from "./metrics/range-source.ts";
import { preferred, type Selector } from "./metrics/series.ts";
import { WindowReader } from "./metrics/window-reader.ts";
import { ServerClient } from "./server-client.ts";

const presetNames = ["kserve", "ray-serve", "tf-serving", "triton", "vllm"] as const satisfies (keyof typeof presets)[];

const optionsSchema = z.strictObject({
  /** Where the server is; `api/v1/…` is added to it. */
  endpoint: z.url({ protocol: /^https?$/, error: "expected an http or https URL" }),
  /** What a serving system is known to tell. */
  preset: z.enum(presetNames).optional(),
  /** Labels every series has, such as the model's name. */
  match: matchSchema.default({}),
  /** Beside the preset's, or instead of its own. */
  metrics: z.strictObject(dialectFields).partial().default({}),
  /** What runs, by knob: a gauge whose last values are added up, or a value that does not change. */
  configuration: z
    .record(
      z.string(),
      z.union([z.strictObject({ gauge: selectorSchema }), z.strictObject({ value: knobValueSchema })]),
    )
    .default({}),
  /** How often the targets are scraped. */
  scrapeS: z.number().positive().max(300).default(15),
  /** A last sample older than this is no news; three scrapes when absent. */
  maxAgeS: z.number().positive().optional(),
  /** The first window starts so long before the cluster is attached. */
  lookbackS: z.number().nonnegative().max(3600).default(60),
  /** Sent as X-Scope-OrgID to servers with tenants. */
  tenant: z.string().min(1).optional(),
  /** An answer that takes longer is none. */
  timeoutMs: z.number().int().positive().max(600_000).default(10_000),
});

type PrometheusOptions = z.output<typeof optionsSchema>;

/** The preset with what the file says over it. @throws {ConfigError} naming the metrics neither of them tells */
function dialectOf({ preset, metrics }: PrometheusOptions, cluster: string): Dialect {
  const known = preset === undefined ? {} : presets[preset];
  const given = Object.fromEntries(Object.entries(metrics).filter(([, metric]) => metric !== undefined));
  // What the file says is parsed already; the preset is parsed with it left out, so that nothing is parsed twice.
  const rest = dialectSchema.partial().parse(known);
  const dialect = { ...rest, ...given };
  const missing = Object.keys(dialectFields).filter((name) => !(name in dialect));
  if (missing.length === 0) return dialect as Dialect;
  const whose = preset === undefined ? "without a preset" : `which the preset ${preset} does not tell`;
  throw new ConfigError(
    `cluster ${cluster}`,
    missing.map((name) => ({ path: `options.metrics.${name}`, expected: `it, ${whose}`, found: "nothing" })),
  );
}

function sourceOf(options: PrometheusOptions, { secret, clock }: AdapterContext): RangeSource {
  const { endpoint, timeoutMs, tenant, match, scrapeS, maxAgeS = 3 * scrapeS, lookbackS } = options;
  const headers = (): Record<string, string> => {
    const token = secret("token");
    return {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(tenant === undefined ? {} : { "x-scope-orgid": tenant }),
    };
  };
  const client = new ServerClient({ endpoint, timeoutMs, headers });
  return new RangeSource({ client, clock, match, scrapeS, maxAgeS, lookbackS });
}

/** What runs, as gauges and the cluster file tell it. */
class ToldConfiguration implements Actuator {
  readonly #source: RangeSource;
  readonly #told: PrometheusOptions["configuration"];
  readonly #context: AdapterContext;

  constructor(source: RangeSource, told: PrometheusOptions["configuration"], context: AdapterContext) {
    this.#source = source;
    this.#told = told;
    this.#context = context;
  }

  async observe(): ReturnType<Actuator["observe"]> {
    await this.#source.begin();
    const configuration: Record<string, KnobValue> = {};
    for (const { name, values } of this.#context.knobs) {
      const told = this.#told[name];
      const value = told === undefined ? undefined : "value" in told ? told.value : await this.#last(name, told.gauge);
      if (value === undefined || !values.includes(value)) {
        throw new ObservationError(
          `${this.#source.name}: configuration.${name}: expected one of ${values.join(", ")}, found ${value ?? "nothing"}`,
        );
      }
      configuration[name] = value;
    }
    await this.#source.end();
    return { configuration, inFlight: null, fleet: {} };
  }

  async apply(_: Configuration): Promise<void> {
    throw new ActuationError("prometheus: expected an adapter that changes things, found one that only reads");
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  async #last(knob: string, gauge: Selector): Promise<number> {
    const series = preferred(await this.#source.read(gauge), gauge.names);
    if (series.length > 0) return lastOf(series);
    const names = gauge.names.join(" or ");
    throw new ObservationError(`${this.#source.name}: configuration.${knob}: ${names}: expected series, found none`);
  }
}

/** An observer for any cluster, by range queries. */
export const prometheus = splitAdapterEntry({
  name: "prometheus",
  summary: "watches any cluster through Prometheus' query_range; changes nothing",
  writing: "never",
  credentials: ["token"],
  options: optionsSchema,
  actuation: () => ({ class: "restart", delayS: 0, decideEveryS: 0 }),
  openActuator: async (options, context) =>
    new ToldConfiguration(sourceOf(options, context), options.configuration, context),
  openObserver: async (options, context) => {
    const dialect = dialectOf(options, context.cluster);
    const source = sourceOf(options, context);
    await source.reach();
    return new WindowReader(source, dialect, context.slo[0]);
  },
});
