// What is asked of whoever trains networks: everything goes in, everything comes back, nothing is remembered.
//
// A job carries weights, moments and samples; so whoever does it may be replaced between any two jobs, and a training
// stopped and restored gives the same bytes.

import type { Network } from "./network.ts";

/** Moments of the Adam optimizer, one number per learnt weight. */
export interface AdamState {
  readonly steps: number;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/** Samples, column by column; every column has the same number of rows. */
export interface Samples {
  readonly rows: number;
  /** What the networks see, shape [rows, features]. */
  readonly features: Float32Array;
  /** What a recurrent network sees, shape [rows, steps · features of a step]; empty where none is. */
  readonly sequence: Float32Array;
  /** 1 for the value of each knob that was chosen, shape [rows, scores]. */
  readonly chosen: Float32Array;
  /** 1 for each value that was open, shape [rows, scores]; empty where the loss does not ask. */
  readonly open: Float32Array;
  /** What the value of the state, or of the choice, should be, shape [rows]. */
  readonly target: Float32Array;
  /** Advantage of the choice, shape [rows]; empty where the loss does not ask. */
  readonly advantage: Float32Array;
  /** Logarithm of the probability the choice was made with, shape [rows]; empty where the loss does not ask. */
  readonly logProbability: Float32Array;
}

/** What is minimised; each in its own file of `losses`. */
export type LossSpec =
  | { readonly name: "imitation"; readonly valueWeight: number }
  | {
      readonly name: "clipped-policy";
      readonly clip: number;
      readonly valueWeight: number;
      readonly entropyWeight: number;
      /** The job ends early when choices have become this much likelier or less likely, in mean; Infinity for never. */
      readonly largestDivergence: number;
    }
  | { readonly name: "q-learning" };

/** The networks of an agent: scores of each knob's values, and the value of the state. */
export interface NetworkPair {
  readonly scores: Network;
  readonly value: Network;
}

/** Gradient steps to take. */
export interface TrainingJob {
  readonly networks: NetworkPair;
  readonly adam: AdamState;
  /** Number of values of each knob. */
  readonly heads: readonly number[];
  readonly loss: LossSpec;
  readonly samples: Samples;
  /** Rows of each gradient step. */
  readonly batches: readonly Int32Array[];
  readonly learningRate: number;
  /** Gradients longer than this are shortened to it. */
  readonly largestGradient: number;
}

/** What the training came to. */
export interface TrainingOutcome {
  readonly networks: NetworkPair;
  readonly adam: AdamState;
  /** Gradient steps taken. */
  readonly steps: number;
  /** The last step's loss and its parts, by name. */
  readonly figures: Readonly<Record<string, number>>;
}
