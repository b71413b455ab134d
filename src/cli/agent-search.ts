// A learning agent as a search: asked for a configuration and told a window, so that `trimtab tune` runs it like any other.

import { findAgent } from "../../agents/index.ts";
import { agentContext, type OpenScenario } from "../../environments/index.ts";
import {
  type ClusterState,
  type Configuration,
  HISTORY_WINDOWS,
  type PastWindow,
  type Proposal,
  type Random,
  rewardOf,
  type Search,
  type WindowMetrics,
} from "../core/index.ts";
import { createOptimizer } from "../optimizers/index.ts";

/** What is known before anything was measured: the load and the configuration to start from. */
function unmeasured(open: OpenScenario, rateRps: number): ClusterState {
  return {
    timeS: 0,
    metrics: {
      durationS: 0,
      requests: 0,
      arrivals: { rateRps, recentRatesRps: [], dispersion: null, peakToMedian: null },
      latency: null,
      queueLength: 0,
      utilization: 0,
      meanBatchSize: null,
      service: null,
      dropped: 0,
      offloadedShare: 0,
      costUsdPerHour: 0,
      costUsd: 0,
    },
    fleet: {},
    configuration: open.initial,
    inFlight: null,
    canary: null,
    forecast: null,
    mask: null,
    history: [],
  };
}

/** The state after a window served in a configuration. */
function after(state: ClusterState, configuration: Configuration, metrics: WindowMetrics): ClusterState {
  const timeS = state.timeS + metrics.durationS;
  const past: PastWindow = {
    timeS,
    durationS: metrics.durationS,
    arrivalRateRps: metrics.arrivals.rateRps,
    peakRateRps: Math.max(metrics.arrivals.rateRps, ...metrics.arrivals.recentRatesRps),
    objectiveMs: metrics.latency?.objectiveMs ?? null,
    missRatio: metrics.latency?.missRatio ?? 0,
    utilization: metrics.utilization,
    queueLength: metrics.queueLength,
    costUsdPerHour: metrics.costUsdPerHour,
    configuration,
  };
  return { ...state, timeS, metrics, configuration, history: [...state.history, past].slice(-HISTORY_WINDOWS) };
}

/**
 * The agent of a name as a search; a trial is served for a whole window.
 * @param rateRps load of the windows to come
 * @throws {UnknownNameError} when there is no such agent
 * @throws {ConfigError} when it does not take its settings
 */
export function agentSearch(name: string, open: OpenScenario, random: Random, seed: number, rateRps: number): Search {
  const agent = findAgent(name).create(agentContext(open, random, seed, createOptimizer("static")));
  let state = unmeasured(open, rateRps);
  let proposed: Proposal | null = null;
  return {
    ask() {
      agent.plan?.();
      proposed = agent.act(state);
      return proposed;
    },
    tell(configuration, metrics) {
      const next = after(state, configuration, metrics);
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
