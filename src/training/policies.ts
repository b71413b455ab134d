// Policies by what a user calls them: a registry name with settings, or a checkpoint file.

import { access } from "node:fs/promises";
import { findAgent, learningAgents } from "../../agents/index.ts";
import { agentContext, type OpenScenario } from "../../environments/index.ts";
import { type AgentFactory, CheckpointError, type PolicySpec, UnknownNameError } from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";
import { createOptimizer } from "../optimizers/index.ts";
import { readCheckpoint } from "../store/index.ts";
import type { Decider } from "./episode.ts";

/** The analytic optimizer agents lean on where nothing else is asked for. */
export const DEFAULT_OPTIMIZER = "mark";

/** A policy to evaluate: where it comes from, before a scenario and a seed make it act. */
export type PolicySource =
  | { readonly kind: "registry"; readonly name: string }
  | { readonly kind: "checkpoint"; readonly name: string; readonly spec: PolicySpec };

function context(open: OpenScenario, seed: number, label: string): Parameters<AgentFactory["create"]>[0] {
  const random = new SeededRandom(seed).split(`agent-${label}`);
  return agentContext(open, random, seed, createOptimizer(DEFAULT_OPTIMIZER));
}

/**
 * Finds what a name means: an existing file is a checkpoint, anything else is looked up in the registry.
 * @throws {UnknownNameError} when it is neither
 * @throws {CheckpointError} when the file is damaged
 */
export async function findPolicy(name: string): Promise<PolicySource> {
  const isFile = await access(name).then(
    () => true,
    () => false,
  );
  if (isFile) return { kind: "checkpoint", name, spec: (await readCheckpoint(name)).spec };
  try {
    findAgent(name);
  } catch (error) {
    if (error instanceof UnknownNameError)
      throw new UnknownNameError("policy", name, [...error.known, "<checkpoint file>"]);
    throw error;
  }
  return { kind: "registry", name };
}

/** Whether what acts goes on learning as it acts, and so needs all of the warm-up. */
export function learns(source: PolicySource): boolean {
  if (source.kind === "checkpoint") return false;
  const { name } = findAgent(source.name);
  return learningAgents.some((learner) => learner.name === name);
}

/**
 * What acts: a checkpoint's frozen policy, or a registry agent that goes on learning as it acts.
 * @throws {CheckpointError} when a checkpoint belongs to another environment
 */
export function openDecider(source: PolicySource, open: OpenScenario, seed: number): Decider {
  const factory = findAgent(source.kind === "registry" ? source.name : source.spec.kind);
  const made = context(open, seed, factory.name);
  if (source.kind === "registry") return factory.create(made);
  if (source.spec.environment !== open.id) {
    throw new CheckpointError(
      `${source.name}: expected a policy for ${open.id}, found one for ${source.spec.environment}`,
    );
  }
  const policy = factory.load(made, source.spec);
  return { act: (observation) => ({ configuration: policy.act(observation), reason: `policy ${source.name}` }) };
}
