// What fleet agents are made from in tests: a reference context of the benchmark.

import { join } from "node:path";
import type { FleetPoint } from "../../agents/fleet-lattice.ts";
import { agentContext, openScenario } from "../../environments/index.ts";
import type { AgentContext } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { createOptimizer } from "../../src/optimizers/index.ts";

/** @param name of a context that needs no data */
export async function contextOf(name: string, seed = 1): Promise<AgentContext> {
  const file = join(__dirname, "..", "..", "bench", "contexts", `${name}.yaml`);
  const open = await openScenario(file, { dataFolder: null });
  return agentContext(open, new SeededRandom(seed).split("agent"), seed, createOptimizer("mark"));
}

/** A point of a fleet's lattice: plain mixed at the longest wait, but for what is changed. */
export function fleetPoint(changes: Pick<FleetPoint, "kind"> & Partial<FleetPoint>): FleetPoint {
  return { rule: "mixed", margin: 0, reserve: 0, holdS: 120, waitMs: 250, spotShare: 1, ...changes };
}
