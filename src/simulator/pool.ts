// A pool as the fleet sees it: machines of one type, or the single machine of a host plan.

import type { BillingRule, DurationSpec } from "../core/index.ts";
import type { Hosts } from "./hosts.ts";
import type { CapacityTrace, SimulationPlan } from "./plan.ts";
import { type HostSettings, type Machine, threadsOf } from "./service-times.ts";

/** What the fleet needs to know of a type of machine. */
export interface Pool {
  readonly name: string;
  readonly machine: Machine;
  readonly vcpus: number;
  readonly gpus: number;
  readonly launchS: DurationSpec;
  readonly billing: BillingRule;
  readonly spotInterruptionsPerHour: number;
  readonly quota: number;
  readonly onDemandCapacity: CapacityTrace;
  readonly spotCapacity: CapacityTrace;
  /** Null for throughput. */
  readonly weight: number | null;
  /** Price of one machine; market 0 is on demand, 1 spot. */
  usdPerS(settings: HostSettings, market: number): number;
}

/** The pools of a plan; a host plan is a pool of one machine that is always there. */
export function poolsOf(plan: SimulationPlan): Pool[] {
  if (plan.host !== null) {
    const { cores, profile, usdPerCoreHour, usdPerModelInstanceHour } = plan.host;
    const machine: Machine = { profile, cores, accelerated: false };
    return [
      {
        name: "host",
        machine,
        vcpus: cores,
        gpus: 0,
        launchS: { constant: 0 },
        billing: { incrementS: 0, minimumS: 0, launchBilled: false },
        spotInterruptionsPerHour: 0,
        quota: Number.POSITIVE_INFINITY,
        onDemandCapacity: [],
        spotCapacity: [],
        weight: null,
        usdPerS: (settings) => {
          const threads = threadsOf(machine, settings) * settings.interOpThreads;
          return (settings.concurrency * (threads * usdPerCoreHour + usdPerModelInstanceHour)) / 3600;
        },
      },
    ];
  }
  return plan.pools.map(({ type, profile, quota, onDemandCapacity, spotCapacity, weight }) => {
    const accelerated = type.gpus > 0;
    return {
      name: type.name,
      machine: { profile, cores: accelerated ? type.gpus : type.vcpus, accelerated },
      vcpus: type.vcpus,
      gpus: type.gpus,
      launchS: type.launchS,
      billing: type.billing,
      spotInterruptionsPerHour: type.spotInterruptionsPerHour,
      quota: quota ?? Number.POSITIVE_INFINITY,
      onDemandCapacity: onDemandCapacity ?? [],
      spotCapacity: spotCapacity ?? [],
      weight: weight ?? null,
      usdPerS: (_, market) => (type.usdPerHour * (market === 1 ? (type.spotPriceRatio ?? 1) : 1)) / 3600,
    };
  });
}

/** Machines a market can give at a moment. */
export function capacityAt(trace: CapacityTrace, timeS: number): number {
  let machines = Number.POSITIVE_INFINITY;
  for (const step of trace) {
    if (step.fromS > timeS) break;
    machines = step.machines;
  }
  return machines;
}

/** A launch that is asked for. */
export interface LaunchRequest {
  readonly hosts: Hosts;
  readonly pools: readonly Pool[];
  readonly quotas: { readonly vcpus?: number; readonly gpus?: number };
  readonly pool: number;
  readonly market: number;
  /** Machines rented together. */
  readonly units: number;
  readonly timeS: number;
}

/** Whether quotas and the market leave room for a launch. */
export function roomFor({ hosts, pools, quotas, pool, market, units, timeS }: LaunchRequest): boolean {
  const type = pools[pool];
  if (type === undefined) return false;
  const used = { type: units, market: units, vcpus: units * type.vcpus, gpus: units * type.gpus };
  for (const host of hosts.select(() => true)) {
    const machines = hosts.units[host] ?? 1;
    const other = pools[hosts.pool[host] ?? 0];
    used.vcpus += machines * (other?.vcpus ?? 0);
    used.gpus += machines * (other?.gpus ?? 0);
    if (hosts.pool[host] !== pool) continue;
    used.type += machines;
    if (hosts.market[host] === market) used.market += machines;
  }
  const capacity = capacityAt(market === 1 ? type.spotCapacity : type.onDemandCapacity, timeS);
  const { vcpus = Number.POSITIVE_INFINITY, gpus = Number.POSITIVE_INFINITY } = quotas;
  return used.type <= type.quota && used.market <= capacity && used.vcpus <= vcpus && used.gpus <= gpus;
}
