// Sight: an observation as a network sees it, features and, where it is recurrent, the latest windows.

import type { AgentContext, ClusterState, PolicyFeature } from "../src/core/index.ts";
import { featureValues, networkFeatures, seen } from "./network-features.ts";
import { sequenceSeen, windowFeatures } from "./network-sequence.ts";

/** What a network sees of an observation. */
export interface Sight {
  /** Shape [features]. */
  readonly features: Float64Array;
  /** Shape [steps, features of a step]; empty where the network is not recurrent. */
  readonly sequence: Float64Array;
}

/** Turns observations of one scenario into what networks see. */
export class Eyes {
  readonly features: readonly PolicyFeature[];
  readonly sequence: readonly PolicyFeature[];
  /** Length of the sequence; 0 for none. */
  readonly steps: number;
  readonly #context: AgentContext;

  constructor(context: AgentContext, steps: number) {
    this.features = networkFeatures(context);
    this.sequence = steps === 0 ? [] : windowFeatures(context);
    this.#context = context;
    this.steps = steps;
  }

  see(observation: ClusterState): Sight {
    const { space } = this.#context;
    const values = featureValues(space, observation);
    return {
      features: Float64Array.from(this.features, (feature, i) => seen(feature, values[i] ?? 0)),
      sequence: sequenceSeen(this.sequence, this.steps, space, observation),
    };
  }
}
