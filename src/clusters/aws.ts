// What serves models on AWS: each knob is a number of one resource, such as the instances of an Auto Scaling group or the
// memory of a function. CloudWatch tells the windows; any other observer may take its place.

import { z } from "zod";
import {
  ActuationError,
  type ClusterState,
  ConfigError,
  type Configuration,
  type FleetCount,
  type KnobValue,
} from "../core/index.ts";
import type { AdapterContext } from "./adapter-entry.ts";
import type { AwsAccess } from "./aws/clients.ts";
import { CloudWatchWindows, metricsSchema } from "./aws/cloudwatch.ts";
import { openResource, type Resource, type ResourceReading, resourceSchema } from "./aws/resources.ts";
import type { Actuator } from "./halves.ts";
import { splitAdapterEntry } from "./joined.ts";
import { offeredConfiguration } from "./offered.ts";
import { Settling } from "./settling.ts";

const optionsSchema = z.strictObject({
  region: z.string().min(1).optional(),
  /** Of a stand-in for AWS, such as LocalStack. */
  endpoint: z.url({ protocol: /^https?$/, error: "expected an http or https URL" }).optional(),
  /** What each knob is a number of. */
  resources: z.record(z.string(), resourceSchema).default({}),
  /** What CloudWatch is asked; another observer takes its place where absent. */
  metrics: metricsSchema.optional(),
  /** An answer that takes longer, with the SDK's own tries, is none. */
  timeoutMs: z.number().int().positive().max(600_000).default(20_000),
});

type AwsOptions = z.output<typeof optionsSchema>;

function accessOf({ region, endpoint, timeoutMs }: AwsOptions, { secret }: AdapterContext): AwsAccess {
  const [accessKeyId, secretAccessKey, sessionToken] = [
    secret("accessKeyId"),
    secret("secretAccessKey"),
    secret("sessionToken"),
  ];
  const keys = accessKeyId === null || secretAccessKey === null ? null : { accessKeyId, secretAccessKey };
  const credentials = keys === null || sessionToken === null ? keys : { ...keys, sessionToken };
  return {
    credentials,
    timeoutMs,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

/** Of a knob that counts instances of a type, that type; else the knob itself. */
function typeOf(knob: string): { readonly type: string; readonly spot: boolean } {
  const [, type = knob, market] = /^instances\.(.+)\.(onDemand|spot)$/.exec(knob) ?? [];
  return { type, spot: market === "spot" };
}

/** Reads and changes the resources. */
class Resources implements Actuator {
  readonly #resources: ReadonlyMap<string, Resource>;
  readonly #context: AdapterContext;
  readonly #settling = new Settling();

  constructor(resources: ReadonlyMap<string, Resource>, context: AdapterContext) {
    this.#resources = resources;
    this.#context = context;
  }

  static async open(options: AwsOptions, context: AdapterContext): Promise<Resources> {
    const access = accessOf(options, context);
    const missing = context.knobs.filter(({ name }) => !(name in options.resources));
    if (missing.length > 0) {
      const issue = ({ name }: { name: string }) => ({
        path: `options.resources.${name}`,
        expected: "what the knob is a number of",
        found: "nothing",
      });
      throw new ConfigError(`cluster ${context.cluster}`, missing.map(issue));
    }
    const opened = await Promise.all(
      Object.entries(options.resources).map(async ([knob, one]) => [knob, await openResource(access, one)] as const),
    );
    return new Resources(new Map(opened), context);
  }

  async observe(): ReturnType<Actuator["observe"]> {
    const readings = await this.#read();
    const place = `cluster ${this.#context.cluster}`;
    const wanted = offeredConfiguration(this.#context.knobs, place, ({ name }) => readings.get(name)?.wanted);
    const changing = [...readings].flatMap(([knob, { progress }]) => (progress === null ? [] : `${knob}: ${progress}`));
    const running = this.#settling.told(wanted, changing.length === 0 ? null : changing.join("; "), place);
    return { ...running, fleet: fleetOf(readings) };
  }

  async apply(configuration: Configuration): Promise<void> {
    const readings = await this.#read().catch((cause: unknown) => {
      throw new ActuationError(`cluster ${this.#context.cluster}: ${String(cause)}`, { cause });
    });
    const changes = Object.entries(configuration).flatMap(([knob, value]) => changeOf(readings.get(knob), knob, value));
    // What grows first, so that capacity is there before other capacity goes.
    changes.sort((a, b) => b.growth - a.growth);
    for (const [i, { knob, value }] of changes.entries()) {
      try {
        await this.#resources.get(knob)?.write(value);
      } catch (cause) {
        if (i === 0 || !(cause instanceof ActuationError)) throw cause;
        const done = changes.slice(0, i).map((change) => change.knob);
        throw new ActuationError(`${cause.message}, after ${done.join(", ")} changed`, { cause, left: "unknown" });
      }
    }
  }

  async close(): Promise<void> {}

  async #read(): Promise<ReadonlyMap<string, ResourceReading>> {
    const read = [...this.#resources].map(async ([knob, resource]) => [knob, await resource.read()] as const);
    return new Map(await Promise.all(read));
  }
}

function changeOf(reading: ResourceReading | undefined, knob: string, value: KnobValue) {
  if (reading === undefined || reading.wanted === value) return [];
  return [{ knob, value: Number(value), growth: Number(value) - reading.wanted }];
}

function fleetOf(readings: ReadonlyMap<string, ResourceReading>): ClusterState["fleet"] {
  const fleet: Record<string, FleetCount> = {};
  for (const [knob, { fleet: counted }] of readings) {
    if (counted === null) continue;
    const { type, spot } = typeOf(knob);
    const { ready, launching, draining } = fleet[type] ?? { ready: 0, launching: 0, draining: 0 };
    fleet[type] = {
      ready: ready + counted.ready,
      launching: launching + counted.launching,
      draining: draining + counted.draining,
      spot: (fleet[type]?.spot ?? 0) + (spot ? counted.ready + counted.launching + counted.draining : 0),
    };
  }
  return fleet;
}

/** Auto Scaling groups, ECS services, SageMaker endpoints and Lambda functions. */
export const aws = splitAdapterEntry({
  name: "aws",
  summary: "Auto Scaling groups, ECS services, SageMaker variants and Lambda functions; CloudWatch tells the windows",
  writing: "whole",
  credentials: ["accessKeyId", "secretAccessKey", "sessionToken"],
  options: optionsSchema,
  actuation: (knob) =>
    knob.startsWith("function") || knob === "concurrency"
      ? { class: "reload", delayS: 10, decideEveryS: 60 }
      : { class: "provision", delayS: 180, decideEveryS: 60 },
  openActuator: Resources.open,
  openObserver: async (options, context) => {
    const { metrics } = options;
    if (metrics !== undefined) {
      return CloudWatchWindows.open(accessOf(options, context), metrics, context.slo[0], context.clock);
    }
    const issue = { path: "options.metrics", expected: "it, or another observer", found: "nothing" };
    throw new ConfigError(`cluster ${context.cluster}`, [issue]);
  },
});
