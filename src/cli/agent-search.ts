// A learning agent as a search: asked for a configuration and told a window, so that `trimtab tune` runs it like any other.

import { findAgent } from "../../agents/index.ts";
import { agentContext, type OpenScenario } from "../../environments/index.ts";
import { type Proposal, type Random, rewardOf, type Search } from "../core/index.ts";
import { createOptimizer } from "../optimizers/index.ts";
import { stateAfter, stateBefore } from "../training/window-state.ts";

/**
 * The agent of a name as a search; a trial is served for a whole window.
 * @param rateRps load of the windows to come
 * @throws {UnknownNameError} when there is no such agent
 * @throws {ConfigError} when it does not take its settings
 */
export function agentSearch(name: string, open: OpenScenario, random: Random, seed: number, rateRps: number): Search {
  const agent = findAgent(name).create(agentContext(open, random, seed, createOptimizer("static")));
  let state = stateBefore(open.initial, rateRps);
  let proposed: Proposal | null = null;
  return {
    ask() {
      agent.plan?.();
      proposed = agent.act(state);
      return proposed;
    },
    tell(configuration, metrics) {
      const next = stateAfter(state, configuration, metrics);
      agent.update({
        observation: state,
        proposed: proposed ?? { configuration, reason: "told" },
        applied: configuration,
        actor: "agent",
        actionProbability: 1,
        reward: rewardOf(state.configuration, next, open.objective, open.lattice).reward,
        next,
        windowS: metrics.durationS,
        aborted: false,
        truncated: false,
      });
      state = next;
    },
    best: () => agent.policy().act(state),
  };
}
