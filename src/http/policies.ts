// Policies the service can run: those it trained, and those its clusters have learnt so far.

import { findAgent } from "../../agents/index.ts";
import { agentContext, type TuningTask } from "../../environments/index.ts";
import {
  type ClusterState,
  type Configuration,
  type Policy,
  type PolicySpec,
  UnknownNameError,
} from "../core/index.ts";
import { exporters, exportPolicy, findExporter, packagePolicy, tarOf } from "../export/index.ts";
import { SeededRandom } from "../math/index.ts";
import { createOptimizer } from "../optimizers/index.ts";
import { type PolicyEntry, readCheckpoint, type Store } from "../store/index.ts";
import { DEFAULT_OPTIMIZER } from "../training/index.ts";
import type { Clusters } from "./clusters.ts";
import type { Scenarios } from "./scenarios.ts";

/** The format that is all of them. */
export const PACKAGE = "package";

const TAR = "application/x-tar";

/** Policies kept ready to act. */
const READY_LIMIT = 64;

/** A policy in the list. */
export interface PolicySummary {
  readonly id: string;
  /** Name of the agent that learnt it. */
  readonly kind: string;
  readonly environment: string;
  /** Null for a real cluster's. */
  readonly scenario: string | null;
  readonly sha256: string;
  readonly createdAt: string | null;
  readonly training: string | null;
  /** The cluster whose agent it is of; null for a trained one. */
  readonly cluster: string | null;
}

/** A policy ready to act. */
export interface ReadyPolicy {
  readonly policy: Policy;
  readonly task: TuningTask;
}

/** Finds policies by id and keeps them ready. */
export class Policies {
  readonly #store: Store;
  readonly #clusters: Clusters;
  readonly #scenarios: Scenarios;
  readonly #ready = new Map<string, Promise<ReadyPolicy>>();

  constructor(store: Store, clusters: Clusters, scenarios: Scenarios) {
    this.#store = store;
    this.#clusters = clusters;
    this.#scenarios = scenarios;
  }

  list(): PolicySummary[] {
    const live = this.#clusters.list().map((cluster) => {
      const { kind, environment, sha256 } = cluster.loop.status().policy;
      const { name, scenario } = cluster.entry;
      return {
        id: `cluster-${name}`,
        kind,
        environment,
        scenario,
        sha256,
        createdAt: null,
        training: null,
        cluster: name,
      };
    });
    const trained = this.#store.catalogue.policies.list().map(({ agent, checkpoint: _, ...entry }) => {
      return { ...entry, kind: agent, cluster: null };
    });
    return [...live, ...trained];
  }

  /** @throws {UnknownNameError} when there is no such policy @throws {CheckpointError} when its file is damaged */
  async spec(id: string): Promise<PolicySpec> {
    const cluster = this.#clusterOf(id);
    if (cluster !== null) return cluster.loop.status().policy;
    return (await readCheckpoint(this.#store.policyPath(this.#entry(id).id))).spec;
  }

  /** A policy ready to act. @throws as `spec` */
  async ready(id: string): Promise<ReadyPolicy> {
    const cluster = this.#clusterOf(id);
    if (cluster !== null) return { policy: cluster.agent.policy, task: cluster.task };
    const known = this.#ready.get(id);
    if (known !== undefined) return known;
    const loading = this.#load(this.#entry(id));
    this.#ready.set(id, loading);
    loading.catch(() => this.#ready.delete(id));
    const oldest = this.#ready.keys().next();
    if (this.#ready.size > READY_LIMIT && oldest.done !== true) this.#ready.delete(oldest.value);
    return loading;
  }

  /** A policy in one of the formats, or in all that can hold it. @throws as `spec` @throws {ExportError} when refused */
  async exported(
    id: string,
    format: string,
  ): Promise<{ mediaType: string; name: string; content: string | Uint8Array }> {
    const [spec, { task }] = await Promise.all([this.spec(id), this.ready(id)]);
    if (format === PACKAGE) {
      const { name, files } = await packagePolicy(task, spec, exporters);
      return { mediaType: TAR, name: `${name}.tar`, content: await tarOf(name, files) };
    }
    const [exported] = await exportPolicy(task, spec, [findExporter(format)]);
    if (exported === undefined) throw new RangeError(`${format}: expected an export, found none`);
    const { files, mediaType } = exported;
    const [{ name, content }] = files;
    if (files.length > 1) return { mediaType: TAR, name: `${id}.${format}.tar`, content: await tarOf(format, files) };
    return { mediaType, name: name.startsWith("policy.") ? name.replace("policy", id) : `${id}-${name}`, content };
  }

  /** The configuration a policy chooses. */
  act({ policy }: ReadyPolicy, observation: ClusterState): Configuration {
    return policy.act(observation);
  }

  async #load(entry: PolicyEntry): Promise<ReadyPolicy> {
    const { spec, seed } = await readCheckpoint(this.#store.policyPath(entry.id));
    const task = await this.#scenarios.open(entry.scenario);
    const random = new SeededRandom(seed).split("policy");
    const context = agentContext(task, random, seed, createOptimizer(DEFAULT_OPTIMIZER));
    return { policy: findAgent(spec.kind).load(context, spec), task };
  }

  #clusterOf(id: string) {
    return this.#clusters.list().find(({ entry }) => `cluster-${entry.name}` === id) ?? null;
  }

  #entry(id: string): PolicyEntry {
    const entry = this.#store.catalogue.policies.get(id);
    if (entry !== null) return entry;
    throw new UnknownNameError(
      "policy",
      id,
      this.list().map((policy) => policy.id),
    );
  }
}
