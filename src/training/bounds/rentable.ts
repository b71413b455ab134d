// What a bound may rent: each machine type as price, true saturation throughput and launch bill.

import type { DurationSpec } from "../../core/index.ts";
import type { PoolPlan, SimulationPlan } from "../../simulator/plan.ts";

/** A machine type as a bound sees it. */
export interface Rentable {
  readonly name: string;
  readonly typeName: string;
  /** The knob that counts them. */
  readonly knob: string;
  readonly usdPerS: number;
  /** Highest throughput at any batch the knobs allow, hidden slowdowns left out: an upper bound. */
  readonly capacityRps: number;
  /** Mean bill of a launch before the machine serves. */
  readonly launchUsd: number;
  readonly launchS: number;
  readonly maxCount: number;
}

/** A function as a bound sees it: what one more request costs there at best. */
export interface CallPrice {
  readonly usdPerRequest: number;
}

/** Mean of a duration in seconds. */
export function meanS(spec: DurationSpec): number {
  if ("constant" in spec) return spec.constant;
  if ("uniform" in spec) return (spec.uniform[0] + spec.uniform[1]) / 2;
  if ("exponential" in spec) return spec.exponential;
  return spec.lognormal.mean;
}

/** Longest a duration is expected to be: the end of a uniform one, else three times the mean. */
export function longestS(spec: DurationSpec): number {
  if ("constant" in spec) return spec.constant;
  if ("uniform" in spec) return spec.uniform[1];
  return 3 * meanS(spec);
}

function numbersOf(plan: SimulationPlan, knobName: string, fallback: number): number[] {
  const values = plan.knobs.find((knob) => knob.name === knobName)?.values ?? [plan.initial[knobName] ?? fallback];
  return values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
}

/**
 * @param full where given, batches are all of this size and must fit the first SLO, or the throughput is 0
 */
function bestThroughput(plan: SimulationPlan, pool: PoolPlan, full: number | null): number {
  const latestMs = full === null ? Math.max(...plan.slo.map((slo) => slo.latencyMs)) : plan.slo[0].latencyMs;
  const batches = full === null ? numbersOf(plan, "maxBatchSize", 1) : [full];
  const concurrencies = numbersOf(plan, "concurrency", 1);
  const ownThreads = plan.knobs.some((knob) => knob.name === "intraOpThreads")
    ? numbersOf(plan, "intraOpThreads", 1)
    : null;
  let best = 0;
  for (const concurrency of concurrencies) {
    for (const threads of ownThreads ?? [Math.max(1, pool.type.vcpus / concurrency)]) {
      for (const limit of batches) {
        for (let batch = full ?? 1; batch <= limit; batch++) {
          const serviceMs = pool.profile.serviceMs({ batch, intraOpThreads: threads });
          if ((batch > 1 || full !== null) && serviceMs > latestMs) break;
          best = Math.max(best, (1000 * concurrency * batch) / serviceMs);
        }
      }
    }
  }
  return best;
}

/** A machine type replaces another when as many as give its throughput are never dearer, to run or to launch. */
function dominates(a: Rentable, b: Rentable): boolean {
  const needed = Math.ceil(b.capacityRps / a.capacityRps - 1e-9);
  return needed * a.usdPerS <= b.usdPerS && needed * a.launchUsd <= b.launchUsd && a.maxCount >= needed * b.maxCount;
}

/** Batch limits the knobs allow, ascending. */
export function batchLimits(plan: SimulationPlan): number[] {
  return numbersOf(plan, "maxBatchSize", 1).sort((a, b) => a - b);
}

/**
 * The machine types the knobs can rent, dominated ones removed.
 * @param batch where given, what each gives at full batches of this size; types too slow for the first SLO are left out
 */
export function rentables(plan: SimulationPlan, batch: number | null = null): Rentable[] {
  const all = plan.pools.flatMap((pool) =>
    (["onDemand", "spot"] as const).flatMap((market) => {
      const knob = `instances.${pool.type.name}.${market}`;
      const maxCount = Math.max(0, ...numbersOf(plan, knob, 0));
      const capacityRps = bestThroughput(plan, pool, batch);
      if (maxCount === 0 || capacityRps === 0) return [];
      const priceRatio = market === "spot" ? (pool.type.spotPriceRatio ?? 1) : 1;
      const usdPerS = (pool.type.usdPerHour * priceRatio) / 3600;
      const launchS = meanS(pool.type.launchS);
      return [
        {
          name: market === "spot" ? `${pool.type.name} (spot)` : pool.type.name,
          typeName: pool.type.name,
          knob,
          usdPerS,
          capacityRps,
          launchUsd: pool.type.billing.launchBilled ? usdPerS * launchS : 0,
          launchS: longestS(pool.type.launchS),
          maxCount,
        },
      ];
    }),
  );
  return all.filter(
    (b) => !all.some((a) => a !== b && dominates(a, b) && !(dominates(b, a) && all.indexOf(b) < all.indexOf(a))),
  );
}

/** The cheapest a request can be served by the function at any memory and batch the knobs allow; null without one. */
export function callPrice(plan: SimulationPlan): CallPrice | null {
  if (plan.function === null) return null;
  const { type, profile } = plan.function;
  const memories = numbersOf(plan, "functionMemoryMb", plan.function.memoryMb);
  const batchLimit = Math.max(1, ...numbersOf(plan, "functionBatchSize", 1));
  let usdPerRequest = Number.POSITIVE_INFINITY;
  for (const memoryMb of memories) {
    for (let batch = 1; batch <= batchLimit; batch++) {
      const billedS = profile.serviceMs({ batch, memoryMb }) / 1000;
      usdPerRequest = Math.min(
        usdPerRequest,
        (billedS * (memoryMb / 1024) * type.usdPerGbS + type.usdPerRequest) / batch,
      );
    }
  }
  return { usdPerRequest };
}
