// A careful search as an agent: load levels from the observation, windows long enough to mean something, one policy a level.
//
// A window counts once nothing is in flight and it holds 20/(1-q) requests; until then the same configuration is
// proposed again. A load level is entered when the observation's level changes; within a level the search is told when
// the rate has moved by more than 8 %. A search that plans does so in `plan`; `act` then reads the last plan.

import { z } from "zod";
import {
  type Agent,
  type AgentContext,
  type AgentSnapshot,
  type ClusterState,
  type Configuration,
  type Json,
  type Policy,
  type Proposal,
  type Transition,
  type Trial,
  toJson,
  type WindowMetrics,
} from "../src/core/index.ts";
import type { CandidateSet, NextStep } from "../src/slowdown/index.ts";
import { learnerEntry, SNAPSHOT_VERSION } from "./learner-entry.ts";
import { type LevelChoice, levelPolicy, loadLevelPolicy, portableLevels } from "./level-policy.ts";
import { levelledLoad } from "./load-level.ts";
import type { ConfigurableAgent } from "./settings.ts";
import { TrainingTally, tallyShape } from "./training-tally.ts";
import { joinWindows, withLatency } from "./window.ts";

/** What a careful search must do to be an agent. Configurations are indices of its candidates. */
export interface SearchCore {
  readonly candidates: CandidateSet;
  /** Whether `next` thinks too long for the decision path. */
  readonly plans: boolean;
  /** Another load level, or another rate within the level. */
  enter(level: number, rateRps: number): void;
  /** What to run next: called once per decision. */
  next(running: number): NextStep;
  /** The stages a new configuration is tried in. */
  trial(): Trial | undefined;
  /** Judges a stage of a trial. @returns why to roll back; null to go on */
  judge(i: number, metrics: WindowMetrics, rateRps: number): string | null;
  /** A window of configuration i, its latency known. @param short a trial that was rolled back */
  observe(i: number, metrics: WindowMetrics, short: boolean): void;
  /** The configuration to keep; null when nothing was measured at that level (the present one when absent). */
  incumbent(level?: number): number | null;
  levels(): readonly number[];
  /** What was noticed of the cluster that nobody configured, in words; empty for nothing. */
  noticed(): string;
  save(): Json;
  /** @throws when the state is another search's */
  restore(state: unknown): void;
}

/** Relative change of the rate within a load level after which the search is told. */
const RATE_TOLERANCE = 0.08;

/** A trial without a canary is given up when this share of a window is over this multiple of the SLO. */
const EARLY_SHARE = 1 / 8;
const EARLY_RATIO = 1.1;

const stateSchema = z.object({
  settings: z.record(z.string(), z.unknown()),
  load: z.object({ level: z.number().int(), rateRps: z.number() }).nullable(),
  ...tallyShape,
  pending: z
    .object({ index: z.number().int(), fresh: z.boolean(), probability: z.number(), reason: z.string() })
    .nullable(),
  core: z.unknown(),
});

/** What makes the search of a context; called when its first load is known. */
export type CoreMaker = (
  context: AgentContext,
  load: { readonly level: number; readonly rateRps: number },
) => SearchCore;

class SearchAgent implements Agent {
  readonly #name: string;
  readonly #context: AgentContext;
  readonly #settings: Readonly<Record<string, unknown>>;
  readonly #make: CoreMaker;
  readonly #leastRequests: number;
  #core: SearchCore | null = null;
  #load: { level: number; rateRps: number } | null = null;
  #pending: NextStep | null = null;
  #gathered: { readonly index: number; readonly metrics: WindowMetrics } | null = null;
  readonly #tally = new TrainingTally();

  constructor(name: string, context: AgentContext, settings: object, make: CoreMaker) {
    this.#name = name;
    this.#context = context;
    this.#settings = { ...settings };
    this.#make = make;
    this.#leastRequests = 20 / (1 - context.objective.slo[0].percentile);
  }

