// What fleet agents are made from in tests: a reference context of the benchmark.

import { join } from "node:path";
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
