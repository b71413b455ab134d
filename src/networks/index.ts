// Networks as plain arrays, and their training by TensorFlow.js in a worker.

export { type Backend, type BackendChoice, backendOf, backendSchema, TENSORFLOW_VERSION } from "./backend.ts";
export { initialNetwork, type NetworkShape, type SequenceShape } from "./initial-network.ts";
export {
  type Activation,
  compile,
  type DenseLayer,
  type Forward,
  type Network,
  outputsOf,
  type RecurrentLayer,
} from "./network.ts";
export { floatsFromText, floatsToText, networkFromJson, networkJson, networkSchema } from "./network-json.ts";
export { coefficientsOf, ordinalBasis } from "./ordinal-basis.ts";
export { freshAdam, parametersOf, rescaled } from "./parameters.ts";
export { type BackendProbe, probeBackend } from "./probe.ts";
export { sharedTrainer, Trainer } from "./trainer.ts";
export type { AdamState, LossSpec, NetworkPair, Samples, TrainingJob, TrainingOutcome } from "./training-job.ts";
