// The closed-form performance model: batch formation, waiting with offload, and a mixture of latencies.
//
// servers of all kinds pool into c with one mean service time s(b) = c / Σ c_i/s_i(b)
// batches: sizes of a buffer with delay T + mean wait, a fixed point;  they wait as M/M/c+θ stretched (waiting.ts)
// latency of a request = its part of the buffer's delay + wait + service; offloaded ones take the function's time
//   F(x) = (1-o) Σ_w ω_w [Σ_{k<B} q_k (1/k 1{y>=T+w} + (k-1)/k clip(y/(T+w),0,1)) + q_B 1/B Σ_j G((y-w)(B-1)/(B-j))/G(T)]
//          + o H(x),   y = x - s(k)
// Sources: the corrected BATCH mixture (A. Ali et al., SC 2020; systems.md 2.3); Allen-Cunneen for the wait.
// Differs: a batch that waits for a server goes on filling, so its sizes are those of a delay of T plus the mean wait;
//   unlike machines are one pool; cold starts, launches and losses are left to the simulator.
// Weakest where batches form without a delay and the full-batch load is under 1: servers then fall into step, and p99 is
//   off by up to a factor of two either way.

import type { Configuration, Load, Objective, PerformanceModel, Prediction } from "../core/index.ts";
import { mapDispersion } from "../math/index.ts";
import { type BatchFormation, batchFormation } from "./batch-formation.ts";
import { Hosts, knobNumber, type ModelPlan, type ServerGroup } from "./hosts.ts";
import { type LatencyDistribution, latencyMixture } from "./latency-mixture.ts";
import { loadMap } from "./load-map.ts";
import { type Waiting, waiting } from "./waiting.ts";

/** A stable system is reported as overloaded from here on: the mean wait says nothing useful beyond. */
const FULL = 0.999;

/** How near the delay that forms batches comes to the one it leads to, over delay and service time. */
const FIXED_POINT = 1e-3;

/** Batches and waiting that agree with each other. */
interface Operation {
  readonly formation: BatchFormation;
  readonly wait: Waiting;
  /** Mean service time over requests' batches, in s. */
  readonly serviceS: number;
}

interface Pool {
  readonly servers: number;
  /** In s. */
  serviceS(batch: number): number;
  /** Squared coefficient of variation over unlike servers. */
  scv(batch: number): number;
}

function poolOf(groups: readonly ServerGroup[], scale: number): Pool {
  const servers = groups.reduce((sum, group) => sum + group.servers, 0);
  const rates = (batch: number): number =>
    groups.reduce((sum, group) => sum + group.servers / (scale * group.serviceS(batch)), 0);
  const [only] = groups;
  if (groups.length === 1 && only !== undefined) {
    return { servers, serviceS: (batch) => scale * only.serviceS(batch), scv: () => 0 };
  }
  return {
    servers,
    serviceS: (batch) => (servers === 0 ? 0 : servers / rates(batch)),
    scv(batch) {
      const mean = servers / rates(batch);
      const second =
        groups.reduce((sum, group) => sum + group.servers * scale * group.serviceS(batch), 0) / rates(batch);
      return Math.max(0, second / (mean * mean) - 1);
    },
  };
}

function meanOver(formation: BatchFormation, of: (batch: number) => number): number {
  let sum = 0;
  formation.sizes.forEach((probability, batch) => {
    if (probability > 1e-12) sum += probability * of(batch);
  });
  return sum;
}

