// The part of a Kubernetes API server that is asked: one object, its scale, and a lease. The client is large and loads
// only here.

import type { KubeConfig, V1Lease, V1MicroTime } from "@kubernetes/client-node";
import { TaskCancelledError, TimeoutStrategy, timeout } from "cockatiel";
import { z } from "zod";
import { ConfigError } from "../../core/index.ts";
import { ServerUnreachable } from "../request.ts";
import { persistence } from "../server-client.ts";

type Client = typeof import("@kubernetes/client-node");

/** An object and where it is. */
export interface Target {
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  /** Plural, such as "deployments". */
  readonly plural: string;
  readonly name: string;
}

/** Raised when the API server answers that it will not: anything from 400 but 429. */
export class ApiRefusal extends Error {
  override readonly name = "ApiRefusal";
  readonly status: number;

  constructor(message: string, status: number, cause: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

const scaleSchema = z.object({
  spec: z.object({ replicas: z.number().int().nonnegative().default(0) }).prefault({}),
});

const objectSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), generation: z.number().int().optional() }),
  spec: z.unknown(),
  status: z.looseObject({ observedGeneration: z.number().int().optional() }).optional(),
});

/** A workload's object. */
export type WorkloadObject = z.output<typeof objectSchema>;

const failureSchema = z.object({ code: z.number().int(), body: z.unknown() });

function said(body: unknown): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const parsed = z.object({ message: z.string() }).safeParse(body);
  return (parsed.success ? parsed.data.message : text).slice(0, 300);
}

/** How the server is reached. */
export interface ApiOptions {
  /** A kubeconfig file; the usual places, or the pod's own account, when absent. */
  readonly kubeconfig?: string | undefined;
  /** One of the file's contexts; its current one when absent. */
  readonly context?: string | undefined;
  readonly timeoutMs: number;
}

/** Asks one API server, again while it does not answer. */
export class KubernetesApi {
  readonly #client: Client;
  readonly #objects: InstanceType<Client["CustomObjectsApi"]>;
  readonly #leases: InstanceType<Client["CoordinationV1Api"]>;
  readonly #server: string;
  readonly #timeoutMs: number;
  readonly #persistence = persistence(ServerUnreachable);

  private constructor(client: Client, config: KubeConfig, timeoutMs: number) {
    this.#client = client;
    this.#objects = config.makeApiClient(client.CustomObjectsApi);
    this.#leases = config.makeApiClient(client.CoordinationV1Api);
    this.#server = config.getCurrentCluster()?.server ?? "kubernetes";
    this.#timeoutMs = timeoutMs;
  }

  /** @throws {ConfigError} when there is no kubeconfig that can be read, or no such context */
  static async open({ kubeconfig, context, timeoutMs }: ApiOptions): Promise<KubernetesApi> {
    const client = await import("@kubernetes/client-node");
    const config = new client.KubeConfig();
    try {
      if (kubeconfig === undefined) config.loadFromDefault();
      else config.loadFromFile(kubeconfig);
      if (context !== undefined) config.setCurrentContext(context);
      return new KubernetesApi(client, config, timeoutMs);
    } catch (cause) {
      const issue = {
        path: "options.kubeconfig",
        expected: "a kubeconfig file with the context",
        found: String(cause),
      };
      throw new ConfigError("kubernetes", [issue], { cause });
    }
  }

  /** A moment as leases write it: to the microsecond. */
  moment(ms: number): V1MicroTime {
    return new this.#client.V1MicroTime(ms);
  }

  /** @throws {ServerUnreachable | ApiRefusal | z.ZodError} */
  async read(target: Target): Promise<WorkloadObject> {
    return objectSchema.parse(await this.#ask("read", () => this.#objects.getNamespacedCustomObject(target)));
  }

  /** Replicas wanted. @throws {ServerUnreachable | ApiRefusal | z.ZodError} */
  async readScale(target: Target): Promise<number> {
    const scale = await this.#ask("read scale", () => this.#objects.getNamespacedCustomObjectScale(target));
    return scaleSchema.parse(scale).spec.replicas;
  }

  /** @throws {ServerUnreachable | ApiRefusal} */
  async scale(target: Target, replicas: number): Promise<void> {
    const headers = this.#headers(this.#client.PatchStrategy.MergePatch);
    const body = { spec: { replicas } };
    await this.#ask("scale", () => this.#objects.patchNamespacedCustomObjectScale({ ...target, body }, headers));
  }

  /** @param body operations of a JSON patch @throws {ServerUnreachable | ApiRefusal} */
  async patch(target: Target, body: readonly object[]): Promise<void> {
    const headers = this.#headers(this.#client.PatchStrategy.JsonPatch);
    await this.#ask("patch", () => this.#objects.patchNamespacedCustomObject({ ...target, body }, headers));
  }

  /** Null when there is none. @throws {ServerUnreachable | ApiRefusal} */
  async readLease(namespace: string, name: string): Promise<V1Lease | null> {
    try {
      return await this.#ask("read lease", () => this.#leases.readNamespacedLease({ namespace, name }));
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 404) return null;
      throw error;
    }
  }

  /** Refused with 409 when somebody was quicker. @throws {ServerUnreachable | ApiRefusal} */
  async writeLease(namespace: string, name: string, body: V1Lease): Promise<void> {
    await this.#ask("write lease", () =>
      body.metadata?.resourceVersion === undefined
        ? this.#leases.createNamespacedLease({ namespace, body })
        : this.#leases.replaceNamespacedLease({ namespace, name, body }),
    );
  }

  #headers(type: string): ReturnType<Client["setHeaderOptions"]> {
    return this.#client.setHeaderOptions("Content-Type", type);
  }

  async #ask<T>(what: string, call: () => Promise<T>): Promise<T> {
    const limit = timeout(this.#timeoutMs, TimeoutStrategy.Aggressive);
    return this.#persistence.execute(async () => {
      try {
        return await limit.execute(() => call());
      } catch (cause) {
        throw this.#failure(what, cause);
      }
    });
  }

  #failure(what: string, cause: unknown): Error {
    const place = `${this.#server}: ${what}`;
    if (cause instanceof TaskCancelledError) {
      return new ServerUnreachable(`${place}: expected an answer, found none after ${this.#timeoutMs} ms`, { cause });
    }
    const failure = failureSchema.safeParse(cause);
    if (!failure.success) {
      const found = cause instanceof Error ? cause.message : String(cause);
      return new ServerUnreachable(`${place}: expected an answer, found ${found}`, { cause });
    }
    const { code, body } = failure.data;
    const message = `${place}: expected 2xx, found ${code} ${said(body)}`;
    if (code === 429 || code >= 500) return new ServerUnreachable(message, { cause });
    return new ApiRefusal(message, code, cause);
  }
}
