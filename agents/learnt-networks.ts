// The two networks of an agent and what their training remembers: Adam's moments, and the unit values are learnt in.
//
// V(s) = m + σ·v(s), v the network, m and σ the mean and spread of the values it was shown last
// When they move, v's outputs are rescaled so that V stays what it was.
// Source: H. van Hasselt et al., "Learning values across many orders of magnitude", NeurIPS 2016 (Pop-Art).

import { z } from "zod";
import { type Json, type Random, toJson } from "../src/core/index.ts";
import {
  type AdamState,
  type Backend,
  type BackendChoice,
  backendSchema,
  coefficientsOf,
  compile,
  type Forward,
  floatsFromText,
  floatsToText,
  freshAdam,
  initialNetwork,
  type LossSpec,
  type NetworkPair,
  networkFromJson,
  networkJson,
  networkSchema,
  ordinalBasis,
  rescaled,
  type Samples,
  type SequenceShape,
  sharedTrainer,
} from "../src/networks/index.ts";
import type { Sight } from "./sight.ts";

/** Settings of every network agent. */
export const networkSettings = {
  /** Units of each of the two hidden layers. */
  hidden: z.number().int().min(1).max(1024).default(32),
  learningRate: z.number().positive().default(3e-3),
  /** Weight of the future; null for 0.9 where machines are launched, whose effect lasts, and 0 elsewhere. */
  discount: z.number().min(0).lt(1).nullable().default(null),
  /** Rows of a gradient step. */
  batch: z.number().int().positive().default(32),
  /** What trains: the native TensorFlow where it is installed, else WebAssembly; or one of them by name. */
  backend: backendSchema.default("auto"),
};

/** The settings of `networkSettings`, read. */
export type NetworkSettings = z.output<z.ZodObject<typeof networkSettings>>;

/** JSON form of networks at a moment. */
export const valuedNetworksSchema = z.strictObject({
  scores: networkSchema,
  value: networkSchema,
  mean: z.number(),
  spread: z.number().positive(),
});

/** JSON form of networks in training. */
export const learntNetworksSchema = valuedNetworksSchema.extend({
  adam: z.strictObject({ steps: z.number().int().nonnegative(), first: z.string(), second: z.string() }),
  valued: z.boolean(),
});

/** Gradients longer than this are shortened. */
const LARGEST_GRADIENT = 1;

/** Share of a new mean and spread of values that counts. */
const NEW_SHARE = 0.2;

/** Values closer together than this are not told apart. */
const LEAST_SPREAD = 1e-3;

/** What networks are made for. */
export interface NetworkPurpose {
  readonly features: number;
  /** Number of values of each knob. */
  readonly heads: readonly number[];
  readonly hidden: number;
  readonly sequence: SequenceShape | null;
  readonly learningRate: number;
  readonly backend: BackendChoice;
}

function fresh({ features, heads, hidden, sequence }: NetworkPurpose, random: Random): NetworkPair {
  const basis = ordinalBasis(heads);
  const outputs = Math.max(
    1,
    heads.reduce((sum, values) => sum + coefficientsOf(values), 0),
  );
  const shape = { inputs: features, hidden: [hidden, hidden], ...(sequence === null ? {} : { sequence }) };
  return {
    scores: initialNetwork({ ...shape, outputs, basis }, random.split("scores")),
    value: initialNetwork({ inputs: features, hidden: [hidden, hidden], outputs: 1 }, random.split("value")),
  };
}

/** Networks as they are at a moment, and the unit their values are in. */
export class ValuedNetworks {
  readonly networks: NetworkPair;
  readonly mean: number;
  readonly spread: number;
  readonly #scores: Forward;
  readonly #value: Forward;

  constructor(networks: NetworkPair, mean: number, spread: number) {
    this.networks = networks;
    this.mean = mean;
    this.spread = spread;
    this.#scores = compile(networks.scores);
    this.#value = compile(networks.value);
  }

  /** One score for each value of each knob, knob after knob; overwritten by the next question. */
  scores({ features, sequence }: Sight): Float64Array {
    return this.#scores(features, sequence);
  }

