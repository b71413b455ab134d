// A search problem: a scenario on one batch queue, with every configuration's true machine known to the judge alone.

import type { OpenScenario } from "../../environments/index.ts";
import { committedUsdPerHour } from "../catalogue/index.ts";
import { ConfigError, type Configuration, type Random } from "../core/index.ts";
import { ServiceNoise, serviceTable } from "../simulator/service-times.ts";
import { readSettings } from "../simulator/settings.ts";

/** What a search problem needs of an opened scenario. */
export type SearchScenario = Pick<
  OpenScenario,
  "scenario" | "id" | "plan" | "lattice" | "objective" | "catalogue" | "limits" | "initial" | "profilePoints"
>;

/** The real machine behind a configuration. */
export interface TrueMachine {
  /** Infinity for functions. */
  readonly instances: number;
  /** Model instances asked for; more than `instances` where a hidden lock holds some back. */
  readonly configured: number;
  readonly maxBatch: number;
  readonly maxDelayMs: number;
  /** Mean service time by batch size, hidden slowdowns included; shape [maxBatch + 1]. */
  readonly serviceMs: Float64Array;
}

/** A scenario as searches meet it. */
export interface SearchProblem {
  readonly name: string;
  readonly open: SearchScenario;
  /** Every allowed configuration, in canonical order. */
  readonly configurations: readonly Configuration[];
  readonly machines: readonly TrueMachine[];
  readonly percentile: number;
  readonly sloMs: number;
  readonly windowRequests: number;
  readonly warmupRequests: number;
  indexOf(configuration: Configuration): number;
  /** Cost of an hour of configuration i at the problem's rate and the batches it reached. */
  costUsdPerHour(i: number, rateRps: number, meanBatchSize: number, meanServiceMs: number): number;
}

function refuse(problem: string, path: string, expected: string, found: string): never {
  throw new ConfigError(problem, [{ path, expected, found }]);
}

/** Knobs a batch queue has. */
const KNOBS = new Set([
  "instanceType",
  "replicas",
  "concurrency",
  "intraOpThreads",
  "interOpThreads",
  "tensorParallel",
  "maxBatchSize",
  "maxBatchDelayMs",
  "functionMemoryMb",
  "functionBatchSize",
]);

function trueMachine(open: SearchScenario, configuration: Configuration): TrueMachine {
  const { plan } = open;
  const settings = readSettings(plan, configuration);
  const maxDelayMs = settings.maxBatchDelayS * 1000;
  if (plan.host === null && plan.pools.length === 0) {
    const maxBatch = settings.functionBatchSize;
    const serviceMs = Float64Array.from({ length: maxBatch + 1 }, (_, batch) =>
      batch === 0 ? 0 : (plan.function?.profile.serviceMs({ batch, memoryMb: settings.functionMemoryMb }) ?? 0),
    );
    const instances = Number.POSITIVE_INFINITY;
    return { instances, configured: instances, maxBatch, maxDelayMs, serviceMs };
  }
  const chosen = settings.onDemand.findIndex((count) => count > 0);
  const pool = plan.pools[Math.max(0, chosen)];
  const machine =
    plan.host !== null
      ? { profile: plan.host.profile, cores: plan.host.cores, accelerated: false }
      : pool !== undefined
        ? { profile: pool.profile, cores: pool.type.gpus || pool.type.vcpus, accelerated: pool.type.gpus > 0 }
        : refuse(open.scenario.name, "catalogue", "a host, instances or functions", "none");
  const { slots, meanS } = serviceTable(machine, settings.host, plan.reality, settings.maxBatchSize);
  const hosts = plan.host !== null ? 1 : (settings.onDemand[Math.max(0, chosen)] ?? 1);
  return {
    instances: slots * hosts,
    configured: settings.host.concurrency * hosts,
    maxBatch: settings.maxBatchSize,
    maxDelayMs,
    serviceMs: meanS.map((seconds) => seconds * 1000),
  };
}

/**
 * Reads a scenario as a search problem.
 * @throws {ConfigError} when it has what one batch queue has not: a changing fleet, offload, request classes
 */
export function searchProblem(open: SearchScenario): SearchProblem {
  const { scenario, plan, lattice, objective, catalogue } = open;
  for (const knob of lattice.knobs) {
    if (!KNOBS.has(knob.name)) refuse(scenario.name, `knobs.${knob.name}`, [...KNOBS].join(", "), knob.name);
  }
  if (plan.classes.length > 1) refuse(scenario.name, "classes", "one class of requests", `${plan.classes.length}`);
  const configurations = lattice.all();
  const byIndex = new Map(configurations.map((configuration, i) => [lattice.index(configuration), i]));
  const functionType = catalogue.function;
  const functionsOnly = plan.host === null && plan.pools.length === 0;
  const committed = configurations.map((one) => committedUsdPerHour(catalogue, plan.host, one));
  const memoryGb = configurations.map((one) => readSettings(plan, one).functionMemoryMb / 1024);
  return {
    name: scenario.name,
    open,
    configurations,
    machines: configurations.map((configuration) => trueMachine(open, configuration)),
    percentile: objective.slo[0].percentile,
    sloMs: objective.slo[0].latencyMs,
    windowRequests: scenario.window.requests,
    warmupRequests: scenario.window.warmup,
    indexOf: (configuration) => byIndex.get(lattice.index(configuration)) ?? -1,
    costUsdPerHour(i, rateRps, meanBatchSize, meanServiceMs) {
      if (!functionsOnly || functionType === null) return committed[i] ?? 0;
      const { usdPerGbS, usdPerRequest, billingIncrementMs } = functionType;
      const billedS = (Math.ceil(meanServiceMs / billingIncrementMs) * billingIncrementMs) / 1000;
      const usdPerBatch = billedS * (memoryGb[i] ?? 0) * usdPerGbS + usdPerRequest;
      return (3600 * rateRps * usdPerBatch) / meanBatchSize;
    },
  };
}

/** Multipliers of service time, drawn once; windows start at different places in them. */
export const MULTIPLIERS = 1 << 17;

/** Chance in service times of one problem: a long cycle of multipliers. */
export function serviceMultipliers(problem: SearchProblem, random: Random): Float64Array {
  const noise = new ServiceNoise(problem.open.plan.reality, random);
  return Float64Array.from({ length: MULTIPLIERS }, () => noise.next());
}

/**
 * Arrival times of consecutive windows, in ms since each window's start.
 * @throws {ConfigError} when the workload ends first
 */
export class WindowArrivals {
  readonly #problem: SearchProblem;
  readonly #source: { fill(times: Float64Array): number };
  readonly #times: Float64Array;
  #lastS = 0;

  constructor(problem: SearchProblem, random: Random) {
    this.#problem = problem;
    this.#source = problem.open.plan.workload.open(random);
    this.#times = new Float64Array(problem.warmupRequests + problem.windowRequests);
  }

  /** The next window's arrivals; a new array, warm-up first. */
  next(): Float64Array {
    const times = this.#times;
    let filled = 0;
    while (filled < times.length) {
      const added = this.#source.fill(filled === 0 ? times : times.subarray(filled));
      if (added === 0) {
        refuse(this.#problem.name, "workload.durationS", "long enough for every window of the search", "its end");
      }
      filled += added;
    }
    const startS = this.#lastS;
    this.#lastS = times[times.length - 1] ?? startS;
    return times.map((timeS) => (timeS - startS) * 1000);
  }
}
