// Environments by name: the scenarios that ship, opened and wrapped.

export { ClusterEnvironment, type ClusterEnvironmentOptions } from "./cluster-environment.ts";
export { isKnobName, knobNames } from "./knobs.ts";
export { type ObservationFeature, ObservationSpace, UNKNOWN } from "./observation-space.ts";
export {
  agentContext,
  environmentId,
  type OpenOptions,
  type OpenScenario,
  openScenario,
  simulatedCluster,
  simulatedEnvironment,
  withoutWarmup,
} from "./open-scenario.ts";
export { rewardOf } from "./reward.ts";
export { checkScenario, type LoadedScenario, listScenarios, loadScenario, scenarioFolder } from "./scenario-file.ts";
export { type Scenario, scenarioSchema } from "./scenario-schema.ts";
