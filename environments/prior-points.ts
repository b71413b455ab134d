// The profiled points an agent's prior may see: a handful per host, never the whole surface.

import { type Catalogue, ConfigError, type ProfilePoint } from "../src/core/index.ts";
import type { ServicePoint, ServiceProfile } from "../src/profiles/index.ts";
import type { Scenario } from "./scenario-schema.ts";

/** What of a scenario or cluster file the points come from. */
export type PriorKeys = Pick<Scenario, "name" | "models" | "prior" | "host" | "function">;

/** Batches at which a host is profiled where the scenario names no points. */
const DEFAULT_BATCHES = [1, 8, 32];

function points(
  host: string,
  profile: ServiceProfile,
  settings: readonly Omit<ServicePoint, "batch">[],
): ProfilePoint[] {
  return settings.flatMap((setting) =>
    DEFAULT_BATCHES.map((batch) => ({ host, ...setting, batch, serviceMs: profile.serviceMs({ ...setting, batch }) })),
  );
}

/** The scenario's own points (measured by the profile where they give no time), or three batch sizes at the extremes of each host's threads, memory or parallelism. */
export function profilePointsOf(
  file: PriorKeys,
  profiles: ReadonlyMap<string, ServiceProfile>,
  catalogue: Catalogue,
): ProfilePoint[] {
  const [firstHost = "host"] = Object.keys(file.models[0]?.profiles ?? {});
  if (file.prior !== undefined) {
    return file.prior.points.map(({ host = firstHost, batch, serviceMs, intraOpThreads, tensorParallel, memoryMb }) => {
      const setting = {
        ...(intraOpThreads === undefined ? {} : { intraOpThreads }),
        ...(tensorParallel === undefined ? {} : { tensorParallel }),
        ...(memoryMb === undefined ? {} : { memoryMb }),
      };
      const measuredMs = serviceMs ?? profiles.get(host)?.serviceMs({ ...setting, batch });
      if (measuredMs === undefined) {
        throw new ConfigError(file.name, [
          { path: "prior.points.host", expected: [...profiles.keys()].join(", "), found: host },
        ]);
      }
      return { host, ...setting, batch, serviceMs: measuredMs };
    });
  }
  const found: ProfilePoint[] = [];
  for (const [key, profile] of profiles) {
    if (key === "host" && file.host !== undefined) {
      found.push(...points(key, profile, [{ intraOpThreads: 1 }, { intraOpThreads: file.host.cores }]));
    } else if (key === "function") {
      found.push(...points(key, profile, [{ memoryMb: file.function.memoryMb }]));
    } else {
      const types = catalogue.instances.filter((type) => type.name === key || type.name.startsWith(`${key}.`));
      for (const type of types) found.push(...points(type.name, profile, [{ intraOpThreads: type.vcpus }]));
    }
  }
  return found;
}
