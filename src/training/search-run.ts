// One search: an agent or a black-box method on one problem with one seed, written down pass by pass.
//
// Each pass: propose, serve a window (a new configuration first a canary, where one is asked for), learn. An aborted
// canary uses its share of a window. After each pass the configuration that would be kept is asked for.
// A search may go through phases: the same lattice and objective, another load or another machine behind them.

import {
  type Agent,
  type ClusterState,
  type Configuration,
  type Proposal,
  rewardOf,
  type Search,
  type WindowMetrics,
} from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";
import { SearchCluster } from "./search-cluster.ts";
import type { SearchProblem } from "./search-problem.ts";
import type { Telemetry } from "./search-window.ts";

/** What searches: an agent, or a method that is asked and told. */
export type Searcher =
  | { readonly kind: "agent"; readonly agent: Agent; readonly telemetry: Telemetry }
  | { readonly kind: "search"; readonly search: Search };

/** A problem, and how long it lasts. */
export interface SearchPhase {
  readonly problem: SearchProblem;
  /** Budget in windows. */
  readonly windows: number;
}

/** Settings of one run. */
export interface SearchRunOptions {
  readonly seed: number;
  /** A clock in ms, for the durations of decisions and plans. */
  readonly nowMs: () => number;
}

/** One pass of a search. Configurations are indices of the problem's. */
export interface SearchPass {
  readonly phase: number;
  readonly tried: number;
  /** Windows it used: 1, or the share an aborted canary was served. */
  readonly share: number;
  readonly measuredMs: number;
  /** What would be kept after it. */
  readonly kept: number;
}

/** What a search says it noticed, and in which pass first. */
export interface SearchNotice {
  readonly pass: number;
  readonly text: string;
}

/** A run, whole: whoever knows the truth can judge it. */
export interface SearchRecord {
  readonly passes: readonly SearchPass[];
  readonly trials: number;
  readonly notices: readonly SearchNotice[];
  readonly decisionMicros: readonly number[];
  readonly planMicros: readonly number[];
}

/** How agents mark in a reason what they noticed of the cluster. */
const NOTICE = /noticed: (.*)$/;

/** One agent or method at work. */
class Runner {
  readonly #cluster: SearchCluster;
  readonly #searcher: Searcher;
  readonly #nowMs: () => number;
  readonly #passes: SearchPass[] = [];
  readonly #notices: SearchNotice[] = [];
  readonly #decisionMicros: number[] = [];
  readonly #planMicros: number[] = [];
  #problem: SearchProblem;
  #phase = 0;
  #trials = 0;

  constructor(problem: SearchProblem, searcher: Searcher, options: SearchRunOptions) {
    const telemetry = searcher.kind === "agent" ? searcher.telemetry : "aggregate";
    this.#problem = problem;
    this.#cluster = new SearchCluster(problem, new SeededRandom(options.seed).split(problem.name), telemetry);
    this.#searcher = searcher;
    this.#nowMs = options.nowMs;
  }

  change(problem: SearchProblem): void {
    this.#problem = problem;
    this.#phase++;
    this.#cluster.change(problem);
  }

  /** One pass. @returns the windows it used */
  pass(): number {
    const proposal = this.#propose();
    const tried = this.#indexOf(proposal.configuration);
    this.#cluster.begin();
    const aborted = this.#tryOut(proposal, tried);
    const metrics = aborted?.metrics ?? this.#cluster.serve(tried, 1);
    const measuredMs = metrics.latency?.objectiveMs ?? Number.NaN;
    this.#learn(proposal, tried, metrics, aborted !== null);
    this.#note(proposal.reason);
    const share = aborted?.share ?? 1;
    this.#passes.push({ phase: this.#phase, tried, share, measuredMs, kept: this.#kept() });
    return share;
  }

  record(): SearchRecord {
    return {
      passes: this.#passes,
      trials: this.#trials,
      notices: this.#notices,
      decisionMicros: this.#decisionMicros,
      planMicros: this.#planMicros,
    };
  }