/** Sizes and waits that fit each other: the delay that forms batches is T plus the mean wait it leads to. */
function operate(pool: Pool, load: Load, maxBatch: number, delayS: number, patienceS: number): Operation {
  const rate = load.rateRps;
  const map = maxBatch === 1 ? null : loadMap(load);
  /** While the delay is sought, counts of the process's dispersion stand for the process. */
  const similar: Load = map === null ? load : { rateRps: rate, scv: mapDispersion(map, Math.max(delayS, 1 / rate)) };
  const at = (formingS: number, exactly = map === null): Operation => {
    const formation = batchFormation(exactly ? load : similar, maxBatch, formingS);
    const serviceS = meanOver(formation, pool.serviceS);
    const spread = serviceS > 0 ? meanOver(formation, (k) => pool.serviceS(k) ** 2) / serviceS ** 2 - 1 : 0;
    const serviceScv = Math.max(0, spread) + pool.scv(Math.max(1, Math.round(formation.meanSize)));
    const arrivalScv = (load.scv ?? 1) / formation.meanSize;
    const wait = waiting({
      servers: pool.servers,
      serviceS,
      rateRps: rate / formation.meanSize,
      variability: (arrivalScv + serviceScv) / 2,
      patienceS,
    });
    return { formation, wait, serviceS };
  };
  const first = at(delayS);
  const idle = first.wait.stable && first.wait.meanS < 1e-6 * (delayS + first.serviceS);
  if (maxBatch === 1 || rate === 0 || idle) return map === null ? first : at(delayS, true);
  let low = delayS;
  let high = delayS + (4 * maxBatch + 40) / rate;
  const excess = (operation: Operation, formingS: number): number => delayS + operation.wait.meanS - formingS;
  if (!(excess(at(high), high) < 0)) return at(high, true);
  while (high - low > FIXED_POINT * (delayS + first.serviceS)) {
    const middle = (low + high) / 2;
    if (excess(at(middle), middle) > 0) low = middle;
    else high = middle;
  }
  return at(high, true);
}

class ClosedFormModel implements PerformanceModel {
  readonly name = "closed-form";
  readonly #hosts: Hosts;
  readonly #objective: Objective;
  readonly #capacities = new Map<string, number>();

  constructor(plan: ModelPlan, objective: Objective) {
    this.#hosts = new Hosts(plan);
    this.#objective = objective;
  }

  serviceMs(host: string, configuration: Configuration, batchSize: number): number {
    return this.#hosts.serviceMs(host, configuration, batchSize);
  }

  capacityRps(host: string, configuration: Configuration): number {
    const c = configuration;
    const key = `${host}|${c["maxBatchSize"]}|${c["maxBatchDelayMs"]}|${c["concurrency"]}|${c["intraOpThreads"]}|${c["interOpThreads"]}|${c["tensorParallel"]}|${c["functionMemoryMb"]}|${c["functionBatchSize"]}`;
    const kept = this.#capacities.get(key);
    if (kept !== undefined) return kept;
    const capacity = this.#capacity(host, configuration);
    this.#capacities.set(key, capacity);
    return capacity;
  }

  #capacity(host: string, configuration: Configuration): number {
    const called = host === "function";
    const batchKnob = called && configuration["functionBatchSize"] !== undefined ? "functionBatchSize" : "maxBatchSize";
    const largest = knobNumber(configuration, batchKnob, 1);
    const slots = called ? (this.#hosts.plan.function?.type.concurrencyLimit ?? 0) : this.#hosts.slots(configuration);
    const delayMs = knobNumber(configuration, "maxBatchDelayMs", 0);
    const [slo] = this.#objective.slo;
    let best = 0;
    for (let batch = 1; batch <= largest; batch++) {
      const serviceMs = this.serviceMs(host, configuration, batch);
      const waitedMs = batch > 1 ? delayMs : 0;
      if (serviceMs + waitedMs <= slo.latencyMs) best = Math.max(best, (1000 * slots * batch) / serviceMs);
    }
    return best;
  }

  predict(configuration: Configuration, load: Load, slowdown = 0): Prediction {
    const hosts = this.#hosts;
    const scale = Math.exp(slowdown);
    const groups = hosts.groups(configuration);
    const delayS = knobNumber(configuration, "maxBatchDelayMs", 0) / 1000;
    const functionsAlone = hosts.plan.host === null && hosts.plan.pools.length === 0 && hosts.plan.function !== null;
    if (functionsAlone) return this.#functionsAlone(configuration, load, scale, delayS);

    const called = hosts.plan.function;
    const thresholdMs = knobNumber(configuration, "offloadThresholdMs", Number.POSITIVE_INFINITY);
    const patienceS = called === null ? Number.POSITIVE_INFINITY : thresholdMs / 1000;
    const maxBatch = knobNumber(configuration, "maxBatchSize", 1);
    const pool = poolOf(groups, scale);
    const { formation, wait, serviceS } = operate(pool, load, maxBatch, delayS, patienceS);
    const committed = hosts.committedUsdPerHour(configuration);
    if (!wait.stable || (patienceS === Number.POSITIVE_INFINITY && wait.utilization > FULL)) {
      return this.#overloaded(pool, load, maxBatch, delayS, committed);
    }
    const offloaded = load.rateRps > 0 ? wait.balked : 0;
    const functionMs = called === null ? 0 : scale * hosts.serviceMs("function", configuration, 1);
    const latency = latencyMixture({
      formation,
      maxBatch,
      delayS,
      wait,
      serviceS: pool.serviceS,
      offloaded,
      functionS: functionMs / 1000,
      late: { share: called?.late.share ?? 0, extraS: (called?.late.extraMs ?? 0) / 1000 },
    });
    const functionUsd = offloaded * load.rateRps * 3600 * hosts.callUsd(configuration, functionMs);
    return {
      ...this.#latencies(latency),
      stable: true,
      utilization: serviceS > 0 ? wait.utilization : 0,
      meanBatchSize: formation.meanSize,
      offloadedShare: offloaded,
      costUsdPerHour: committed + functionUsd,
    };
  }

