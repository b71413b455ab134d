// Simulation in the loop as the core of an agent: recorded traces, the two-stage canary, and the hand-over without telemetry.

import { z } from "zod";
import type { AgentContext, Json, Trial, WindowMetrics } from "../src/core/index.ts";
import {
  type BatchServer,
  CANARY,
  type CandidateSet,
  canaryTrial,
  candidateSet,
  Dispersion,
  dispersionSchema,
  type LatticeColumns,
  type NextStep,
  predictedUsdPerHour,
  priorCovers,
  priorService,
  type ResidualEstimator,
  ServiceSurface,
} from "../src/slowdown/index.ts";
import { actualServer } from "./physics.ts";
import { decodeTimes, encodeTimes, poissonTrace, type RecordedTrace, Replay } from "./replay.ts";
import type { ReplaySearchSettings } from "./replay-contract.ts";
import { ReplaySearch, replaySearchSchema } from "./replay-search.ts";
import type { SearchCore } from "./search-agent.ts";
import { SimulatedLatency, simulatedLatencySchema } from "./simulated-latency.ts";

/** What makes one agent with a simulator differ from another. */
export interface ReplayVariant {
  readonly search: ReplaySearchSettings;
  /** Recorded windows kept for replay. */
  readonly traces: number;
  readonly simulate: boolean;
  /** Share of a window after which service times are judged; 0 for not at all. */
  readonly serviceCanary: number;
  readonly canary: boolean;
  estimator(columns: LatticeColumns): ResidualEstimator;
  /** What acts where telemetry is missing. */
  fallback(context: AgentContext, load: Load): SearchCore;
}

interface Load {
  readonly level: number;
  readonly rateRps: number;
}

/** Requests of the made-up trace for the first decisions, warm-up first. */
const MADE_UP = { requests: 21_000, warmup: 1000 };

/** Until arrivals were seen, so much load is reckoned with: they may come in bursts. */
const UNSEEN_LOAD = 1.15;

/** Share of a recorded window that warms the replay up where the window does not say. */
const WARMUP_SHARE = 0.05;

const stateSchema = z.object({
  fallback: z.unknown(),
  traces: z.array(z.object({ warmup: z.number().int(), rateRps: z.number(), short: z.boolean(), times: z.string() })),
  dispersion: dispersionSchema,
  surface: z.object({
    mean: z.array(z.number()),
    /** A snapshot without it suspected nothing. */
    settled: z.array(z.number()).optional(),
    covariance: z.array(z.number()),
  }),
  multipliers: z.array(z.number()),
  latency: simulatedLatencySchema,
  search: replaySearchSchema,
});

/** Recorded arrivals and the rate they were recorded at. */
interface Recorded extends RecordedTrace {
  readonly rateRps: number;
  /** Part of a window only: serves until a whole one is recorded. */
  readonly short: boolean;
}

/** Servers that differ in batch size and delay alone share a machine. */
function machinesOf(candidates: CandidateSet): { machines: BatchServer[]; machineOf: Int32Array } {
  const machines: BatchServer[] = [];
  const known = new Map<string, number>();
  const machineOf = Int32Array.from(candidates.servers, (server) => {
    const key = `${server.host} ${server.instances} ${server.resource} ${server.occupancy}`;
    const machine = known.get(key) ?? machines.push(server) - 1;
    known.set(key, machine);
    return machine;
  });
  return { machines, machineOf };
}

/** Whether a window tells what replays need. */
export function isFullTelemetry(metrics: WindowMetrics): boolean {
  return metrics.arrivals.timesMs !== undefined && metrics.service?.byBatch !== undefined;
}

/** The core of region-sim. */
export class ReplayCore implements SearchCore {
  readonly candidates: CandidateSet;
  readonly plans = true;
  readonly #context: AgentContext;
  readonly #variant: ReplayVariant;
  readonly #machines: readonly BatchServer[];
  readonly #surface: ServiceSurface;
  readonly #replay: Replay;
  readonly #latency: SimulatedLatency;
  readonly #search: ReplaySearch;
  #fallback: SearchCore | null = null;
  #load: Load;
  #recorded: Recorded[] = [];
  readonly #dispersion = new Dispersion();

