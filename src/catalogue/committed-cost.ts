// What a configuration costs per hour when every machine it asks for is ready and nothing is offloaded.

import type { Catalogue, Configuration } from "../core/index.ts";

/** A single machine instead of rented ones: what its cores and model instances cost. */
export interface HostPrice {
  readonly usdPerCoreHour: number;
  readonly usdPerModelInstanceHour: number;
}

function count(configuration: Configuration, knob: string, fallback: number): number {
  const value = configuration[knob];
  return typeof value === "number" ? value : fallback;
}

function hostUsdPerHour(host: HostPrice, configuration: Configuration): number {
  const instances = count(configuration, "concurrency", 1);
  return instances * (count(configuration, "intraOpThreads", 1) * host.usdPerCoreHour + host.usdPerModelInstanceHour);
}

/**
 * The hourly cost a configuration commits to: machines only, since functions cost nothing until called.
 * A replica with `tensorParallel` rents that many units of its type.
 */
export function committedUsdPerHour(
  catalogue: Catalogue,
  host: HostPrice | null,
  configuration: Configuration,
): number {
  if (host !== null) return hostUsdPerHour(host, configuration);
  let usdPerHour = 0;
  for (const type of catalogue.instances) {
    usdPerHour += count(configuration, `instances.${type.name}.onDemand`, 0) * type.usdPerHour;
    usdPerHour += count(configuration, `instances.${type.name}.spot`, 0) * type.usdPerHour * (type.spotPriceRatio ?? 1);
    if (configuration["instanceType"] === type.name) {
      usdPerHour += count(configuration, "replicas", 0) * count(configuration, "tensorParallel", 1) * type.usdPerHour;
    }
  }
  return usdPerHour;
}