  #latencies(
    latency: LatencyDistribution,
  ): Pick<Prediction, "meanMs" | "p50Ms" | "p95Ms" | "p99Ms" | "objectiveMs" | "missRatio"> {
    const [slo] = this.#objective.slo;
    return {
      meanMs: 1000 * latency.meanS,
      p50Ms: 1000 * latency.quantileS(0.5),
      p95Ms: 1000 * latency.quantileS(0.95),
      p99Ms: 1000 * latency.quantileS(0.99),
      objectiveMs: 1000 * latency.quantileS(slo.percentile),
      missRatio: Math.max(0, 1 - latency.cumulative(slo.latencyMs / 1000)),
    };
  }

  /** Grows with the missing capacity, up to 20 SLOs, so that searches see which way is less bad. */
  #overloaded(pool: Pool, load: Load, maxBatch: number, delayS: number, costUsdPerHour: number): Prediction {
    const [slo] = this.#objective.slo;
    const serviceS = pool.servers > 0 ? pool.serviceS(maxBatch) : slo.latencyMs / 1000;
    const full = pool.servers > 0 ? (load.rateRps * serviceS) / (pool.servers * maxBatch) : Number.POSITIVE_INFINITY;
    const latencyMs = 1000 * (serviceS + delayS) + 20 * slo.latencyMs * Math.min(1, Math.max(0, full - 1) + 0.2);
    return {
      stable: false,
      meanMs: latencyMs,
      p50Ms: latencyMs,
      p95Ms: latencyMs,
      p99Ms: latencyMs,
      objectiveMs: latencyMs,
      missRatio: 1,
      utilization: 1,
      meanBatchSize: maxBatch,
      offloadedShare: 0,
      costUsdPerHour,
    };
  }

  /** A buffer in front of a function service: no batch waits for a server. */
  #functionsAlone(configuration: Configuration, load: Load, scale: number, delayS: number): Prediction {
    const hosts = this.#hosts;
    const largest = knobNumber(configuration, "maxBatchSize", 1);
    const maxBatch = knobNumber(configuration, "functionBatchSize", largest);
    const serviceMs = (batch: number): number => scale * hosts.serviceMs("function", configuration, batch);
    const formation = batchFormation(load, maxBatch, delayS);
    const late = hosts.plan.function?.late;
    const latency = latencyMixture({
      formation,
      maxBatch,
      delayS,
      wait: null,
      serviceS: (batch) => serviceMs(batch) / 1000,
      offloaded: 0,
      functionS: 0,
      late: { share: 0, extraS: 0 },
      everyLate: { share: late?.share ?? 0, extraS: (late?.extraMs ?? 0) / 1000 },
    });
    const batchesPerS = load.rateRps / formation.meanSize;
    const meanCallUsd = meanOver(formation, (batch) => hosts.callUsd(configuration, serviceMs(batch)));
    const busy = (batchesPerS * meanOver(formation, serviceMs)) / 1000;
    const limit = hosts.plan.function?.type.concurrencyLimit ?? Number.POSITIVE_INFINITY;
    return {
      ...this.#latencies(latency),
      stable: busy < limit,
      utilization: Math.min(1, busy / limit),
      meanBatchSize: formation.meanSize,
      offloadedShare: 1,
      costUsdPerHour: batchesPerS * 3600 * meanCallUsd,
    };
  }
}

/** The closed-form model of a scenario; `plan` may hold more than it reads, and it never reads the hidden reality. */
export function closedFormModel(plan: ModelPlan, objective: Objective): PerformanceModel {
  return new ClosedFormModel(plan, objective);
}
