// Environments by name: the scenarios that ship, opened and wrapped.

export { ClusterEnvironment, type ClusterEnvironmentOptions } from "./cluster-environment.ts";
export {
  checkCluster,
  isSimulated,
  type LoadedCluster,
  listClusterFiles,
  loadCluster,
  modeIssues,
} from "./cluster-file.ts";
export { type ClusterFile, clusterFileSchema, type SimulatedFile, simulatedFileSchema } from "./cluster-schema.ts";
export { isKnobName, knobNames } from "./knobs.ts";
export { type ObservationFeature, ObservationSpace, UNKNOWN } from "./observation-space.ts";
export { openAdapter, openCluster, openLease, type Reach } from "./open-cluster.ts";
export {
  isScenario,
  type OpenScenario,
  openScenario,
  simulatedCluster,
  simulatedEnvironment,
  withoutWarmup,
} from "./open-scenario.ts";
export { agentContext, environmentId, type OpenOptions, type TuningTask } from "./open-task.ts";
export { checkScenario, type LoadedScenario, listScenarios, loadScenario, scenarioFolder } from "./scenario-file.ts";
export { scenarioReference, unexplainedKeys } from "./scenario-reference.ts";
export { type Scenario, scenarioSchema } from "./scenario-schema.ts";
export { openTaskSource, type TaskSource } from "./task-source.ts";
