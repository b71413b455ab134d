// The search by slowdown regions as the core of an agent: models of the load, the canary, and its state.

import { z } from "zod";
import type { AgentContext, Json, LatencyMetrics, Trial, WindowMetrics } from "../src/core/index.ts";
import {
  type CanarySettings,
  type CandidateSet,
  canaryTrial,
  candidateSet,
  Dispersion,
  dispersionSchema,
  type LatticeColumns,
  type LoadModel,
  loadModel,
  type Measured,
  type ModelSettings,
  type NextStep,
  type ResidualEstimator,
  type SearchSettings,
  SlowdownSearch,
  searchStateSchema,
  windowTail,
} from "../src/slowdown/index.ts";
import type { SearchCore } from "./search-agent.ts";

/** What makes one careful agent differ from another. */
export interface SlowdownVariant {
  readonly search: SearchSettings;
  readonly model: ModelSettings;
  readonly canary: CanarySettings;
  estimator(columns: LatticeColumns): ResidualEstimator;
}

/** A canary whose instances are busier than this, with a load of full batches above it, cannot keep up. */
const OVERLOAD = 0.98;

/** Batches of at least this share of the limit count as full. */
const FULL_BATCH = 0.9;

/** Probability of being safe below which a canary is rolled back. */
const ABORT_PROBABILITY = 0.3;

/** Relative change of the arrivals' dispersion after which the model of the load is made anew. */
const DISPERSION_TOLERANCE = 0.25;

const stateSchema = z.object({
  search: searchStateSchema,
  dispersion: dispersionSchema,
  modelled: z.number(),
  wholeRequests: z.number().nullable(),
});

/** The core of region-prior and of its relatives. */
export class SlowdownCore implements SearchCore {
  readonly candidates: CandidateSet;
  readonly plans = false;
  readonly #context: AgentContext;
  readonly #variant: SlowdownVariant;
  readonly #search: SlowdownSearch;
  readonly #dispersion = new Dispersion();
  /** Dispersion the present model was made with. */
  #modelled = 1;
  /** Requests of the last whole window; null before any. */
  #wholeRequests: number | null = null;
  #load: { readonly level: number; readonly rateRps: number };

  constructor(
    context: AgentContext,
    load: { readonly level: number; readonly rateRps: number },
    variant: SlowdownVariant,
  ) {
    this.candidates = candidateSet(context.space, context);
    this.#context = context;
    this.#variant = variant;
    this.#load = load;
    this.#search = new SlowdownSearch(
      this.candidates,
      context.objective,
      variant.estimator(this.candidates.columns),
      this.#model(),
      load.level,
      variant.search,
    );
  }

  enter(level: number, rateRps: number): void {
    const changed = level !== this.#load.level;
    this.#load = { level, rateRps };
    if (changed) this.#search.enter(level, this.#model());
    else this.#search.refresh(this.#model());
  }

  next(running: number): NextStep {
    return this.#search.next(running);
  }

  trial(): Trial | undefined {
    return canaryTrial(this.#variant.canary);
  }

  /** It cannot keep up when full batches on every model instance are too few, and is too risky by what it showed. */
  judge(i: number, metrics: WindowMetrics, rateRps: number): string | null {
    const late = this.#overloaded(i, metrics, rateRps);
    if (late !== null || metrics.latency === null) return late;
    const [firstShare = 1] = this.#variant.canary.windowShares;
    const share = this.#wholeRequests === null ? firstShare : metrics.requests / this.#wholeRequests;
    const probability = this.#search.canaryProbability(i, this.#measuredOf(metrics, metrics.latency, true), share);
    if (probability >= ABORT_PROBABILITY) return null;
    return `what it showed makes it safe with probability ${probability.toFixed(2)} only`;
  }

  observe(i: number, metrics: WindowMetrics, short: boolean): void {
    if (metrics.latency === null) return;
    this.#search.observe(i, this.#measuredOf(metrics, metrics.latency, short));
    if (short) return;
    this.#wholeRequests = metrics.requests;
    this.#dispersion.observe(metrics.arrivals.recentRatesRps, metrics.durationS);
    const moved = Math.abs(Math.log(this.#dispersion.index / this.#modelled));
    if (moved > DISPERSION_TOLERANCE) this.#search.refresh(this.#model());
  }

  incumbent(level?: number): number | null {
    return this.#search.incumbent(level);
  }

  levels(): readonly number[] {
    return this.#search.levels();
  }

  noticed(): string {
    return this.#search.noticed;
  }

  save(): Json {
    return {
      search: this.#search.save(),
      dispersion: this.#dispersion.save(),
      modelled: this.#modelled,
      wholeRequests: this.#wholeRequests,
    };
  }

  restore(state: unknown): void {
    const saved = stateSchema.parse(state);
    this.#wholeRequests = saved.wholeRequests;
    this.#dispersion.restore(saved.dispersion);
    this.#modelled = saved.modelled;
    this.#search.refresh(this.#modelAt(saved.modelled));
    this.#search.restore(saved.search, this.#load.level);
  }

  #model(): LoadModel {
    this.#modelled = this.#dispersion.index;
    return this.#modelAt(this.#modelled);
  }

  #modelAt(dispersion: number): LoadModel {
    const rateSpread = this.#wholeRequests === null ? 0 : Math.sqrt(dispersion / this.#wholeRequests);
    const load = { rateRps: this.#load.rateRps, rateSpread };
    return loadModel(this.candidates, this.#context, load, this.#variant.model);
  }

  #overloaded(i: number, metrics: WindowMetrics, rateRps: number): string | null {
    const server = this.candidates.servers[i];
    const { meanBatchSize, service, utilization } = metrics;
    if (server === undefined || meanBatchSize === null || service === null) return null;
    if (meanBatchSize < FULL_BATCH * server.maxBatch || utilization < OVERLOAD) return null;
    const load = (rateRps * service.meanMs) / 1000 / (server.instances * meanBatchSize);
    return load > OVERLOAD ? `the load is ${(100 * load).toFixed(0)} % of what full batches serve` : null;
  }

  #measuredOf(metrics: WindowMetrics, latency: LatencyMetrics, short: boolean): Measured {
    return {
      latencyMs: latency.objectiveMs,
      tail: windowTail(latency, this.#context.objective.slo[0].percentile),
      utilization: metrics.utilization,
      meanBatchSize: metrics.meanBatchSize,
      serviceMs: metrics.service?.meanMs ?? null,
      costUsdPerHour: Math.max(1e-9, metrics.costUsdPerHour),
      short,
    };
  }
}
