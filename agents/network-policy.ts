// The frozen result of a network agent: features in, one score for each value of each knob out, the best open values taken.
//
// x_i = (t_i(value_i) - offset_i)/scale_i, t_i = ln(1 + max(0, ·)) where the feature says log1p, else as it is
// scores = network(x);  knob by knob, in order: the highest-scoring position that the mask leaves open
// The spec's parameters, all plain arrays, are described in docs/policy-networks.md.

import { z } from "zod";
import {
  type AgentContext,
  CheckpointError,
  type ClusterState,
  type Configuration,
  canonicalJson,
  type NetworkForm,
  type Policy,
  type PolicyFeature,
  type PolicySpec,
  type TrainingSummary,
  toJson,
} from "../src/core/index.ts";
import {
  compile,
  type Forward,
  type Network,
  networkFromJson,
  networkJson,
  networkSchema,
  outputsOf,
} from "../src/networks/index.ts";
import { checkPolicySeal, sealPolicySpec } from "../src/spaces/index.ts";
import { ActionMask } from "./action-mask.ts";
import { networkFeatures } from "./network-features.ts";
import { windowFeatures } from "./network-sequence.ts";
import { Eyes } from "./sight.ts";

const parametersSchema = z.strictObject({
  network: networkSchema,
  /** Features of one step of the sequence; null where the network is not recurrent. */
  sequence: z.json(),
  /** Shape [knobs][states][values]: the state of the next knob, or -1 where closed; null where all is open. */
  mask: z.json(),
});

class NetworkPolicy implements Policy {
  readonly #eyes: Eyes;
  readonly #forward: Forward;
  readonly #mask: ActionMask;
  readonly #spec: PolicySpec;

  constructor(context: AgentContext, network: Network, mask: ActionMask, spec: PolicySpec) {
    this.#eyes = new Eyes(context, network.recurrent?.steps ?? 0);
    this.#forward = compile(network);
    this.#mask = mask;
    this.#spec = spec;
  }

  act(observation: ClusterState): Configuration {
    const { features, sequence } = this.#eyes.see(observation);
    return this.#mask.configuration(this.#mask.best(observation.mask, this.#forward(features, sequence)));
  }

  toJSON(): PolicySpec {
    return this.#spec;
  }
}

function sequenceOf(context: AgentContext, network: Network): PolicyFeature[] | null {
  return network.recurrent === null ? null : windowFeatures(context);
}

/** A policy that follows the scores of a network. @param mask of the context's lattice */
export function networkPolicy(
  kind: string,
  context: AgentContext,
  network: Network,
  mask: ActionMask,
  training: TrainingSummary,
): Policy {
  const { environment, seed, space, initial, limits } = context;
  const spec = sealPolicySpec({
    format: "trimtab-policy",
    version: 1,
    kind,
    features: networkFeatures(context),
    knobs: space.knobs,
    parameters: {
      network: networkJson(network),
      sequence: toJson(sequenceOf(context, network)),
      mask: toJson(mask.table),
    },
    bounds: { initial, budgetUsdPerHour: limits.usdPerHour ?? null },
    environment,
    seed,
    training,
  });
  return new NetworkPolicy(context, network, mask, spec);
}

/** What a spec holds, checked against the context. */
function opened(kind: string, context: AgentContext, spec: PolicySpec): { network: Network; mask: ActionMask } {
  if (spec.kind !== kind) throw new CheckpointError(`policy kind: expected ${kind}, found ${spec.kind}`);
  checkPolicySeal(spec);
  const parsed = parametersSchema.safeParse(spec.parameters);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new CheckpointError(`policy parameters.${issue?.path.join(".")}: ${issue?.message}`);
  }
  const network = networkFromJson(parsed.data.network);
  const mask = new ActionMask(context.space);
  const fits = (what: string, found: unknown, expected: unknown): void => {
    if (canonicalJson(found) === canonicalJson(expected)) return;
    throw new CheckpointError(`policy ${what}: expected ${canonicalJson(expected)}, found ${canonicalJson(found)}`);
  };
  fits("knobs", spec.knobs, context.space.knobs);
  fits("features", spec.features, networkFeatures(context));
  fits("outputs", outputsOf(network), mask.width);
  fits("parameters.sequence", parsed.data.sequence, toJson(sequenceOf(context, network)));
  fits("parameters.mask", parsed.data.mask, mask.table);
  return { network, mask };
}

/** The policy a spec describes without its agent. @throws {CheckpointError} as `loadNetworkPolicy` */
export function portableNetwork(kind: string, context: AgentContext, spec: PolicySpec): NetworkForm {
  const { network, mask } = opened(kind, context, spec);
  const { inputs, recurrent, layers } = network;
  const plain = <Layer extends { kernel: Float32Array; bias: Float32Array }>(
    layer: Layer,
  ): Layer & { kernel: number[]; bias: number[] } => ({ ...layer, kernel: [...layer.kernel], bias: [...layer.bias] });
  return {
    form: "network",
    features: spec.features,
    network: {
      inputs,
      recurrent: recurrent === null ? null : { ...plain(recurrent), recurrentKernel: [...recurrent.recurrentKernel] },
      layers: layers.map(plain),
    },
    sequence: sequenceOf(context, network),
    mask: mask.table,
  };
}

/** The policy a spec describes. @throws {CheckpointError} when it is of another kind, lattice or form, or damaged */
export function loadNetworkPolicy(kind: string, context: AgentContext, spec: PolicySpec): Policy {
  const { network, mask } = opened(kind, context, spec);
  return new NetworkPolicy(context, network, mask, spec);
}
