// The search by slowdown regions as the core of an agent: models of the load, the canary, and its state.

import type { AgentContext, Json, Trial, WindowMetrics } from "../src/core/index.ts";
import {
  type CanarySettings,
  type CandidateSet,
  canaryTrial,
  candidateSet,
  type LatticeColumns,
  loadModel,
  type ModelSettings,
  type NextStep,
  type ResidualEstimator,
  type SearchSettings,
  SlowdownSearch,
  searchStateSchema,
  tailExponentOf,
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

/** The core of region-prior and of its relatives. */
export class SlowdownCore implements SearchCore {
  readonly candidates: CandidateSet;
  readonly plans = false;
  readonly #context: AgentContext;
  readonly #variant: SlowdownVariant;
  readonly #search: SlowdownSearch;
  #level: number;

  constructor(
    context: AgentContext,
    load: { readonly level: number; readonly rateRps: number },
    variant: SlowdownVariant,
  ) {
    this.candidates = candidateSet(context.space, context);
    this.#context = context;
    this.#variant = variant;
    this.#level = load.level;
    this.#search = new SlowdownSearch(
      this.candidates,
      context.objective,
      variant.estimator(this.candidates.columns),
      loadModel(this.candidates, context, load.rateRps, variant.model),
      load.level,
      variant.search,
    );
  }

  enter(level: number, rateRps: number): void {
    const model = loadModel(this.candidates, this.#context, rateRps, this.#variant.model);
    if (level === this.#level) this.#search.refresh(model);
    else this.#search.enter(level, model);
    this.#level = level;
  }

  next(running: number): NextStep {
    return this.#search.next(running);
  }

  trial(): Trial | undefined {
    return canaryTrial(this.#variant.canary);
  }

  /** It cannot keep up when full batches on every model instance are too few. */
  judge(i: number, metrics: WindowMetrics, rateRps: number): string | null {
    const server = this.candidates.servers[i];
    const { meanBatchSize, service, utilization } = metrics;
    if (server === undefined || meanBatchSize === null || service === null) return null;
    if (meanBatchSize < FULL_BATCH * server.maxBatch || utilization < OVERLOAD) return null;
    const load = (rateRps * service.meanMs) / 1000 / (server.instances * meanBatchSize);
    return load > OVERLOAD ? `the load is ${(100 * load).toFixed(0)} % of what full batches serve` : null;
  }

  observe(i: number, metrics: WindowMetrics, short: boolean): void {
    if (metrics.latency === null) return;
    this.#search.observe(i, {
      latencyMs: metrics.latency.objectiveMs,
      tailExponent: tailExponentOf(metrics.latency),
      utilization: metrics.utilization,
      meanBatchSize: metrics.meanBatchSize,
      serviceMs: metrics.service?.meanMs ?? null,
      costUsdPerHour: Math.max(1e-9, metrics.costUsdPerHour),
      short,
    });
  }

  incumbent(level?: number): number | null {
    return this.#search.incumbent(level);
  }

  levels(): readonly number[] {
    return this.#search.levels();
  }

  save(): Json {
    return this.#search.save();
  }

  restore(state: unknown): void {
    this.#search.restore(searchStateSchema.parse(state), this.#level);
  }
}
