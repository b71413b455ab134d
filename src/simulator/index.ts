// The discrete-event simulator of a serving cluster.

export type {
  BufferPlan,
  CapacityTrace,
  FailurePlan,
  FunctionPlan,
  HostPlan,
  ObservationPlan,
  PoolPlan,
  Reality,
  RequestClass,
  Routing,
  SimulationPlan,
  TelemetryPlan,
} from "./plan.ts";
export type { HourScore } from "./score.ts";
export { contention, type HostSettings, type Machine, type ServiceTable, serviceTable } from "./service-times.ts";
export { type SimulatedModelOptions, simulatedModel } from "./simulated-model.ts";
export { Simulator } from "./simulator.ts";
export type { SimulationTotals } from "./totals.ts";
