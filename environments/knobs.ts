// From a scenario's `knobs` block to knobs with actuation, and to the mask of what cannot run.

import type { ActuationClass, Catalogue, Configuration, Knob, KnobValue, Limits } from "../src/core/index.ts";

interface Actuation {
  readonly class: ActuationClass;
  readonly delayS: number;
  readonly decideEveryS: number;
}

/**
 * How a serving stack turns each knob where the scenario does not say. Batching and offload live in the
 * gateway; a reload loads the model beside the old one (Triton's load API); a restart takes a model
 * instance out; machines take their own launch delay on top of the delay here.
 */
const actuations: Readonly<Record<string, Actuation>> = {
  maxBatchSize: { class: "hot", delayS: 0, decideEveryS: 0 },
  maxBatchDelayMs: { class: "hot", delayS: 0, decideEveryS: 0 },
  offloadThresholdMs: { class: "hot", delayS: 0, decideEveryS: 0 },
  functionBatchSize: { class: "hot", delayS: 0, decideEveryS: 0 },
  functionMemoryMb: { class: "reload", delayS: 10, decideEveryS: 60 },
  concurrency: { class: "reload", delayS: 10, decideEveryS: 60 },
  modelVariant: { class: "reload", delayS: 30, decideEveryS: 300 },
  intraOpThreads: { class: "restart", delayS: 20, decideEveryS: 120 },
  interOpThreads: { class: "restart", delayS: 20, decideEveryS: 120 },
  tensorParallel: { class: "restart", delayS: 120, decideEveryS: 600 },
  maxNumSeqs: { class: "restart", delayS: 60, decideEveryS: 300 },
  instanceType: { class: "provision", delayS: 0, decideEveryS: 600 },
  replicas: { class: "provision", delayS: 0, decideEveryS: 0 },
};

const machines: Actuation = { class: "provision", delayS: 0, decideEveryS: 0 };

/** A scenario's own word on how a knob is turned; absent fields keep the default. */
export interface ActuationOverride {
  readonly class?: ActuationClass | undefined;
  readonly delayS?: number | undefined;
  readonly decideEveryS?: number | undefined;
}

/** Whether a name is one of the fixed knob names, or counts machines of a type. */
export function isKnobName(name: string): boolean {
  return name in actuations || /^instances\..+\.(onDemand|spot)$/.test(name);
}

/** The fixed knob names, for error messages. */
export const knobNames: readonly string[] = [
  ...Object.keys(actuations),
  "instances.<type>.onDemand",
  "instances.<type>.spot",
];

/** The knobs of a scenario, in the order it lists them. */
export function resolveKnobs(
  values: Readonly<Record<string, readonly KnobValue[]>>,
  overrides: Readonly<Record<string, ActuationOverride>>,
): Knob[] {
  return Object.entries(values).map(([name, list]) => {
    const standard = actuations[name] ?? machines;
    const own = overrides[name];
    return {
      name,
      values: list,
      actuation: own?.class ?? standard.class,
      actuationDelayS: own?.delayS ?? standard.delayS,
      decideEveryS: own?.decideEveryS ?? standard.decideEveryS,
    };
  });
}

/** Model instances may ask for this many times the cores before a configuration counts as unable to run. */
const OVERSUBSCRIPTION_LIMIT = 1.25;

function numeric(configuration: Configuration, name: string): number | null {
  const value = configuration[name];
  return typeof value === "number" ? value : null;
}

/** Batch 1 never waits for company: of its delays only the shortest is a configuration of its own. */
function delayWithoutBatch(knobs: readonly Knob[], configuration: Configuration): boolean {
  const delay = numeric(configuration, "maxBatchDelayMs");
  const batch = numeric(configuration, "maxBatchSize") ?? numeric(configuration, "functionBatchSize");
  if (delay === null || batch !== 1) return false;
  const delays = knobs.find((knob) => knob.name === "maxBatchDelayMs")?.values ?? [];
  return delay !== delays[0];
}

function rented(catalogue: Catalogue, configuration: Configuration): { gpus: number; vcpus: number } {
  const total = { gpus: 0, vcpus: 0 };
  for (const type of catalogue.instances) {
    let machinesOfType =
      (numeric(configuration, `instances.${type.name}.onDemand`) ?? 0) +
      (numeric(configuration, `instances.${type.name}.spot`) ?? 0);
    if (configuration["instanceType"] === type.name) {
      machinesOfType += (numeric(configuration, "replicas") ?? 0) * (numeric(configuration, "tensorParallel") ?? 1);
    }
    total.gpus += machinesOfType * type.gpus;
    total.vcpus += machinesOfType * type.vcpus;
  }
  return total;
}

/** What can run: within limits, cores not oversubscribed beyond 1.25, no delay where the batch is 1. */
export function allowedBy(
  knobs: readonly Knob[],
  catalogue: Catalogue,
  hostCores: number | null,
  limits: Limits,
): (configuration: Configuration) => boolean {
  const gpuLimit = limits.gpus ?? Number.POSITIVE_INFINITY;
  const vcpuLimit = limits.vcpus ?? Number.POSITIVE_INFINITY;
  return (configuration) => {
    if (delayWithoutBatch(knobs, configuration)) return false;
    const threads = numeric(configuration, "intraOpThreads");
    const concurrency = numeric(configuration, "concurrency");
    if (hostCores !== null && threads !== null && concurrency !== null) {
      if (threads * concurrency > OVERSUBSCRIPTION_LIMIT * hostCores) return false;
    }
    const { gpus, vcpus } = rented(catalogue, configuration);
    return gpus <= gpuLimit && vcpus <= vcpuLimit;
  };
}
