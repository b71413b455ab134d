// A workload on Kubernetes: replicas through its scale subresource, other knobs at places in its object. It tells what
// runs; what it serves and how fast, another observer tells.
//
// Works for whatever has a scale subresource: Deployments, StatefulSets, and custom resources such as KServe's. Only the
// service that holds the workload's Lease changes it.

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { z } from "zod";
import { ActuationError, type Configuration, ObservationError } from "../core/index.ts";
import type { AdapterContext } from "./adapter-entry.ts";
import type { Actuator } from "./halves.ts";
import { splitAdapterEntry } from "./joined.ts";
import { ApiRefusal, KubernetesApi, type Target, type WorkloadObject } from "./kubernetes/api.ts";
import { Leadership } from "./kubernetes/leadership.ts";
import { parsePath, patchOf, readPath } from "./kubernetes/object-path.ts";
import { offeredConfiguration } from "./offered.ts";
import { Settling } from "./settling.ts";

const name = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "expected a Kubernetes name");

const path = z.string().transform((text, context) => {
  const steps = parsePath(text);
  if (steps !== null) return steps;
  context.addIssue({ code: "custom", message: "expected a place such as spec.containers[name=server].args --flag" });
  return z.NEVER;
});

const optionsSchema = z.strictObject({
  kubeconfig: z.string().min(1).optional(),
  context: z.string().min(1).optional(),
  namespace: name,
  /** Such as apps/v1. */
  apiVersion: z.string().regex(/^[a-z0-9.-]+\/v[a-z0-9]+$/, "expected a group and version such as apps/v1"),
  /** Plural, such as deployments. */
  resource: name,
  name,
  /** What its replicas are counted as in the fleet. */
  instanceType: z.string().min(1).default("replica"),
  /** Where each knob but `replicas` stands in the object. */
  fields: z.record(z.string(), path).default({}),
  /** Of the workload's status. */
  readyReplicas: path.prefault("status.readyReplicas"),
  /** Held by whoever changes the workload; null where nobody else does. */
  lease: z
    .strictObject({ name: name.optional(), durationS: z.number().int().min(1).max(3600).default(180) })
    .nullable()
    .prefault({}),
  timeoutMs: z.number().int().positive().max(600_000).default(10_000),
});

type KubernetesOptions = z.output<typeof optionsSchema>;

/** The workload at one moment. */
interface Reading {
  readonly object: WorkloadObject;
  /** What it is to run. */
  readonly wanted: Configuration;
  readonly replicas: number;
  readonly ready: number;
  /** Whether its controller has brought about what is wanted. */
  readonly settled: boolean;
}

/** How often a change is tried against an object that somebody else keeps changing. */
const TRIES = 3;

/** Reads and changes one workload. */
class Workload implements Actuator {
  readonly #api: KubernetesApi;
  readonly #options: KubernetesOptions;
  readonly #context: AdapterContext;
  readonly #target: Target;
  readonly #leadership: Leadership | null;
  readonly #settling = new Settling();

  constructor(api: KubernetesApi, options: KubernetesOptions, context: AdapterContext) {
    const { namespace, name: workload, resource, apiVersion, lease } = options;
    const [group = "", version = ""] = apiVersion.split("/");
    this.#api = api;
    this.#options = options;
    this.#context = context;
    this.#target = { group, version, namespace, plural: resource, name: workload };
    const holder = `${hostname()}_${randomUUID()}`;
    this.#leadership =
      lease === null
        ? null
        : new Leadership(
            api,
            { namespace, name: lease.name ?? `trimtab-${workload}`, durationS: lease.durationS, holder },
            context.clock,
          );
  }