  /** @throws {ConfigError} when the context has no profiled points */
  constructor(context: AgentContext, load: Load, variant: ReplayVariant) {
    const { space, objective, random } = context;
    const { percentile, latencyMs: sloMs } = objective.slo[0];
    this.#context = context;
    this.#variant = variant;
    this.#load = load;
    this.candidates = candidateSet(space, context);
    const { machines, machineOf } = machinesOf(this.candidates);
    this.#machines = machines;
    const { batchValues } = this.candidates.columns;
    const knots = batchValues.length > 0 ? [...batchValues].sort((a, b) => a - b) : [1];
    const prior = priorService(context) ?? (() => 1);
    this.#surface = new ServiceSurface(machines, knots, context, prior);
    this.#replay = new Replay(percentile, random.split("multipliers"));
    this.#latency = new SimulatedLatency(
      {
        candidates: this.candidates,
        machineOf,
        surface: this.#surface,
        replay: this.#replay,
        percentile,
        sloMs,
        simulate: variant.simulate,
      },
      load.rateRps,
      this.#traces(),
    );
    this.#search = new ReplaySearch(
      {
        candidates: this.candidates,
        objective,
        machines,
        machineOf,
        surface: this.#surface,
        replay: this.#replay,
        latency: this.#latency,
        estimator: variant.estimator(this.candidates.columns),
        profiledMs: prior,
        usdPerHour: (i, expected) => this.#usdPerHour(i, expected),
        costFollowsService: machines.some((server) => !Number.isFinite(server.instances)),
      },
      variant.search,
      load.level,
    );
    if (context.profilePoints.length === 0 || !priorCovers(space)) this.#fallback = variant.fallback(context, load);
  }

  enter(level: number, rateRps: number): void {
    const changed = level !== this.#load.level;
    this.#load = { level, rateRps };
    this.#fallback?.enter(level, rateRps);
    this.#latency.setTraces(this.#traces(), rateRps, changed);
    if (changed) this.#search.enter(level);
  }

  next(running: number): NextStep {
    if (this.#fallback !== null) return this.#fallback.next(running);
    if (this.#search.incumbent() !== null) this.#search.sweep();
    return this.#search.next();
  }

  trial(): Trial | undefined {
    if (this.#fallback !== null) return this.#fallback.trial();
    const { serviceCanary, canary } = this.#variant;
    const told = canary ? canaryTrial(CANARY) : undefined;
    if (serviceCanary === 0) return told;
    return { share: 1, stages: [{ windowShare: serviceCanary }, ...(told?.stages ?? [])] };
  }

  judge(i: number, metrics: WindowMetrics, rateRps: number): string | null {
    if (this.#fallback !== null) return this.#fallback.judge(i, metrics, rateRps);
    if (this.#variant.serviceCanary === 0 || this.#search.judge(i, metrics)) return null;
    return `service times make it safe with probability ${this.#search.probability(i).toFixed(2)} only`;
  }

  observe(i: number, metrics: WindowMetrics, short: boolean): void {
    const { timesMs, rateRps } = metrics.arrivals;
    if (!isFullTelemetry(metrics) || timesMs === undefined) {
      this.#fallback ??= this.#variant.fallback(this.#context, this.#load);
    }
    if (this.#fallback !== null) this.#fallback.observe(i, metrics, short);
    if (timesMs === undefined || !isFullTelemetry(metrics)) return;
    if (this.#context.profilePoints.length > 0 && priorCovers(this.#context.space)) this.#fallback = null;
    const warmup =
      timesMs.length > metrics.requests ? timesMs.length - metrics.requests : timesMs.length * WARMUP_SHARE;
    const trace = { timesMs, warmup: Math.round(warmup), rateRps };
    this.#search.observe(i, metrics, trace, short);
    if (!short) this.#dispersion.observe(metrics.arrivals.recentRatesRps, metrics.durationS);
    this.#record({ ...trace, short });
  }

  incumbent(level?: number): number | null {
    return (this.#fallback ?? this.#search).incumbent(level);
  }

  levels(): readonly number[] {
    return (this.#fallback ?? this.#search).levels();
  }

  noticed(): string {
    return this.#fallback === null ? this.#search.noticed(this.#dispersion.index) : this.#fallback.noticed();
  }

  save(): Json {
    return {
      fallback: this.#fallback?.save() ?? null,
      traces: this.#recorded.map(({ timesMs, ...rest }) => ({ ...rest, times: encodeTimes(timesMs) })),
      dispersion: this.#dispersion.save(),
      surface: this.#surface.save(),
      multipliers: this.#replay.save(),
      latency: this.#latency.save(),
      search: this.#search.save(),
    };
  }

  restore(state: unknown): void {
    const saved = stateSchema.parse(state);
    this.#recorded = saved.traces.map(({ times, ...rest }) => ({ ...rest, timesMs: decodeTimes(times) }));
    this.#dispersion.restore(saved.dispersion);
    const { mean, settled = mean, covariance } = saved.surface;
    const { physics } = saved.search.physics;
    this.#surface.assume(this.#machines.map((machine) => actualServer(machine, physics)));
    this.#surface.restore({ mean, settled, covariance });
    this.#replay.restore(saved.multipliers);
    this.#latency.setTraces(this.#traces(), this.#load.rateRps, true);
    this.#latency.restore(saved.latency, physics);
    this.#search.restore(saved.search, this.#load.level);
    this.#fallback = saved.fallback === null ? null : this.#variant.fallback(this.#context, this.#load);
    this.#fallback?.restore(saved.fallback);
  }

  /** Keeps a window's arrivals while there are too few: whole windows first, parts until there is one. */
  #record(trace: Recorded): void {
    const whole = this.#recorded.filter((one) => !one.short);
    if (whole.length >= this.#variant.traces || (trace.short && whole.length > 0)) return;
    const kept = trace.short ? this.#recorded : whole;
    const first = kept.length === 0;
    this.#recorded = [...kept, { ...trace, timesMs: trace.timesMs.slice() }].slice(-this.#variant.traces);
    this.#latency.setTraces(this.#traces(), this.#load.rateRps, first);
  }

  /** Recorded arrivals at the present rate: stretched where they were recorded at another. */
  #traces(): RecordedTrace[] {
    const { level, rateRps } = this.#load;
    if (this.#recorded.length === 0) {
      const random = this.#context.random.split(`arrivals ${level}`);
      return [poissonTrace(UNSEEN_LOAD * rateRps, MADE_UP.requests, MADE_UP.warmup, random)];
    }
    return this.#recorded.map((trace) => {
      const stretch = trace.rateRps / rateRps;
      const near = Math.abs(Math.log(stretch)) < SAME_RATE;
      return near ? trace : { warmup: trace.warmup, timesMs: trace.timesMs.map((time) => time * stretch) };
    });
  }

  #usdPerHour(i: number, expected: { readonly batch: number; readonly serviceMs: number }): number {
    const configuration = this.candidates.configurations[i];
    const server = this.candidates.servers[i];
    if (configuration === undefined || server === undefined) return Number.POSITIVE_INFINITY;
    return predictedUsdPerHour(this.#context, configuration, server, { rateRps: this.#load.rateRps, ...expected });
  }
}

/** Traces whose rates differ by less than this, in logs, are of one load: bursts make windows differ. */
const SAME_RATE = 0.25;
