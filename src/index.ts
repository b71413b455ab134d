// The library: environments, agents, optimizers, training and export, for programs of your own.

export { agents, createAgent, findAgent } from "../agents/index.ts";
export {
  agentContext,
  environmentId,
  listScenarios,
  loadScenario,
  type OpenScenario,
  openScenario,
  simulatedCluster,
  simulatedEnvironment,
} from "../environments/index.ts";
export * from "./core/index.ts";
export { exporters, exportPolicy, findExporter, loadPolicyJson, packagePolicy } from "./export/index.ts";
export { applyGuards, guards } from "./guards/index.ts";
export { SeededRandom } from "./math/index.ts";
export { createOptimizer, optimizers } from "./optimizers/index.ts";
export { knobLattice } from "./spaces/index.ts";
export { type Checkpoint, readCheckpoint, writeCheckpoint } from "./store/index.ts";
export { evaluate, runEpisode, train } from "./training/index.ts";