  async observe(): ReturnType<Actuator["observe"]> {
    const { wanted, replicas, ready, settled, object } = await this.#read();
    // A lease that cannot be renewed shows at the next change.
    await this.#leadership?.renew().catch(() => undefined);
    const progress = settled ? null : `${ready} of ${replicas} replicas ready`;
    const running = this.#settling.told(wanted, progress, this.#label);
    const existing = readPath(object, [
      { kind: "field", name: "status" },
      { kind: "field", name: "replicas" },
    ]);
    const draining = Math.max(0, Number(existing ?? ready) - replicas);
    const fleet = { ready, launching: Math.max(0, replicas - ready), draining, spot: 0 };
    return { ...running, fleet: { [this.#options.instanceType]: fleet } };
  }

  async apply(configuration: Configuration): Promise<void> {
    let begun = false;
    try {
      await this.#leadership?.claim();
      await this.#patchFields(configuration, () => {
        begun = true;
      });
      const { replicas } = configuration;
      if (replicas === undefined || (await this.#api.readScale(this.#target)) === replicas) return;
      await this.#api.scale(this.#target, Number(replicas));
    } catch (cause) {
      if (cause instanceof ActuationError) throw cause;
      const refused = cause instanceof ApiRefusal && !begun;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new ActuationError(message, { cause, left: refused ? "unchanged" : "unknown" });
    }
  }

  async close(): Promise<void> {
    // A lease that is not given up runs out by itself.
    await this.#leadership?.release().catch(() => undefined);
  }

  get #label(): string {
    const { namespace, plural, name: workload } = this.#target;
    return `${plural} ${namespace}/${workload}`;
  }

  async #read(): Promise<Reading> {
    try {
      const object = await this.#api.read(this.#target);
      const replicas = await this.#api.readScale(this.#target);
      const ready = Number(readPath(object, this.#options.readyReplicas) ?? 0);
      const { generation = 0 } = object.metadata;
      const { observedGeneration = generation, updatedReplicas = ready } = object.status ?? {};
      const settled = observedGeneration >= generation && ready === replicas && updatedReplicas === replicas;
      return { object, wanted: this.#wanted(object, replicas), replicas, ready, settled };
    } catch (cause) {
      if (cause instanceof ObservationError) throw cause;
      throw new ObservationError(`${this.#label}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }

  #wanted(object: WorkloadObject, replicas: number): Configuration {
    return offeredConfiguration(this.#context.knobs, this.#label, ({ name: knob }) => {
      if (knob === "replicas") return replicas;
      const place = this.#options.fields[knob];
      return place === undefined ? undefined : readPath(object, place);
    });
  }

  async #patchFields(configuration: Configuration, begun: () => void): Promise<void> {
    for (let tries = 1; ; tries++) {
      const object = await this.#api.read(this.#target);
      const operations = Object.entries(this.#options.fields).flatMap(([knob, place]) => {
        const value = configuration[knob];
        if (value === undefined || readPath(object, place) === value) return [];
        const operation = patchOf(object, place, value);
        if (operation !== null) return [operation];
        throw new ActuationError(`${this.#label}: ${knob}: expected its place in the object, found nothing there`);
      });
      if (operations.length === 0) return;
      const unchanged = { op: "test", path: "/metadata/resourceVersion", value: object.metadata.resourceVersion };
      try {
        await this.#api.patch(this.#target, [unchanged, ...operations]);
        begun();
        return;
      } catch (cause) {
        const stale = cause instanceof ApiRefusal && (cause.status === 409 || cause.status === 422);
        if (!stale || tries === TRIES) throw cause;
      }
    }
  }
}

/** Workloads of a Kubernetes cluster. */
export const kubernetes = splitAdapterEntry({
  name: "kubernetes",
  summary: "a workload's replicas and fields through the Kubernetes API; another observer tells its metrics",
  writing: "whole",
  credentials: [],
  options: optionsSchema,
  actuation: (knob) => ({ class: knob === "replicas" ? "provision" : "restart", delayS: 60, decideEveryS: 60 }),
  openActuator: async (options, context) => new Workload(await KubernetesApi.open(options), options, context),
  openObserver: null,
});
