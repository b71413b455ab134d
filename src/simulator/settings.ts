// A configuration read for the simulator: what each knob sets, with the default where there is none.

import { ConfigError, type Configuration } from "../core/index.ts";
import type { SimulationPlan } from "./plan.ts";
import type { HostSettings } from "./service-times.ts";

/** Everything the knobs set. */
export interface Settings {
  readonly maxBatchSize: number;
  readonly maxBatchDelayS: number;
  readonly offloadThresholdS: number;
  readonly functionMemoryMb: number;
  readonly functionBatchSize: number;
  readonly host: HostSettings;
  /** Machines wanted, by pool and market. */
  readonly onDemand: readonly number[];
  readonly spot: readonly number[];
}

function numberAt(configuration: Configuration, name: string, fallback: number, least: number): number {
  const value = configuration[name] ?? fallback;
  if (typeof value !== "number" || !(value >= least)) {
    throw new ConfigError("configuration", [
      { path: name, expected: `a number of at least ${least}`, found: String(value) },
    ]);
  }
  return value;
}

function wholeAt(configuration: Configuration, name: string, fallback: number, least: number): number {
  const value = numberAt(configuration, name, fallback, least);
  if (!Number.isInteger(value)) {
    throw new ConfigError("configuration", [{ path: name, expected: "a whole number", found: String(value) }]);
  }
  return value;
}

/** @throws {ConfigError} for a value no cluster could take, or an instance type the plan does not offer */
export function readSettings(plan: SimulationPlan, configuration: Configuration): Settings {
  const whole = (name: string, fallback: number, least: number): number =>
    wholeAt(configuration, name, fallback, least);
  const maxBatchSize = whole("maxBatchSize", 1, 1);
  const tensorParallel = whole("tensorParallel", 1, 1);
  const functionOnly = plan.host === null && plan.pools.length === 0;
  const chosen = configuration["instanceType"] ?? plan.pools[0]?.type.name;
  if (configuration["instanceType"] !== undefined && !plan.pools.some((pool) => pool.type.name === chosen)) {
    throw new ConfigError("configuration", [
      { path: "instanceType", expected: plan.pools.map((pool) => pool.type.name).join(" or "), found: String(chosen) },
    ]);
  }
  const byType = configuration["instanceType"] !== undefined || configuration["replicas"] !== undefined;
  const replicas = whole("replicas", byType ? 1 : 0, 0);
  return {
    maxBatchSize,
    maxBatchDelayS: numberAt(configuration, "maxBatchDelayMs", 0, 0) / 1000,
    offloadThresholdS: numberAt(configuration, "offloadThresholdMs", Number.POSITIVE_INFINITY, 0) / 1000,
    functionMemoryMb: numberAt(configuration, "functionMemoryMb", plan.function?.memoryMb ?? 1, 1),
    functionBatchSize: whole("functionBatchSize", functionOnly ? maxBatchSize : 1, 1),
    host: {
      concurrency: whole("concurrency", 1, 1),
      intraOpThreads:
        configuration["intraOpThreads"] === undefined ? null : numberAt(configuration, "intraOpThreads", 1, 1),
      interOpThreads: whole("interOpThreads", 1, 1),
      tensorParallel,
    },
    onDemand: plan.pools.map(
      ({ type }) => whole(`instances.${type.name}.onDemand`, 0, 0) + (type.name === chosen ? replicas : 0),
    ),
    spot: plan.pools.map(({ type }) => whole(`instances.${type.name}.spot`, 0, 0)),
  };
}

/** Largest batch any value of the knobs allows. */
export function largestBatch(plan: SimulationPlan): number {
  let largest = 1;
  for (const name of ["maxBatchSize", "functionBatchSize"]) {
    for (const value of plan.knobs.find((knob) => knob.name === name)?.values ?? []) {
      if (typeof value === "number" && value > largest) largest = value;
    }
    const initial = plan.initial[name];
    if (typeof initial === "number" && initial > largest) largest = initial;
  }
  return largest;
}
