// What a fleet's night chose as a frozen policy, and as the spec it leaves by.
//
// Features come from the observation's history alone: with windows of 10 s that is an hour, so no burst is known that ended
// longer ago, and of windows longer than 10 s only the mean, save for the latest.

import {
  type AgentContext,
  CheckpointError,
  type ClusterState,
  type Configuration,
  type Policy,
  type PolicySpec,
  type TrainingSummary,
} from "../src/core/index.ts";
import { sealPolicySpec, toJson } from "../src/spaces/index.ts";
import { type Choice, featureNames } from "../src/switching/index.ts";
import type { FleetBeliefs } from "./fleet-beliefs.ts";
import { choiceData, fitting, readParameters } from "./fleet-json.ts";
import { fleetKinds, type KindOfMachine } from "./fleet-kinds.ts";
import { FleetRule } from "./fleet-rule.ts";
import { streamOf } from "./fleet-stream.ts";

/** A rule that reads the load's features from the observation's history alone. */
export class FleetPolicy implements Policy {
  readonly #rule: FleetRule;
  readonly #spec: PolicySpec;

  constructor(rule: FleetRule, spec: PolicySpec) {
    this.#rule = rule;
    this.#spec = spec;
  }

  act(observation: ClusterState): Configuration {
    return this.#rule.propose(observation, streamOf(observation)).configuration;
  }

  toJSON(): PolicySpec {
    return this.#spec;
  }
}

/** The policy of what acts now. @param why opens its reasons */
export function fleetPolicy(
  name: string,
  context: AgentContext,
  kinds: readonly KindOfMachine[],
  choice: Choice | null,
  beliefs: FleetBeliefs,
  why: string,
  training: TrainingSummary,
): FleetPolicy {
  const { environment, seed, space, initial, limits } = context;
  const calendar = choice?.rule === "learnt" && choice.calendar !== null;
  const spec = sealPolicySpec({
    format: "trimtab-policy",
    version: 1,
    kind: name,
    features: featureNames(calendar).map((feature) => ({ name: feature, unit: "1", offset: 0, scale: 1 })),
    knobs: space.knobs,
    parameters: toJson({ choice: choiceData(choice), beliefs, why }),
    bounds: { initial, budgetUsdPerHour: limits.usdPerHour ?? null },
    environment,
    seed,
    training,
  });
  return new FleetPolicy(new FleetRule(context, kinds, choice, why), spec);
}

/** What a spec of this kind holds. @throws {CheckpointError} when it is of another kind or fleet, or damaged */
export function readSpec(name: string, context: AgentContext, spec: PolicySpec) {
  const { choice, beliefs, why } = readParameters(name, spec);
  const kinds = fitting(`policy of ${name}`, () => fleetKinds(context, beliefs));
  if (choice !== null && !kinds.some((kind) => kind.name === choice.kind)) {
    throw new CheckpointError(
      `policy parameters.choice.kind: expected one of ${kinds.map((kind) => kind.name).join(", ") || "none"}, found ${choice.kind}`,
    );
  }
  return { kinds, choice, why };
}
