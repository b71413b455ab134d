// One search: an agent or a black-box method on one problem with one seed, judged by the truth.
//
// Each pass: propose, serve a window (a new configuration first a canary, where one is asked for), learn. An aborted
// canary uses its share of a window. After each pass the configuration that would be kept is looked up in the truth.

import {
  type Agent,
  type ClusterState,
  type Configuration,
  HISTORY_WINDOWS,
  type PastWindow,
  type Proposal,
  rewardOf,
  type Search,
  type WindowMetrics,
} from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";
import { MULTIPLIERS, type SearchProblem, serviceMultipliers, WindowArrivals } from "./search-problem.ts";
import { isWithin, type SearchTruth } from "./search-truth.ts";
import { type Telemetry, WindowSimulator } from "./search-window.ts";

/** What searches: an agent, or a method that is asked and told. */
export type Searcher =
  | { readonly kind: "agent"; readonly agent: Agent; readonly telemetry: Telemetry }
  | { readonly kind: "search"; readonly search: Search };

/** Settings of one run. */
export interface SearchRunOptions {
  readonly seed: number;
  /** Budget in windows. */
  readonly windows: number;
  /** A clock in ms, for the durations of decisions and plans. */
  readonly nowMs: () => number;
  /** Called after each pass, for traces. */
  readonly onPass?: (pass: SearchPass) => void;
}

/** One pass of a search. */
export interface SearchPass {
  /** Windows used so far. */
  readonly used: number;
  readonly tried: number;
  readonly aborted: boolean;
  readonly measuredMs: number;
  readonly kept: number;
  readonly reason: string;
}

/** How one run went. */
export interface SearchRun {
  /** Windows until what would be kept is within 5 % of the optimum; null when never. */
  readonly toWithin5: number | null;
  readonly toWithin10: number | null;
  /** Within 5 % at the end. */
  readonly solved: boolean;
  readonly solvedWithin10: boolean;
  /** Share of the windows whose configuration's true latency is above 1.05 SLO. */
  readonly unsafeShare: number;
  readonly unsafeFirst20: number;
  readonly overTwiceSloShare: number;
  /** Mean latency of what was served, over the optimum's true one. */
  readonly latencyPaid: number;
  readonly trials: number;
  readonly aborts: number;
  readonly decisionMicros: readonly number[];
  readonly planMicros: readonly number[];
}

/** Windows that count as the first ones. */
const FIRST_WINDOWS = 20;

/** Latencies above this multiple of the SLO are unsafe: truth has its own noise. */
const UNSAFE_RATIO = 1.05;

/** Time served, by how bad it was. */
class Exposure {
  readonly #problem: SearchProblem;
  readonly #truth: SearchTruth;
  used = 0;
  #unsafe = 0;
  #unsafeFirst = 0;
  #overTwice = 0;
  #latency = 0;

  constructor(problem: SearchProblem, truth: SearchTruth) {
    this.#problem = problem;
    this.#truth = truth;
  }

  serve(i: number, share: number, measuredMs: number): void {
    const latencyMs = this.#truth.latencyMs[i] ?? 0;
    const firstLeft = Math.max(0, Math.min(share, FIRST_WINDOWS - this.used));
    this.used += share;
    this.#latency += share * measuredMs;
    if (latencyMs > 2 * this.#problem.sloMs) this.#overTwice += share;
    if (latencyMs <= UNSAFE_RATIO * this.#problem.sloMs) return;
    this.#unsafe += share;
    this.#unsafeFirst += firstLeft;
  }

  summary(): Pick<SearchRun, "unsafeShare" | "unsafeFirst20" | "overTwiceSloShare" | "latencyPaid"> {
    return {
      unsafeShare: this.#unsafe / this.used,
      unsafeFirst20: this.#unsafeFirst / Math.min(FIRST_WINDOWS, this.used),
      overTwiceSloShare: this.#overTwice / this.used,
      latencyPaid: this.#latency / this.used / (this.#truth.latencyMs[this.#truth.optimum] ?? 1),
    };
  }
}

/** The cluster of one run: windows of fresh arrivals, and the state they leave. */
class SearchCluster {
  readonly #problem: SearchProblem;
  readonly #arrivals: WindowArrivals;
  readonly #offsets: SeededRandom;
  readonly #simulator: WindowSimulator;
  readonly #telemetry: Telemetry;
  #times: Float64Array;
  #offset = 0;
  state: ClusterState;

  constructor(problem: SearchProblem, random: SeededRandom, telemetry: Telemetry) {
    this.#problem = problem;
    this.#telemetry = telemetry;
    this.#arrivals = new WindowArrivals(problem, random.split("arrivals"));
    this.#offsets = random.split("offsets");
    this.#simulator = new WindowSimulator(problem, serviceMultipliers(problem, random.split("service")));
    this.#times = this.#arrivals.next();
    this.state = this.#before();
  }

  /** Begins a new window. */
  begin(): void {
    this.#times = this.#arrivals.next();
    this.#offset = Math.floor(this.#offsets.next() * MULTIPLIERS);
  }

  /** The first `share` of the running window under configuration i. */
  serve(i: number, share: number): WindowMetrics {
    return this.#simulator.run(i, this.#times, this.#offset, share, this.#telemetry);
  }

  /** The state after a window, or during a trial. */
  after(i: number, metrics: WindowMetrics): ClusterState {
    const configuration = this.#problem.configurations[i] ?? this.state.configuration;
    const timeS = this.state.timeS + metrics.durationS;
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
    const history = [...this.state.history, past].slice(-HISTORY_WINDOWS);
    return { ...this.state, timeS, metrics, configuration, history, canary: null };
  }

  /** What is known before anything was measured: the load and the configuration to start from. */
  #before(): ClusterState {
    const rateRps = this.#problem.open.plan.workload.meanRateRps;
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
      configuration: this.#problem.open.initial,
      inFlight: null,
      canary: null,
      forecast: null,
      mask: null,
      history: [],
    };
  }
}

