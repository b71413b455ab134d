// A new agent that begins with what another of its kind learnt elsewhere.

import {
  type Agent,
  type AgentContext,
  type AgentFactory,
  type AgentSnapshot,
  fromJson,
  toJson,
} from "../core/index.ts";

function stateOf(snapshot: AgentSnapshot): Record<string, unknown> {
  const state = fromJson(snapshot.state);
  return typeof state === "object" && state !== null && !Array.isArray(state) ? { ...state } : {};
}

/**
 * The agent a factory makes, with what a snapshot knows and the factory's own settings.
 * @param learnt of the same agent, on a lattice of the same knobs and numbers of values
 * @throws {CheckpointError} when it is another agent's, or does not fit
 */
export function warmStart(factory: AgentFactory, context: AgentContext, learnt: AgentSnapshot): Agent {
  const { settings } = stateOf(factory.create(context).save());
  const state = toJson({ ...stateOf(learnt), ...(settings === undefined ? {} : { settings }) });
  return factory.restore(context, { ...learnt, state });
}