  act(observation: ClusterState): Proposal {
    const { canary } = observation;
    if (canary !== null && this.#pending !== null) return this.#judge(observation, canary.metrics, this.#pending);
    const core = this.#enter(observation);
    const running = core.candidates.indexOf(observation.configuration);
    this.#pending ??= core.next(running);
    const { index, fresh } = this.#pending;
    const noticed = core.noticed();
    const reason = noticed === "" ? this.#pending.reason : `${this.#pending.reason}; noticed: ${noticed}`;
    const configuration = this.#configuration(core, index);
    const trial = fresh && index !== running ? core.trial() : undefined;
    return { configuration, reason, ...(trial === undefined ? {} : { trial }) };
  }

  update(transition: Transition): void {
    this.#tally.add(transition);
    this.#learn(this.#enter(transition.observation), transition);
    this.#enter(transition.next);
  }

  plan(): void {
    const core = this.#core;
    if (core?.plans !== true || this.#pending !== null) return;
    this.#pending = core.next(-1);
  }

  policy(): Policy {
    const core = this.#core;
    const choices: LevelChoice[] = (core?.levels() ?? []).flatMap((level) => {
      const index = core?.incumbent(level === this.#load?.level ? undefined : level) ?? null;
      return core === null || index === null ? [] : [{ level, configuration: this.#configuration(core, index) }];
    });
    return levelPolicy(this.#name, this.#context, choices, this.#tally.summary());
  }

  /** Intervals gathered towards an unfinished window are not saved: a restored agent measures that window anew. */
  save(): AgentSnapshot {
    this.#gathered = null;
    const state: z.input<typeof stateSchema> = {
      settings: this.#settings,
      load: this.#load,
      ...this.#tally.save(),
      pending: this.#pending === null ? null : { ...this.#pending },
      core: this.#core?.save() ?? null,
    };
    return { agent: this.#name, version: SNAPSHOT_VERSION, state: toJson(state) };
  }

  restore(state: z.infer<typeof stateSchema>): void {
    this.#tally.restore(state);
    this.#pending = state.pending;
    this.#load = state.load;
    if (state.load === null) return;
    this.#core = this.#make(this.#context, state.load);
    this.#core.restore(state.core);
  }

  get #sloMs(): number {
    return this.#context.objective.slo[0].latencyMs;
  }

  #configuration(core: SearchCore, index: number): Configuration {
    const configuration = core.candidates.configurations[index];
    if (configuration === undefined) throw new RangeError(`candidate: expected a known one, found ${index}`);
    return configuration;
  }

  /** The search at the load an observation shows. */
  #enter(observation: ClusterState): SearchCore {
    const load = levelledLoad(observation);
    if (this.#core === null || this.#load === null) {
      this.#load = load;
      this.#core = this.#make(this.#context, load);
      return this.#core;
    }
    const moved = Math.abs(Math.log(load.rateRps / this.#load.rateRps)) > RATE_TOLERANCE;
    if (load.level === this.#load.level && !moved) return this.#core;
    this.#core.enter(load.level, load.rateRps);
    if (load.level !== this.#load.level) {
      this.#pending = null;
      this.#gathered = null;
    }
    this.#load = load;
    return this.#core;
  }

  #judge(observation: ClusterState, metrics: WindowMetrics, pending: NextStep): Proposal {
    const core = this.#enter(observation);
    const why = core.judge(pending.index, metrics, this.#load?.rateRps ?? metrics.arrivals.rateRps);
    if (why !== null) return { configuration: observation.configuration, reason: `rolled back: ${why}` };
    return { configuration: this.#configuration(core, pending.index), reason: pending.reason };
  }

  #learn(core: SearchCore, { next, applied, proposed, aborted }: Transition): void {
    if (aborted) {
      const tried = core.candidates.indexOf(next.canary?.configuration ?? proposed.configuration);
      this.#finish(core, tried, this.#shown(next.canary?.metrics ?? next.metrics), true);
      return;
    }
    if (next.inFlight !== null) return;
    const index = core.candidates.indexOf(applied);
    const told = withLatency(next.metrics, this.#sloMs);
    if (index < 0 || told === null) return;
    const known = this.#gathered;
    const metrics = known === null || known.index !== index ? told : joinWindows(known.metrics, told);
    this.#gathered = { index, metrics };
    if (metrics.requests >= this.#leastRequests) this.#finish(core, index, metrics, false);
    else if (this.#pending?.fresh === true && this.#drowning(metrics)) this.#finish(core, index, metrics, true);
  }

  #drowning(metrics: WindowMetrics): boolean {
    const enough = metrics.requests >= EARLY_SHARE * this.#leastRequests;
    return enough && (metrics.latency?.objectiveMs ?? 0) > EARLY_RATIO * this.#sloMs;
  }

  /** What a rolled-back canary showed; one that showed no latency counts as just too late. */
  #shown(metrics: WindowMetrics): WindowMetrics {
    const told = withLatency(metrics, this.#sloMs);
    if (told !== null) return told;
    const late = EARLY_RATIO * this.#sloMs;
    const latency = { meanMs: late, p50Ms: late, p95Ms: late, p99Ms: late, objectiveMs: late, missRatio: 1 };
    return { ...metrics, latency: { ...latency, resolution: 0 } };
  }

  #finish(core: SearchCore, index: number, metrics: WindowMetrics, short: boolean): void {
    this.#gathered = null;
    this.#pending = null;
    if (index >= 0) core.observe(index, metrics, short);
  }
}

/** The registry entry of a careful agent. */
export function searchAgent<S extends object>(
  name: string,
  summary: string,
  schema: z.ZodType<S>,
  core: (settings: S) => CoreMaker,
): ConfigurableAgent {
  return learnerEntry({
    name,
    summary,
    settings: schema,
    state: stateSchema,
    make: (context, settings) => new SearchAgent(name, context, settings, core(settings)),
    load: (context, spec) => loadLevelPolicy(name, context, spec),
    portable: (context, spec) => portableLevels(name, context, spec),
  });
}
