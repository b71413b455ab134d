// The registry of agents: every learner, and every analytic optimizer as an agent that learns nothing.

import { type Agent, type AgentContext, type AgentFactory, ConfigError, UnknownNameError } from "../src/core/index.ts";
import { optimizers } from "../src/optimizers/index.ts";
import { bootstrapped } from "./bootstrapped.ts";
import { dqn } from "./dqn.ts";
import { gpPrior } from "./gp-prior.ts";
import { meta } from "./meta.ts";
import { optimizerPolicy } from "./optimizer-policy.ts";
import { ppo } from "./ppo.ts";
import { qTable } from "./q-table.ts";
import { random } from "./random.ts";
import { regionFleet } from "./region-fleet.ts";
import { regionPrior } from "./region-prior.ts";
import { regionQ } from "./region-q.ts";
import { regionSim } from "./region-sim.ts";
import { isConfigurable, parseAgentName } from "./settings.ts";

export {
  LOAD_LEVEL_HYSTERESIS,
  LOAD_LEVEL_RATIO,
  levelledLoad,
  levelRatesRps,
  loadLevel,
  settledRps,
} from "./load-level.ts";

/** Agents that learn. */
export const learners: readonly AgentFactory[] = [qTable, regionQ, regionPrior, regionSim, gpPrior, random];

/** Agents that learn by networks: they take more windows to learn, and see more of them. */
export const networkLearners: readonly AgentFactory[] = [dqn, ppo, meta];

/** Agents that learn when to launch and drop machines; where there are none to count they leave things to an optimizer. */
export const fleetLearners: readonly AgentFactory[] = [regionFleet];

/** Agents around agents. */
export const wrappers: readonly AgentFactory[] = [bootstrapped((name) => findAgent(name))];

/** Every agent that goes on learning as it acts. */
export const learningAgents: readonly AgentFactory[] = [...learners, ...networkLearners, ...fleetLearners, ...wrappers];

/** Every agent, by one line each. */
export const agents: readonly AgentFactory[] = [
  ...learningAgents,
  ...optimizers.map((entry) => optimizerPolicy(entry)),
];

/**
 * The agent of a name, with settings where given: `region-q` or `region-q:kernel=biweight,radius=2`.
 * @throws {UnknownNameError} when there is no such agent
 * @throws {ConfigError} when it does not take those settings
 */
export function findAgent(text: string): AgentFactory {
  const { name, settings } = parseAgentName(text);
  const found = agents.find((agent) => agent.name === name);
  if (found === undefined) {
    throw new UnknownNameError(
      "agent",
      name,
      agents.map((agent) => agent.name),
    );
  }
  if (Object.keys(settings).length === 0) return found;
  if (isConfigurable(found)) return found.configured(settings);
  throw new ConfigError(`agent ${name}`, [{ path: "settings", expected: "none", found: text }]);
}

/** A new agent; same name, settings and context give the same agent. @throws as `findAgent` */
export function createAgent(text: string, context: AgentContext): Agent {
  return findAgent(text).create(context);
}
