// One method at work on the real cluster: it proposes, a window is served, it learns; a canary is served first where it asks.

import type { OpenScenario } from "../../environments/index.ts";
import {
  type ClusterState,
  type Configuration,
  HISTORY_WINDOWS,
  type PastWindow,
  type Proposal,
  rewardOf,
  type WindowMetrics,
} from "../../src/core/index.ts";
import { createSearcher, knowledgeOf } from "../../src/training/search-algorithms.ts";
import type { LiveCluster } from "./cluster.ts";

/** One window of a search. */
export interface LivePass {
  readonly configuration: Configuration;
  readonly objectiveMs: number | null;
  /** Over the SLO, or too much of it dropped. */
  readonly brokeSlo: boolean;
  /** Of a window: less than 1 where a canary was rolled back. */
  readonly share: number;
  readonly aborted: boolean;
  readonly reason: string;
}

/** How a search went. */
export interface LiveSearch {
  readonly method: string;
  readonly told: string;
  readonly passes: readonly LivePass[];
  /** What it would keep after each pass. */
  readonly kept: readonly Configuration[];
  readonly seconds: number;
}

/** What a search is run with. */
export interface LiveSearchOptions {
  readonly open: OpenScenario;
  readonly cluster: LiveCluster;
  /** Of every window, in ms. */
  readonly timesMs: readonly number[];
  readonly method: string;
  readonly windows: number;
  readonly seed: number;
}

/** The window as a method may see it. */
function seen(metrics: WindowMetrics, full: boolean): WindowMetrics {
  if (full) return metrics;
  const { timesMs: _, ...arrivals } = metrics.arrivals;
  return { ...metrics, arrivals, service: metrics.service === null ? null : { meanMs: metrics.service.meanMs } };
}

/** Latency at the objective's percentile of what was answered; null when nothing was. */
export function objectiveOf(metrics: WindowMetrics): number | null {
  return metrics.latency?.objectiveMs ?? null;
}

function broke(metrics: WindowMetrics, open: OpenScenario): boolean {
  const [slo] = open.objective.slo;
  return (metrics.latency?.missRatio ?? 1) > 1 - slo.percentile;
}

function pastOf(timeS: number, metrics: WindowMetrics, configuration: Configuration): PastWindow {
  return {
    timeS,
    durationS: metrics.durationS,
    arrivalRateRps: metrics.arrivals.rateRps,
    peakRateRps: Math.max(metrics.arrivals.rateRps, ...metrics.arrivals.recentRatesRps),
    objectiveMs: metrics.latency?.objectiveMs ?? null,
    missRatio: metrics.latency?.missRatio ?? 1,
    utilization: metrics.utilization,
    queueLength: metrics.queueLength,
    costUsdPerHour: metrics.costUsdPerHour,
    configuration,
  };
}

class Searching {
  readonly #options: LiveSearchOptions;
  readonly #searcher: ReturnType<typeof createSearcher>;
  readonly #full: boolean;
  #state: ClusterState;
  readonly passes: LivePass[] = [];
  readonly kept: Configuration[] = [];

  constructor(options: LiveSearchOptions, first: ClusterState) {
    this.#options = options;
    this.#searcher = createSearcher(options.method, options.open, options.seed);
    this.#full = knowledgeOf(options.method) === "prior, guards and full telemetry";
    this.#state = first;
  }

