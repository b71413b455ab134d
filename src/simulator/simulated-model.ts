// The simulator as a performance model: a short steady run per question, on the same chance every time.

import {
  type Configuration,
  type Load,
  type Objective,
  type PerformanceModel,
  type Prediction,
  type Random,
  UnknownNameError,
} from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";
import type { ServiceProfile } from "../profiles/service-profile.ts";
import { markovian, poisson, renewal, type Workload } from "../workload/index.ts";
import type { SimulationPlan } from "./plan.ts";
import { type Pool, poolsOf } from "./pool.ts";
import { serviceTable } from "./service-times.ts";
import { readSettings } from "./settings.ts";
import { Simulator } from "./simulator.ts";

/** How long a prediction looks, and on what chance. */
export interface SimulatedModelOptions {
  /** Requests counted per prediction. */
  readonly requests: number;
  /** Requests before them that count for nothing. */
  readonly warmupRequests: number;
  readonly seed: number;
}

const DEFAULTS: SimulatedModelOptions = { requests: 20_000, warmupRequests: 1000, seed: 1 };

/** A run that leaves more than this share of its requests unserved was overloaded. */
const BACKLOG_SHARE = 0.05;

function arrivalsOf({ rateRps, scv = 1, map }: Load): Workload {
  if (map !== undefined) return markovian(map, Number.POSITIVE_INFINITY);
  if (scv === 1) return poisson(rateRps, Number.POSITIVE_INFINITY);
  return renewal("gamma", rateRps, Math.sqrt(scv), Number.POSITIVE_INFINITY);
}

function slowed(profile: ServiceProfile, factor: number): ServiceProfile {
  return { name: profile.name, serviceMs: (point) => profile.serviceMs(point) * factor };
}

/** A plan in steady state: nothing is launched, nothing fails, service takes `factor` times as long. */
function steady(
  plan: SimulationPlan,
  configuration: Configuration,
  workload: Workload,
  factor: number,
): SimulationPlan {
  const { failures: _, observation: __, telemetry: ___, ...rest } = plan;
  return {
    ...rest,
    workload,
    pools: plan.pools.map(({ type, profile }) => ({
      type: { ...type, spotInterruptionsPerHour: 0 },
      profile: slowed(profile, factor),
    })),
    host: plan.host === null ? null : { ...plan.host, profile: slowed(plan.host.profile, factor) },
    function: plan.function === null ? null : { ...plan.function, profile: slowed(plan.function.profile, factor) },
    initial: configuration,
  };
}

class SimulatedModel implements PerformanceModel {
  readonly name = "simulator";
  readonly #plan: SimulationPlan;
  readonly #objective: Objective;
  readonly #options: SimulatedModelOptions;
  readonly #pools: readonly Pool[];

  constructor(plan: SimulationPlan, objective: Objective, options: SimulatedModelOptions) {
    this.#plan = plan;
    this.#objective = objective;
    this.#options = options;
    this.#pools = poolsOf(plan);
  }

  predict(configuration: Configuration, load: Load, slowdown = 0): Prediction {
    const { requests, warmupRequests, seed } = this.#options;
    const random: Random = new SeededRandom(seed);
    const plan = steady(this.#plan, configuration, arrivalsOf(load), Math.exp(slowdown));
    const simulator = new Simulator({ ...plan, slo: this.#objective.slo }, random);
    const warmupS = load.rateRps > 0 ? warmupRequests / load.rateRps : 0;
    const windowS = load.rateRps > 0 ? requests / load.rateRps : 1;
    simulator.run(warmupS);
    simulator.observe();
    simulator.run(warmupS + windowS);
    const { metrics } = simulator.observe();
    const { latency } = metrics;
    const never = Number.POSITIVE_INFINITY;
    return {
      stable: simulator.inSystem <= BACKLOG_SHARE * requests,
      meanMs: latency?.meanMs ?? (metrics.requests > 0 ? never : 0),
      p50Ms: latency?.p50Ms ?? (metrics.requests > 0 ? never : 0),
      p95Ms: latency?.p95Ms ?? (metrics.requests > 0 ? never : 0),
      p99Ms: latency?.p99Ms ?? (metrics.requests > 0 ? never : 0),
      objectiveMs: latency?.objectiveMs ?? (metrics.requests > 0 ? never : 0),
      missRatio: latency?.missRatio ?? (metrics.requests > 0 ? 1 : 0),
      utilization: metrics.utilization,
      meanBatchSize: metrics.meanBatchSize ?? 0,
      offloadedShare: metrics.offloadedShare,
      costUsdPerHour: metrics.costUsdPerHour,
    };
  }

  serviceMs(host: string, configuration: Configuration, batchSize: number): number {
    const settings = readSettings(this.#plan, configuration);
    const { function: called } = this.#plan;
    if (host === "function" && called !== null) {
      return called.profile.serviceMs({ batch: batchSize, memoryMb: settings.functionMemoryMb });
    }
    const { machine } = this.#pool(host);
    return (serviceTable(machine, settings.host, this.#plan.reality, batchSize).meanS[batchSize] ?? 0) * 1000;
  }

  capacityRps(host: string, configuration: Configuration): number {
    const settings = readSettings(this.#plan, configuration);
    const called = host === "function" ? this.#plan.function : null;
    const largest = called === null ? settings.maxBatchSize : settings.functionBatchSize;
    const slots =
      called === null
        ? serviceTable(this.#pool(host).machine, settings.host, this.#plan.reality, 1).slots
        : called.type.concurrencyLimit;
    const latencyMs = this.#objective.slo[0].latencyMs;
    let best = 0;
    for (let batch = 1; batch <= largest; batch++) {
      const serviceMs = this.serviceMs(host, configuration, batch);
      const waitedMs = batch > 1 ? settings.maxBatchDelayS * 1000 : 0;
      if (serviceMs + waitedMs <= latencyMs) best = Math.max(best, (1000 * slots * batch) / serviceMs);
    }
    return best;
  }

  #pool(host: string): Pool {
    const pool = this.#pools.find(({ name }) => name === host);
    if (pool !== undefined) return pool;
    const known = this.#pools.map(({ name }) => name);
    throw new UnknownNameError("host", host, this.#plan.function === null ? known : [...known, "function"]);
  }
}

/**
 * A performance model that simulates. The same question always has the same answer; hidden slowdowns are included.
 * Overloaded predictions tell the latency of the requests served so far.
 */
export function simulatedModel(
  plan: SimulationPlan,
  objective: Objective,
  options: Partial<SimulatedModelOptions> = {},
): PerformanceModel {
  return new SimulatedModel(plan, objective, { ...DEFAULTS, ...options });
}
