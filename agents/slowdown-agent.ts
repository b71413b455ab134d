// The careful search as an agent: load levels from the observation, windows long enough to mean something, one policy a level.
//
// A window counts once nothing is in flight and it holds max(20/(1-q), leastRequests) requests; until then the same
// configuration is proposed again. A load level is entered when the observation's level changes; within a level the
// model is renewed when the rate has moved by more than 8 %.

import { z } from "zod";
import {
  type Agent,
  type AgentContext,
  type AgentFactory,
  type AgentSnapshot,
  CheckpointError,
  type ClusterState,
  type Configuration,
  fromJson,
  type Policy,
  type Proposal,
  type Transition,
  toJson,
  type WindowMetrics,
} from "../src/core/index.ts";
import {
  type CanarySettings,
  type CandidateSet,
  canaryTrial,
  candidateSet,
  type LatticeColumns,
  loadModel,
  type ModelSettings,
  type ResidualEstimator,
  type SearchSettings,
  SlowdownSearch,
  searchStateSchema,
} from "../src/slowdown/index.ts";
import { type LevelChoice, levelPolicy, loadLevelPolicy } from "./level-policy.ts";
import { levelledLoad } from "./load-level.ts";
import { type ConfigurableAgent, readSettings } from "./settings.ts";

/** What makes one careful agent differ from another. */
export interface SlowdownVariant {
  readonly search: SearchSettings;
  readonly model: ModelSettings;
  readonly canary: CanarySettings;
  estimator(columns: LatticeColumns): ResidualEstimator;
}

/** Relative change of the rate within a load level after which the model is built anew. */
const RATE_TOLERANCE = 0.08;

/** A canary whose instances are busier than this, with a load of full batches above it, cannot keep up. */
const OVERLOAD = 0.98;

/** A window with work waiting and nothing served counts as this multiple of the SLO. */
const STALLED_SLO_RATIO = 10;

const windowSchema = z.object({
  index: z.number().int(),
  requests: z.number(),
  logLatency: z.number(),
  utilization: z.number(),
  batches: z.number(),
  serviceMs: z.number(),
  costUsdPerHour: z.number(),
});

/** Intervals of one configuration, gathered into a window. */
type Gathered = z.infer<typeof windowSchema>;

const stateSchema = z.object({
  settings: z.record(z.string(), z.unknown()),
  level: z.number().int().nullable(),
  rateRps: z.number(),
  steps: z.number().int(),
  episodes: z.number().int(),
  rewardSum: z.number(),
  pending: z.object({ index: z.number().int(), fresh: z.boolean(), reason: z.string() }).nullable(),
  gathered: windowSchema.nullable(),
  search: z.unknown(),
});

class SlowdownAgent implements Agent {
  readonly #name: string;
  readonly #context: AgentContext;
  readonly #settings: Readonly<Record<string, unknown>>;
  readonly #variant: SlowdownVariant;
  readonly #candidates: CandidateSet;
  readonly #leastRequests: number;
  #search: SlowdownSearch | null = null;
  #level: number | null = null;
  #rateRps = 0;
  #pending: { index: number; fresh: boolean; reason: string } | null = null;
  #gathered: Gathered | null = null;
  #steps = 0;
  #episodes = 0;
  #rewardSum = 0;

  constructor(name: string, context: AgentContext, settings: object, variant: SlowdownVariant) {
    this.#name = name;
    this.#context = context;
    this.#settings = { ...settings };
    this.#variant = variant;
    this.#candidates = candidateSet(context.space, context);
    this.#leastRequests = 20 / (1 - context.objective.slo[0].percentile);
  }

