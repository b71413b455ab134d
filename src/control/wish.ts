// What is wished in a pass: the voices' word, unless the operator holds, or something is wrong with what the agent chose.

import type { ClusterState, Configuration } from "../core/index.ts";
import type { Actuator } from "./actuator.ts";
import { keep, type Wish } from "./decide.ts";
import type { TrustedAgent, Voices } from "./trusted-agent.ts";
import type { ClusterView } from "./view.ts";

/** What a wish comes from. */
export interface WishParts {
  readonly agent: TrustedAgent;
  readonly view: ClusterView;
  readonly actuator: Actuator;
  readonly off: boolean;
  /** Nothing is changed until then, because the operator rolled back. */
  readonly holdUntilS: number;
}

/**
 * The wish of a pass. Lowers the agent's trust at once when something is wrong.
 * @param target configuration in force, or on its way
 * @param fault known from verifying the last change, such as one that never came into force
 */
export function wishOf(
  { agent, view, actuator, off, holdUntilS }: WishParts,
  observation: ClusterState,
  target: Configuration,
  fault: string | null,
): Wish {
  const found = agent.watch(observation.timeS, observation, fault ?? actuator.takeFault());
  if (off) return keep(target, "mode off: nothing is proposed");
  let voices: Voices;
  try {
    voices = agent.propose(observation);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ...keep(target, `the optimizer failed: ${message}; the configuration is held`), actor: "guard" };
  }
  const { votes } = voices;
  if (observation.timeS < holdUntilS) {
    return { ...keep(target, `held until ${Math.round(holdUntilS)} s after the operator's rollback`), votes };
  }
  const suspect = found !== null && actuator.sent?.actor === "agent";
  const good = suspect ? view.goodAtThisLoad(observation) : null;
  if (good === null) return { ...voices, rollback: false };
  const reason = `${found}: back to what was good at ${Math.round(good.timeS)} s`;
  return { ...keep(good.configuration, reason), actor: "guard", votes, rollback: true };
}
