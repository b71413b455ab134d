// The latest windows of a cluster in memory, for charts: read once from its decision log, then kept up by its loop.

import { z } from "zod";
import type { ControlLoop } from "../control/index.ts";
import { type Configuration, type DecisionRecord, outcomes } from "../core/index.ts";
import { sameConfiguration } from "../spaces/index.ts";
import { type AppendLog, configurationSchema } from "../store/index.ts";

/** Windows kept: two days of one every ten seconds. */
export const TIMELINE_WINDOWS = 17_280;

/** Records read from the log at a time; the loop goes on in between. */
const PAGE = 500;

/** One decision as a chart shows it. */
export interface TimelineRow {
  /** Number of the decision in its log. */
  readonly number: number;
  readonly id: string;
  readonly timeS: number;
  readonly outcome: DecisionRecord["outcome"];
  readonly actor: DecisionRecord["actor"];
  readonly reason: string;
  readonly guards: readonly string[];
  /** What is to be in force from now on. */
  readonly target: Configuration | null;
  /** Whether that differs from what was to be before. */
  readonly changed: boolean;
  /** Null for a command, and for a pass that saw nothing. */
  readonly window: TimelineWindow | null;
}

/** What a window measured. */
export interface TimelineWindow {
  readonly durationS: number;
  readonly requests: number;
  readonly rateRps: number;
  readonly forecastRps: number | null;
  readonly objectiveMs: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly missRatio: number | null;
  readonly offloadedShare: number;
  readonly utilization: number;
  readonly costUsdPerHour: number;
  readonly costUsd: number;
  readonly fleet: Readonly<
    Record<string, { readonly ready: number; readonly launching: number; readonly spot: number }>
  >;
  readonly configuration: Configuration;
}

const latencySchema = z.object({
  objectiveMs: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  missRatio: z.number(),
});

const recordSchema = z.object({
  id: z.string(),
  timeS: z.number(),
  outcome: z.enum(outcomes),
  actor: z.enum(["agent", "optimizer", "guard", "operator"]),
  reason: z.string(),
  guards: z.array(z.object({ guard: z.string() })).readonly(),
  applied: configurationSchema.nullable(),
  observation: z
    .object({
      metrics: z.object({
        durationS: z.number(),
        requests: z.number(),
        arrivalRateRps: z.number(),
        latency: latencySchema.nullable(),
        offloadedShare: z.number(),
        utilization: z.number(),
        costUsdPerHour: z.number(),
        costUsd: z.number(),
      }),
      configuration: configurationSchema,
      inFlight: configurationSchema.nullable(),
      fleet: z.record(z.string(), z.object({ ready: z.number(), launching: z.number(), spot: z.number() })),
      /** Records of before there were forecasts in them have none. */
      forecastRps: z.number().nullable().default(null),
    })
    .nullable(),
});
type ReadRecord = z.output<typeof recordSchema>;

function windowOf(observation: NonNullable<ReadRecord["observation"]>): TimelineWindow {
  const { metrics, configuration, fleet, forecastRps } = observation;
  const { latency, arrivalRateRps, durationS, requests, offloadedShare, utilization } = metrics;
  return {
    durationS,
    requests,
    rateRps: arrivalRateRps,
    forecastRps,
    objectiveMs: latency?.objectiveMs ?? null,
    p50Ms: latency?.p50Ms ?? null,
    p99Ms: latency?.p99Ms ?? null,
    missRatio: latency?.missRatio ?? null,
    offloadedShare,
    utilization,
    costUsdPerHour: metrics.costUsdPerHour,
    costUsd: metrics.costUsd,
    fleet,
    configuration,
  };
}

/** Windows of one cluster, oldest first. */
export class ClusterTimeline {
  readonly #rows: TimelineRow[] = [];
  #waiting: DecisionRecord[] | null = [];
  readonly #unsubscribe: () => void;
  readonly ready: Promise<void>;

  constructor(loop: ControlLoop, log: AppendLog) {
    this.#unsubscribe = loop.subscribe((event) => {
      if (event.type !== "decision") return;
      if (this.#waiting === null) this.#add(event.record);
      else this.#waiting.push(event.record);
    });
    this.ready = this.#load(log);
    // Whoever asks is told; nobody may be asking.
    this.ready.catch(() => this.close());
  }

  /** All rows, oldest first. */
  get rows(): readonly TimelineRow[] {
    return this.#rows;
  }

  /** Rows of a span of cluster time, both ends included. */
  between(fromS: number, toS: number): readonly TimelineRow[] {
    return this.#rows.filter(({ timeS }) => timeS >= fromS && timeS <= toS);
  }

  /** Follows the loop no more. */
  close(): void {
    this.#unsubscribe();
  }

  async #load(log: AppendLog): Promise<void> {
    let next = Math.max(0, log.length - TIMELINE_WINDOWS);
    while (next < log.length) {
      const entries = await log.read(next, PAGE);
      for (const { record } of entries) this.#add(recordSchema.parse(record));
      next += entries.length;
      if (entries.length === 0) break;
    }
    for (const record of this.#waiting ?? []) this.#add(record);
    this.#waiting = null;
  }

  #add(record: DecisionRecord | ReadRecord): void {
    const number = Number(record.id.slice(record.id.lastIndexOf("-") + 1));
    const last = this.#rows.at(-1);
    if (last !== undefined && number <= last.number) return;
    const { id, timeS, outcome, actor, reason, guards, applied, observation } = record;
    const before = last?.target ?? null;
    const target = applied ?? observation?.inFlight ?? observation?.configuration ?? before;
    this.#rows.push({
      number,
      id,
      timeS,
      outcome,
      actor,
      reason,
      guards: guards.map(({ guard }) => guard),
      target,
      changed: before !== null && target !== null && !sameConfiguration(before, target),
      window: observation === null ? null : windowOf({ ...observation, forecastRps: observation.forecastRps ?? null }),
    });
    if (this.#rows.length > TIMELINE_WINDOWS) this.#rows.splice(0, this.#rows.length - TIMELINE_WINDOWS);
  }
}

/** Timelines of the clusters that are looked at. */
export class Timelines {
  readonly #byLoop = new WeakMap<ControlLoop, ClusterTimeline>();

  /** The timeline of a cluster, read from its log the first time. @throws {StoreError} when the log is damaged */
  async of({
    loop,
    logs,
  }: {
    readonly loop: ControlLoop;
    readonly logs: { readonly decisions: AppendLog };
  }): Promise<ClusterTimeline> {
    const known = this.#byLoop.get(loop) ?? new ClusterTimeline(loop, logs.decisions);
    this.#byLoop.set(loop, known);
    await known.ready;
    return known;
  }
}