  #note(reason: string): void {
    const text = NOTICE.exec(reason)?.[1];
    if (text === undefined || text === this.#notices.at(-1)?.text) return;
    this.#notices.push({ pass: this.#passes.length, text });
  }

  /** The configuration that would be kept now; -1 for none. */
  #kept(): number {
    const { agent, search } = { agent: null, search: null, ...this.#searcher };
    const kept = agent !== null ? agent.policy().act(this.#cluster.state) : search?.best();
    return kept === undefined ? -1 : this.#indexOf(kept);
  }

  #indexOf(configuration: Configuration): number {
    const index = this.#problem.indexOf(configuration);
    if (index < 0)
      throw new RangeError(`search: expected an allowed configuration, found ${JSON.stringify(configuration)}`);
    return index;
  }

  #timed<T>(micros: number[], work: () => T): T {
    const startMs = this.#nowMs();
    const result = work();
    micros.push(1000 * (this.#nowMs() - startMs));
    return result;
  }

  #propose(): Proposal {
    const searcher = this.#searcher;
    if (searcher.kind === "search") return this.#timed(this.#decisionMicros, () => searcher.search.ask());
    const { agent } = searcher;
    if (agent.plan !== undefined) this.#timed(this.#planMicros, () => agent.plan?.());
    return this.#timed(this.#decisionMicros, () => agent.act(this.#cluster.state));
  }

  /** Serves the stages of a trial. @returns how much was served when it was rolled back; null when it was not */
  #tryOut(proposal: Proposal, tried: number): { share: number; metrics: WindowMetrics } | null {
    const searcher = this.#searcher;
    if (searcher.kind === "search" || proposal.trial === undefined) return null;
    this.#trials++;
    const { state } = this.#cluster;
    for (const { windowShare, abortLatencyRatio } of proposal.trial.stages) {
      const metrics = this.#cluster.serve(tried, windowShare);
      const latencyMs = metrics.latency?.objectiveMs ?? Number.POSITIVE_INFINITY;
      const tooLate = latencyMs > (abortLatencyRatio ?? Number.POSITIVE_INFINITY) * this.#problem.sloMs;
      const during: ClusterState = { ...state, canary: { configuration: proposal.configuration, metrics } };
      if (tooLate || this.#indexOf(searcher.agent.act(during).configuration) !== tried) {
        return { share: windowShare, metrics };
      }
    }
    return null;
  }

  #learn(proposal: Proposal, tried: number, metrics: WindowMetrics, aborted: boolean): void {
    const searcher = this.#searcher;
    if (searcher.kind === "search") {
      searcher.search.tell(proposal.configuration, metrics);
      return;
    }
    const { open } = this.#problem;
    const { state: observation } = this.#cluster;
    const served = this.#cluster.after(tried, metrics);
    const next: ClusterState = aborted
      ? {
          ...served,
          configuration: observation.configuration,
          canary: { configuration: proposal.configuration, metrics },
        }
      : served;
    const { reward } = rewardOf(observation.configuration, served, open.objective, open.lattice);
    searcher.agent.update({
      observation,
      proposed: proposal,
      applied: aborted ? observation.configuration : proposal.configuration,
      actor: "agent",
      actionProbability: 1,
      reward,
      next,
      windowS: metrics.durationS,
      aborted,
      truncated: false,
    });
    this.#cluster.state = { ...next, canary: null };
  }
}

/** Runs one search through its phases. The same phases, searcher and seed give the same run, timings apart. */
export function runSearch(phases: readonly SearchPhase[], searcher: Searcher, options: SearchRunOptions): SearchRecord {
  const [first] = phases;
  if (first === undefined) throw new RangeError("search: expected at least one phase, found none");
  const runner = new Runner(first.problem, searcher, options);
  phases.forEach(({ problem, windows }, phase) => {
    if (phase > 0) runner.change(problem);
    for (let used = 0; used < windows; ) used += runner.pass();
  });
  return runner.record();
}