  /** The start counts as a window of its own: every method is told what it starts from. */
  begin(metrics: WindowMetrics): void {
    const { initial } = this.#options.open;
    this.#state = { ...this.#state, configuration: initial, metrics: seen(metrics, this.#full), history: [] };
    if (this.#searcher.kind === "search") this.#searcher.search.tell(initial, seen(metrics, this.#full));
  }

  async pass(): Promise<void> {
    const proposal = this.#propose();
    const { configuration } = proposal;
    const { cluster, timesMs, open } = this.#options;
    const canary = await this.#tryOut(proposal);
    if (canary === null) await cluster.apply(configuration);
    else await cluster.apply(this.#state.configuration);
    const { metrics } = canary ?? (await cluster.serve(timesMs));
    this.#learn(proposal, seen(metrics, this.#full), canary !== null);
    this.passes.push({
      configuration,
      objectiveMs: objectiveOf(metrics),
      brokeSlo: broke(metrics, open),
      share: canary?.share ?? 1,
      aborted: canary !== null,
      reason: proposal.reason,
    });
    this.kept.push(this.#kept());
  }

  #propose(): Proposal {
    if (this.#searcher.kind === "search") return this.#searcher.search.ask();
    this.#searcher.agent.plan?.();
    return this.#searcher.agent.act(this.#state);
  }

  #kept(): Configuration {
    return this.#searcher.kind === "search"
      ? this.#searcher.search.best()
      : this.#searcher.agent.policy().act(this.#state);
  }

  /** Serves the stages of a trial. @returns what was served when it was rolled back; null when it was not */
  async #tryOut(proposal: Proposal): Promise<{ share: number; metrics: WindowMetrics } | null> {
    if (this.#searcher.kind === "search" || proposal.trial === undefined) return null;
    const { cluster, timesMs, open } = this.#options;
    const [slo] = open.objective.slo;
    for (const { windowShare, abortLatencyRatio } of proposal.trial.stages) {
      await cluster.apply(proposal.configuration, { ...proposal.trial, share: 1 });
      const { metrics } = await cluster.serve(timesMs.slice(0, Math.ceil(windowShare * timesMs.length)));
      const canary = { configuration: proposal.configuration, metrics: seen(metrics, this.#full) };
      const limitMs = (abortLatencyRatio ?? Number.POSITIVE_INFINITY) * slo.latencyMs;
      const tooLate = (metrics.latency?.objectiveMs ?? Number.POSITIVE_INFINITY) > limitMs;
      const judged = this.#searcher.agent.act({ ...this.#state, canary });
      if (tooLate || open.lattice.distance(judged.configuration, proposal.configuration) > 0) {
        return { share: windowShare, metrics };
      }
    }
    return null;
  }

  #learn(proposal: Proposal, metrics: WindowMetrics, aborted: boolean): void {
    const { configuration } = proposal;
    if (this.#searcher.kind === "search") {
      this.#searcher.search.tell(configuration, metrics);
      return;
    }
    const observation = this.#state;
    const timeS = observation.timeS + metrics.durationS;
    const history = [...observation.history, pastOf(timeS, metrics, configuration)].slice(-HISTORY_WINDOWS);
    const served: ClusterState = { ...observation, timeS, metrics, configuration, history, canary: null };
    const next: ClusterState = aborted
      ? { ...served, configuration: observation.configuration, canary: { configuration, metrics } }
      : served;
    const { open } = this.#options;
    this.#searcher.agent.update({
      observation,
      proposed: proposal,
      applied: next.configuration,
      actor: "agent",
      actionProbability: 1,
      reward: rewardOf(observation.configuration, served, open.objective, open.lattice).reward,
      next,
      windowS: metrics.durationS,
      aborted,
      truncated: false,
    });
    this.#state = { ...next, canary: null };
  }
}

/** Runs one method from the task's bad start. */
export async function runLiveSearch(options: LiveSearchOptions): Promise<LiveSearch> {
  const { cluster, open, timesMs, method, windows } = options;
  const startMs = performance.now();
  await cluster.apply(open.initial);
  const start = await cluster.serve(timesMs);
  const searching = new Searching(options, start.state);
  searching.begin(start.metrics);
  for (let used = 0; used < windows; used += searching.passes.at(-1)?.share ?? 1) await searching.pass();
  const { passes, kept } = searching;
  return { method, told: knowledgeOf(method), passes, kept, seconds: (performance.now() - startMs) / 1000 };
}