  /** V of a state, in rewards. */
  value({ features }: Sight): number {
    return this.mean + this.spread * (this.#value(features)[0] ?? 0);
  }

  /** Values as the value network learns them. */
  inUnits(values: ArrayLike<number>): Float32Array {
    return Float32Array.from(values, (value) => (value - this.mean) / this.spread);
  }

  save(): z.input<typeof valuedNetworksSchema> {
    const { scores, value } = this.networks;
    return { scores: networkJson(scores), value: networkJson(value), mean: this.mean, spread: this.spread };
  }

  /** What was saved. @throws {CheckpointError} when shapes do not fit each other */
  static restore({ scores, value, mean, spread }: z.output<typeof valuedNetworksSchema>): ValuedNetworks {
    return new ValuedNetworks({ scores: networkFromJson(scores), value: networkFromJson(value) }, mean, spread);
  }
}

/** Networks that are trained bit by bit. */
export class LearntNetworks {
  readonly #purpose: NetworkPurpose;
  #now: ValuedNetworks;
  #adam: AdamState;
  /** Whether values were ever shown. */
  #valued = false;

  constructor(purpose: NetworkPurpose, random: Random) {
    const networks = fresh(purpose, random);
    this.#purpose = purpose;
    this.#now = new ValuedNetworks(networks, 0, 1);
    this.#adam = freshAdam(networks);
  }

  /** As they are; training leaves it alone. */
  get now(): ValuedNetworks {
    return this.#now;
  }

  /** Gradient steps so far. */
  get steps(): number {
    return this.#adam.steps;
  }

  /** What trains, or would. */
  get backend(): Backend {
    return sharedTrainer(this.#purpose.backend).backend;
  }

  /**
   * Moves the unit of values towards that of new ones, leaving every value as it is.
   * @param scoresAreValues whether scores are differences of values, and are left as they are too
   */
  follow(values: ArrayLike<number>, scoresAreValues: boolean): void {
    if (values.length === 0) return;
    const { mean, spread } = meanAndSpread(values);
    const before = this.#now;
    const share = this.#valued ? NEW_SHARE : 1;
    const newMean = before.mean + share * (mean - before.mean);
    const newSpread = Math.max(LEAST_SPREAD, before.spread + share * (spread - before.spread));
    const { scores, value } = before.networks;
    const ratio = before.spread / newSpread;
    const kept = {
      scores: scoresAreValues ? rescaled(scores, ratio, 0) : scores,
      value: rescaled(value, ratio, (before.mean - newMean) / newSpread),
    };
    this.#now = new ValuedNetworks(this.#valued ? kept : before.networks, newMean, newSpread);
    this.#valued = true;
  }

  /** Takes gradient steps. @param batches rows of each @returns figures of the last step */
  fit(loss: LossSpec, samples: Samples, batches: readonly Int32Array[]): Readonly<Record<string, number>> {
    const { heads, learningRate, backend } = this.#purpose;
    const { networks, mean, spread } = this.#now;
    const largestGradient = LARGEST_GRADIENT;
    const job = { networks, adam: this.#adam, heads, loss, samples, batches, learningRate, largestGradient };
    const outcome = sharedTrainer(backend).train(job);
    this.#adam = outcome.adam;
    this.#now = new ValuedNetworks(outcome.networks, mean, spread);
    return outcome.figures;
  }

  save(): Json {
    const { steps, first, second } = this.#adam;
    return toJson({
      ...this.#now.save(),
      adam: { steps, first: floatsToText(first), second: floatsToText(second) },
      valued: this.#valued,
    });
  }

  /** Takes over what was saved. @throws {RangeError} when it is of another size */
  restore({ adam, valued, ...saved }: z.output<typeof learntNetworksSchema>): void {
    const now = ValuedNetworks.restore(saved);
    const { length } = freshAdam(now.networks).first;
    if (length !== this.#adam.first.length) {
      throw new RangeError(`networks: expected ${this.#adam.first.length} weights, found ${length}`);
    }
    this.#now = now;
    const { steps, first, second } = adam;
    this.#adam = { steps, first: floatsFromText(first, length), second: floatsFromText(second, length) };
    this.#valued = valued;
  }
}

/** Mean and standard deviation of at least one value. */
export function meanAndSpread(values: ArrayLike<number>): { mean: number; spread: number } {
  const list = Array.from(values);
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  return { mean, spread: Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length) };
}

/** Every row once a pass, in an order drawn anew. */
export function shuffledBatches(rows: number, passes: number, batch: number, random: Random): Int32Array[] {
  const batches: Int32Array[] = [];
  for (let pass = 0; pass < passes; pass++) {
    const order = Int32Array.from({ length: rows }, (_, row) => row);
    for (let i = rows - 1; i > 0; i--) {
      const j = Math.floor(random.next() * (i + 1));
      [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
    }
    for (let from = 0; from < rows; from += batch) batches.push(order.slice(from, Math.min(rows, from + batch)));
  }
  return batches;
}
