// What may happen to a cluster that was tuned: its load grows, it becomes slower, or a knob turns the other way round.
//
// heavier   the arrivals of the scenario beside it whose name ends in -heavy in place of -light
// slower    every service time × 1.5
// reversed  the service time at a value of the machine's main knob is that at the value as far from the other end

import type { OpenScenario } from "../../environments/index.ts";
import { ConfigError, type Knob } from "../core/index.ts";
import type { ServicePoint, ServiceProfile } from "../profiles/index.ts";

/** Names of the changes. */
export const searchChanges = ["heavier", "slower", "reversed"] as const;

/** One of the changes. */
export type SearchChange = (typeof searchChanges)[number];

/** How much slower `slower` is. */
const SLOWER = 1.5;

/** The knob `reversed` turns round, the first of these that has several values, and its field of a service point. */
const MAIN_KNOBS = [
  ["intraOpThreads", "intraOpThreads"],
  ["tensorParallel", "tensorParallel"],
  ["functionMemoryMb", "memoryMb"],
] as const;

/** The scenario file whose load `heavier` goes to. @throws {ConfigError} for a file not named "…-light" */
export function heavierFile(path: string): string {
  const heavier = path.replace(/-light(\.ya?ml)$/, "-heavy$1");
  if (heavier === path) {
    throw new ConfigError("change heavier", [
      { path: "problem", expected: "a scenario file whose name ends in -light", found: path },
    ]);
  }
  return heavier;
}

function withProfiles(open: OpenScenario, change: (profile: ServiceProfile) => ServiceProfile): OpenScenario {
  const { host, pools, function: calls } = open.plan;
  const plan = {
    ...open.plan,
    host: host === null ? null : { ...host, profile: change(host.profile) },
    pools: pools.map((pool) => ({ ...pool, profile: change(pool.profile) })),
    function: calls === null ? null : { ...calls, profile: change(calls.profile) },
  };
  return { ...open, plan };
}

function mirrored(knob: Knob, field: (typeof MAIN_KNOBS)[number][1]): (profile: ServiceProfile) => ServiceProfile {
  const opposite = (value: number): number => {
    const at = knob.values.indexOf(value);
    return Number(at < 0 ? value : knob.values[knob.values.length - 1 - at]);
  };
  return (profile) => ({
    name: profile.name,
    serviceMs: (point: ServicePoint) => {
      const value = point[field];
      return profile.serviceMs(value === undefined ? point : { ...point, [field]: opposite(value) });
    },
  });
}

function sameLattice(a: OpenScenario, b: OpenScenario): boolean {
  return JSON.stringify(a.lattice.knobs) === JSON.stringify(b.lattice.knobs);
}

/**
 * The scenario after a change.
 * @param heavier the scenario `heavier` goes to
 * @throws {ConfigError} when the scenario has nothing to reverse, or the heavier one other knobs or another SLO
 */
export function changedScenario(open: OpenScenario, change: SearchChange, heavier: OpenScenario | null): OpenScenario {
  const renamed = { ...open, scenario: { ...open.scenario, name: `${open.scenario.name}-${change}` } };
  switch (change) {
    case "heavier": {
      if (heavier === null) throw new RangeError("change heavier: expected the scenario to go to, found none");
      const fits = sameLattice(open, heavier) && open.objective.slo[0].latencyMs === heavier.objective.slo[0].latencyMs;
      if (!fits) {
        const expected = `the knobs and the SLO of ${open.scenario.name}`;
        throw new ConfigError("change heavier", [{ path: heavier.scenario.name, expected, found: "others" }]);
      }
      return heavier;
    }
    case "slower":
      return withProfiles(renamed, (profile) => ({
        name: profile.name,
        serviceMs: (point) => SLOWER * profile.serviceMs(point),
      }));
    case "reversed": {
      for (const [name, field] of MAIN_KNOBS) {
        const knob = open.lattice.knobs.find((one) => one.name === name && one.values.length > 1);
        if (knob !== undefined) return withProfiles(renamed, mirrored(knob, field));
      }
      const expected = `one of ${MAIN_KNOBS.map(([name]) => name).join(", ")}`;
      throw new ConfigError("change reversed", [{ path: `${open.scenario.name}.knobs`, expected, found: "none" }]);
    }
  }
}
