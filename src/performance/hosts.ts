// What a configuration runs: servers by kind with their mean service times, and the function behind them.

import { committedUsdPerHour } from "../catalogue/committed-cost.ts";
import {
  type Catalogue,
  type Configuration,
  type FunctionType,
  type InstanceType,
  UnknownNameError,
} from "../core/index.ts";
import type { ServicePoint, ServiceProfile } from "../profiles/service-profile.ts";

/** The parts of a scenario that a closed form may know: profiles, prices and shapes, never the hidden reality. */
export interface ModelPlan {
  readonly pools: readonly { readonly type: InstanceType; readonly profile: ServiceProfile }[];
  readonly host: {
    readonly cores: number;
    readonly usdPerCoreHour: number;
    readonly usdPerModelInstanceHour: number;
    readonly profile: ServiceProfile;
  } | null;
  readonly function: {
    readonly type: FunctionType;
    readonly profile: ServiceProfile;
    readonly memoryMb: number;
    readonly late: { readonly share: number; readonly extraMs: number };
  } | null;
}

/** Equal servers: model instances that run in parallel, with one service time. */
export interface ServerGroup {
  readonly host: string;
  readonly servers: number;
  /** Mean service time of a batch, in s. */
  serviceS(batch: number): number;
}

/** A number a configuration sets, or the fallback. */
export function knobNumber(configuration: Configuration, name: string, fallback: number): number {
  const value = configuration[name];
  return typeof value === "number" ? value : fallback;
}

/** Reads configurations for one plan; service times are kept once computed. */
export class Hosts {
  readonly plan: ModelPlan;
  readonly #catalogue: Catalogue;
  readonly #times = new Map<string, Map<number, number>>();

  constructor(plan: ModelPlan) {
    this.plan = plan;
    const instances = plan.pools.map((pool) => pool.type);
    this.#catalogue = { prices: "", instances, function: plan.function?.type ?? null };
  }

  /** Model instances of one host that run at once. */
  slots(configuration: Configuration): number {
    return knobNumber(configuration, "concurrency", 1);
  }

  functionMemoryMb(configuration: Configuration): number {
    return knobNumber(configuration, "functionMemoryMb", this.plan.function?.memoryMb ?? 1);
  }

  /**
   * Mean service time of a batch on one model instance of a host, all of its model instances busy: more threads than
   * cores share the cores evenly. @throws {UnknownNameError} for a host the plan does not have
   */
  serviceMs(host: string, configuration: Configuration, batch: number): number {
    const memory = host === "function" ? this.functionMemoryMb(configuration) : 0;
    const threads = configuration["intraOpThreads"] ?? 0;
    const parallel = configuration["tensorParallel"] ?? 1;
    const key = `${host}|${memory}|${threads}|${parallel}|${this.slots(configuration)}|${configuration["interOpThreads"] ?? 1}`;
    let times = this.#times.get(key);
    if (times === undefined) {
      times = new Map();
      this.#times.set(key, times);
    }
    let ms = times.get(batch);
    if (ms === undefined) {
      ms = this.#measure(host, configuration, batch);
      times.set(batch, ms);
    }
    return ms;
  }

  #measure(host: string, configuration: Configuration, batch: number): number {
    const { pools, host: machine, function: called } = this.plan;
    if (host === "function" && called !== null) {
      return called.profile.serviceMs({ batch, memoryMb: this.functionMemoryMb(configuration) });
    }
    const pool = pools.find((candidate) => candidate.type.name === host);
    const profile = host === "host" && machine !== null ? machine.profile : pool?.profile;
    if (profile === undefined) {
      const known = [...pools.map((candidate) => candidate.type.name), ...(machine ? ["host"] : [])];
      throw new UnknownNameError("host", host, called === null ? known : [...known, "function"]);
    }
    const accelerated = (pool?.type.gpus ?? 0) > 0;
    const cores = machine?.cores ?? pool?.type.vcpus ?? 1;
    const slots = this.slots(configuration);
    const threads = knobNumber(configuration, "intraOpThreads", Math.max(1, cores / slots));
    const parallel = knobNumber(configuration, "tensorParallel", 1);
    const wanted = accelerated
      ? slots / Math.max(1, pool?.type.gpus ?? 1)
      : (slots * threads * knobNumber(configuration, "interOpThreads", 1)) / (cores * parallel);
    const point: ServicePoint = {
      batch,
      ...(accelerated ? {} : { intraOpThreads: threads }),
      ...(parallel > 1 ? { tensorParallel: parallel } : {}),
    };
    return profile.serviceMs(point) * Math.max(1, wanted);
  }

  /** The servers of a configuration, by kind; kinds with none left out. */
  groups(configuration: Configuration): readonly ServerGroup[] {
    const slots = this.slots(configuration);
    const group = (host: string, hosts: number): ServerGroup[] => {
      const serviceS = (batch: number): number => this.serviceMs(host, configuration, batch) / 1000;
      return hosts > 0 ? [{ host, servers: Math.round(hosts * slots), serviceS }] : [];
    };
    if (this.plan.host !== null) return group("host", 1);
    const byType = configuration["instanceType"] !== undefined || configuration["replicas"] !== undefined;
    const chosen = configuration["instanceType"] ?? this.plan.pools[0]?.type.name;
    const replicas = byType ? knobNumber(configuration, "replicas", 1) : 0;
    return this.plan.pools.flatMap(({ type }) => {
      const onDemand = knobNumber(configuration, `instances.${type.name}.onDemand`, 0);
      const spot = knobNumber(configuration, `instances.${type.name}.spot`, 0);
      return group(type.name, onDemand + spot + (type.name === chosen ? replicas : 0));
    });
  }

  /** Every machine ready, nothing offloaded. */
  committedUsdPerHour(configuration: Configuration): number {
    return committedUsdPerHour(this.#catalogue, this.plan.host, configuration);
  }

  /** One call for a batch, at a service time. */
  callUsd(configuration: Configuration, serviceMs: number): number {
    const type = this.plan.function?.type;
    if (type === undefined) return 0;
    const billedMs = Math.ceil(serviceMs / type.billingIncrementMs - 1e-9) * type.billingIncrementMs;
    const gbS = (this.functionMemoryMb(configuration) / 1024) * (billedMs / 1000);
    return gbS * type.usdPerGbS + type.usdPerRequest;
  }
}
