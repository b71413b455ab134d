// A configuration read as the batch server the prior models: k model instances of r threads behind a size-or-delay buffer.

import type { AgentContext, Configuration } from "../core/index.ts";
import { fitService, fittedServiceMs, type ServiceFit } from "./service-fit.ts";

/** What the prior needs of a configuration. */
export interface BatchServer {
  /** Host, instance type or "function": whose profile points count. */
  readonly host: string;
  /** Model instances in parallel; Infinity for functions. */
  readonly instances: number;
  /** Threads, tensor parallelism or memory of one model instance. */
  readonly resource: number;
  readonly maxBatch: number;
  readonly maxDelayMs: number;
  /** Threads of all model instances over the machine's cores; 0 where the machine is not shared. */
  readonly occupancy: number;
}

/** What of an agent's context the prior is made from. */
export type PriorContext = Pick<AgentContext, "profilePoints" | "deviceRatios" | "host" | "catalogue" | "space">;

function numberOf(configuration: Configuration, name: string, fallback: number): number {
  const value = configuration[name];
  return typeof value === "number" ? value : fallback;
}

/** Knobs a batch server is described by; others do not enter the prior. */
export const PRIOR_KNOBS: readonly string[] = [
  "instanceType",
  "replicas",
  "concurrency",
  "intraOpThreads",
  "tensorParallel",
  "maxBatchSize",
  "maxBatchDelayMs",
  "functionMemoryMb",
  "functionBatchSize",
];

/** Reads configurations of one context. */
export function batchServerReader(context: PriorContext): (configuration: Configuration) => BatchServer {
  const names = new Set(context.space.knobs.map((knob) => knob.name));
  const onlyFunctions = context.host === null && context.catalogue.instances.length === 0;
  const functions = onlyFunctions && (names.has("functionMemoryMb") || names.has("functionBatchSize"));
  const firstHost = context.profilePoints[0]?.host ?? "host";
  if (functions) {
    return (configuration) => ({
      host: "function",
      instances: Number.POSITIVE_INFINITY,
      resource: numberOf(configuration, "functionMemoryMb", 1),
      maxBatch: numberOf(configuration, "functionBatchSize", numberOf(configuration, "maxBatchSize", 1)),
      maxDelayMs: numberOf(configuration, "maxBatchDelayMs", 0),
      occupancy: 0,
    });
  }
  return (configuration) => {
    const concurrency = numberOf(configuration, "concurrency", 1);
    const cores = context.host?.cores;
    const threads = numberOf(configuration, "intraOpThreads", (cores ?? 1) / concurrency);
    const type = configuration["instanceType"];
    return {
      host: typeof type === "string" ? type : firstHost,
      instances: concurrency * numberOf(configuration, "replicas", 1),
      resource: names.has("tensorParallel") ? numberOf(configuration, "tensorParallel", 1) : threads,
      maxBatch: numberOf(configuration, "maxBatchSize", 1),
      maxDelayMs: numberOf(configuration, "maxBatchDelayMs", 0),
      occupancy: cores === undefined ? 0 : (concurrency * threads) / cores,
    };
  };
}

/** The prior's mean service time in ms. @param batch may be fractional, ≥ 1 */
export type PriorService = (server: BatchServer, batch: number) => number;

/**
 * The prior's service time: a fit per profiled host, the ratios for hosts that were not profiled; threads beyond the
 * cores take turns, so it grows with what they exceed them by.
 * @returns null when no point was profiled
 */
export function priorService(context: PriorContext): PriorService | null {
  const { profilePoints, deviceRatios } = context;
  const first = profilePoints[0];
  if (first === undefined) return null;
  const fits = new Map<string, ServiceFit>();
  for (const { host } of profilePoints) {
    if (!fits.has(host)) fits.set(host, fitService(profilePoints.filter((point) => point.host === host)));
  }
  const standard = fits.get(first.host) ?? fitService(profilePoints);
  return (server, batch) => {
    const own = fits.get(server.host);
    const turns = Math.max(1, server.occupancy);
    if (own !== undefined) return turns * fittedServiceMs(own, server.resource, batch);
    return turns * fittedServiceMs(standard, server.resource, batch) * (deviceRatios[server.host] ?? 1);
  };
}