  act(observation: ClusterState): Proposal {
    if (observation.canary !== null && this.#pending !== null)
      return this.#judge(observation, observation.canary.metrics);
    const search = this.#enter(observation);
    const running = this.#candidates.indexOf(observation.configuration);
    if (this.#pending === null) this.#pending = search.next(running);
    const { index, fresh, reason } = this.#pending;
    const configuration = this.#configuration(index);
    const trial = fresh && index !== running ? canaryTrial(this.#variant.canary) : undefined;
    return { configuration, reason, ...(trial === undefined ? {} : { trial }) };
  }

  update(transition: Transition): void {
    const { next, reward, truncated } = transition;
    this.#steps++;
    this.#rewardSum += reward;
    if (truncated) this.#episodes++;
    this.#learn(this.#enter(transition.observation), transition);
    this.#enter(next);
  }

  #learn(search: SlowdownSearch, { next, applied, proposed, aborted }: Transition): void {
    if (aborted) {
      const tried = this.#candidates.indexOf(next.canary?.configuration ?? proposed.configuration);
      const told = next.canary === null ? null : windowOf(tried, next.canary.metrics, this.#sloMs);
      this.#finish(search, tried, this.#atLeastTooLate(tried, told, next.metrics), true);
      return;
    }
    if (next.inFlight !== null) return;
    const index = this.#candidates.indexOf(applied);
    const told = windowOf(index, next.metrics, this.#sloMs);
    if (index < 0 || told === null) return;
    const known = this.#gathered;
    this.#gathered = known === null || known.index !== index ? told : joined(known, told);
    const window = this.#gathered;
    if (window.requests >= this.#leastRequests) this.#finish(search, index, window, false);
    else if (this.#pending?.fresh === true && this.#drowning(window)) this.#finish(search, index, window, true);
  }

  policy(): Policy {
    const choices: LevelChoice[] = (this.#search?.levels() ?? []).flatMap((level) => {
      const index = this.#search?.incumbent(level) ?? null;
      return index === null ? [] : [{ level, configuration: this.#configuration(index) }];
    });
    return levelPolicy(this.#name, this.#context, choices, {
      steps: this.#steps,
      episodes: this.#episodes,
      meanReward: this.#steps === 0 ? null : this.#rewardSum / this.#steps,
    });
  }

  save(): AgentSnapshot {
    const state: z.input<typeof stateSchema> = {
      settings: this.#settings,
      level: this.#level,
      rateRps: this.#rateRps,
      steps: this.#steps,
      episodes: this.#episodes,
      rewardSum: this.#rewardSum,
      pending: this.#pending,
      gathered: this.#gathered,
      search: this.#search?.save() ?? null,
    };
    return { agent: this.#name, version: 1, state: toJson(state) };
  }

  restore(state: z.infer<typeof stateSchema>): void {
    this.#steps = state.steps;
    this.#episodes = state.episodes;
    this.#rewardSum = state.rewardSum;
    this.#pending = state.pending;
    this.#gathered = state.gathered;
    if (state.level === null) return;
    this.#start(state.level, state.rateRps).restore(searchStateSchema.parse(state.search), state.level);
  }

  get #sloMs(): number {
    return this.#context.objective.slo[0].latencyMs;
  }

  #configuration(index: number): Configuration {
    const configuration = this.#candidates.configurations[index];
    if (configuration === undefined) throw new RangeError(`candidate: expected a known one, found ${index}`);
    return configuration;
  }

  #start(level: number, rateRps: number): SlowdownSearch {
    const { search, model, estimator } = this.#variant;
    this.#level = level;
    this.#rateRps = rateRps;
    this.#search = new SlowdownSearch(
      this.#candidates,
      this.#context.objective,
      estimator(this.#candidates.columns),
      loadModel(this.#candidates, this.#context, rateRps, model),
      level,
      search,
    );
    return this.#search;
  }

  /** The search at the load an observation shows. */
  #enter(observation: ClusterState): SlowdownSearch {
    const { level, rateRps } = levelledLoad(observation);
    if (this.#search === null) return this.#start(level, rateRps);
    const moved = Math.abs(Math.log(rateRps / this.#rateRps)) > RATE_TOLERANCE;
    if (level === this.#level && !moved) return this.#search;
    const model = loadModel(this.#candidates, this.#context, rateRps, this.#variant.model);
    if (level === this.#level) this.#search.refresh(model);
    else {
      this.#search.enter(level, model);
      this.#pending = null;
      this.#gathered = null;
    }
    this.#level = level;
    this.#rateRps = rateRps;
    return this.#search;
  }

  #drowning(window: Gathered): boolean {
    const { abortLatencyRatio } = this.#variant.canary;
    const enough = window.requests >= this.#leastRequests / 8;
    return enough && window.logLatency > Math.log(abortLatencyRatio * this.#sloMs);
  }

  /** Goes on with a canary or rolls it back: it cannot keep up when full batches on every model instance are too few. */
  #judge(observation: ClusterState, metrics: WindowMetrics): Proposal {
    const { index, reason } = this.#pending ?? { index: -1, reason: "" };
    const server = this.#candidates.servers[index];
    const { meanBatchSize, service, utilization } = metrics;
    if (server !== undefined && meanBatchSize !== null && service !== null && meanBatchSize > 0.9 * server.maxBatch) {
      const load = (this.#rateRps * service.meanMs) / 1000 / (server.instances * meanBatchSize);
      if (utilization > OVERLOAD && load > OVERLOAD) {
        const share = (100 * load).toFixed(0);
        return { configuration: observation.configuration, reason: `rolled back: load is ${share} % of full batches` };
      }
    }
    return { configuration: this.#configuration(index), reason };
  }

  /** A rolled-back canary: at least as late as rolls back, whatever its short window showed. */
  #atLeastTooLate(index: number, told: Gathered | null, metrics: WindowMetrics): Gathered {
    const logLatency = Math.log(this.#variant.canary.abortLatencyRatio * this.#sloMs) + 1e-9;
    if (told !== null) return { ...told, logLatency: Math.max(told.logLatency, logLatency) };
    const { requests, utilization, costUsdPerHour } = metrics;
    return { index, requests, logLatency, utilization, batches: 0, serviceMs: 0, costUsdPerHour };
  }

  #finish(search: SlowdownSearch, index: number, window: Gathered, short: boolean): void {
    this.#gathered = null;
    this.#pending = null;
    if (index < 0) return;
    search.observe(index, {
      latencyMs: Math.exp(window.logLatency),
      utilization: window.utilization,
      meanBatchSize: window.batches === 0 ? null : window.requests / window.batches,
      serviceMs: window.batches === 0 ? null : window.serviceMs,
      costUsdPerHour: Math.max(1e-9, window.costUsdPerHour),
      short,
    });
  }
}

/** An interval's metrics as a window; null when nothing came or nothing is known. */
function windowOf(index: number, metrics: WindowMetrics, sloMs: number): Gathered | null {
  const { latency, requests, utilization, costUsdPerHour, meanBatchSize, service, queueLength } = metrics;
  if (latency === null && queueLength === 0) return null;
  const latencyMs = latency === null ? STALLED_SLO_RATIO * sloMs : latency.objectiveMs;
  const told = meanBatchSize !== null && service !== null;
  return {
    index,
    requests: Math.max(requests, queueLength),
    logLatency: Math.log(latencyMs),
    utilization,
    batches: told ? requests / meanBatchSize : 0,
    serviceMs: told ? service.meanMs : 0,
    costUsdPerHour,
  };
}

/** Two stretches of one configuration as one; means weighted by requests, service by batches. */
function joined(a: Gathered, b: Gathered): Gathered {
  const share = b.requests / (a.requests + b.requests);
  const mix = (x: number, y: number): number => x + share * (y - x);
  const batches = a.batches + b.batches;
  return {
    index: a.index,
    requests: a.requests + b.requests,
    logLatency: mix(a.logLatency, b.logLatency),
    utilization: mix(a.utilization, b.utilization),
    batches,
    serviceMs: batches === 0 ? 0 : (a.serviceMs * a.batches + b.serviceMs * b.batches) / batches,
    costUsdPerHour: mix(a.costUsdPerHour, b.costUsdPerHour),
  };
}

/** The registry entry of a careful agent. */
export function slowdownAgent<S extends object>(
  name: string,
  summary: string,
  schema: z.ZodType<S>,
  variant: (settings: S) => SlowdownVariant,
): ConfigurableAgent {
  const make = (context: AgentContext, settings: S): SlowdownAgent =>
    new SlowdownAgent(name, context, settings, variant(settings));
  const withSettings = (settings: S): AgentFactory => ({
    name,
    summary,
    create: (context) => make(context, settings),
    restore(context, snapshot) {
      if (snapshot.agent !== name || snapshot.version !== 1) {
        const found = `${snapshot.agent} version ${snapshot.version}`;
        throw new CheckpointError(`snapshot: expected ${name} version 1, found ${found}`);
      }
      const parsed = stateSchema.safeParse(fromJson(snapshot.state));
      if (!parsed.success) {
        const issue = parsed.error.issues[0];
        throw new CheckpointError(`snapshot state.${issue?.path.join(".")}: ${issue?.message}`);
      }
      const agent = make(context, readSettings(name, schema, parsed.data.settings));
      try {
        agent.restore(parsed.data);
      } catch (cause) {
        throw new CheckpointError(`snapshot of ${name}: does not fit this lattice`, { cause });
      }
      return agent;
    },
    load: (context, spec): Policy => loadLevelPolicy(name, context, spec),
  });
  return {
    ...withSettings(readSettings(name, schema, {})),
    configured: (settings) => withSettings(readSettings(name, schema, settings)),
  };
}