/** One agent or method at work on one problem. */
class Runner {
  readonly #problem: SearchProblem;
  readonly #cluster: SearchCluster;
  readonly #searcher: Searcher;
  readonly #exposure: Exposure;
  readonly #nowMs: () => number;
  readonly decisionMicros: number[] = [];
  readonly planMicros: number[] = [];
  trials = 0;
  aborts = 0;

  constructor(problem: SearchProblem, truth: SearchTruth, searcher: Searcher, options: SearchRunOptions) {
    const telemetry = searcher.kind === "agent" ? searcher.telemetry : "aggregate";
    this.#problem = problem;
    this.#cluster = new SearchCluster(problem, new SeededRandom(options.seed).split(problem.name), telemetry);
    this.#searcher = searcher;
    this.#exposure = new Exposure(problem, truth);
    this.#nowMs = options.nowMs;
  }

  get exposure(): Exposure {
    return this.#exposure;
  }

  /** One pass; says what was tried and how it ended. */
  pass(): { tried: number; aborted: boolean; measuredMs: number; reason: string } {
    const proposal = this.#propose();
    const tried = this.#indexOf(proposal.configuration);
    this.#cluster.begin();
    const aborted = this.#tryOut(proposal, tried);
    const metrics = aborted?.metrics ?? this.#cluster.serve(tried, 1);
    const measuredMs = metrics.latency?.objectiveMs ?? Number.NaN;
    this.#exposure.serve(tried, aborted?.share ?? 1, measuredMs);
    this.#learn(proposal, tried, metrics, aborted !== null);
    return {
      tried,
      aborted: aborted !== null,
      measuredMs,
      reason: proposal.reason,
    };
  }

  /** The configuration that would be kept now. */
  kept(): number {
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
    if (searcher.kind === "search") return this.#timed(this.decisionMicros, () => searcher.search.ask());
    const { agent } = searcher;
    if (agent.plan !== undefined) this.#timed(this.planMicros, () => agent.plan?.());
    return this.#timed(this.decisionMicros, () => agent.act(this.#cluster.state));
  }

  /** Serves the stages of a trial. @returns how much was served when it was rolled back; null when it was not */
  #tryOut(proposal: Proposal, tried: number): { share: number; metrics: WindowMetrics } | null {
    const searcher = this.#searcher;
    if (searcher.kind === "search" || proposal.trial === undefined) return null;
    this.trials++;
    const { state } = this.#cluster;
    for (const { windowShare, abortLatencyRatio } of proposal.trial.stages) {
      const metrics = this.#cluster.serve(tried, windowShare);
      const latencyMs = metrics.latency?.objectiveMs ?? Number.POSITIVE_INFINITY;
      const tooLate = latencyMs > (abortLatencyRatio ?? Number.POSITIVE_INFINITY) * this.#problem.sloMs;
      const during: ClusterState = { ...state, canary: { configuration: proposal.configuration, metrics } };
      if (tooLate || this.#indexOf(searcher.agent.act(during).configuration) !== tried) {
        this.aborts++;
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

/** Runs one search to the end of its budget. The same problem, searcher and seed give the same run, timings apart. */
export function runSearch(
  problem: SearchProblem,
  truth: SearchTruth,
  searcher: Searcher,
  options: SearchRunOptions,
): SearchRun {
  const runner = new Runner(problem, truth, searcher, options);
  let toWithin5: number | null = null;
  let toWithin10: number | null = null;
  let kept = -1;
  while (runner.exposure.used < options.windows) {
    const pass = runner.pass();
    kept = runner.kept();
    const { used } = runner.exposure;
    if (toWithin5 === null && isWithin(problem, truth, kept, 0.05)) toWithin5 = used;
    if (toWithin10 === null && isWithin(problem, truth, kept, 0.1)) toWithin10 = used;
    options.onPass?.({ ...pass, used, kept });
  }
  return {
    toWithin5,
    toWithin10,
    solved: isWithin(problem, truth, kept, 0.05),
    solvedWithin10: isWithin(problem, truth, kept, 0.1),
    ...runner.exposure.summary(),
    trials: runner.trials,
    aborts: runner.aborts,
    decisionMicros: runner.decisionMicros,
    planMicros: runner.planMicros,
  };
}
