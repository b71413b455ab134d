// Notices when the replays have the machine wrong: hypotheses about limits nobody configured, tested on recorded windows.
//
// window: measured log tail latency, log mean latency and log mean batch, against a replay of its own arrivals
//   e² = (Δtail/.1)² + (Δmean/.05)² + (Δbatch/.03)², at most 100
// hypotheses: no more than n model instances run at once; no batch is larger than b
// adopted: Σ e² under it lower by 25 than under the present belief, and below 9 a window
// Source: model criticism by discrepancy, G. Box, "Sampling and Bayes' inference in scientific modelling", 1980.

import { z } from "zod";
import type { BatchServer } from "../src/slowdown/index.ts";
import { decodeTimes, encodeTimes, type RecordedTrace, type Replayed } from "./replay.ts";

/** Limits the cluster seems to have whatever is configured; null for none. */
export interface Physics {
  readonly mostAtOnce: number | null;
  readonly mostPerBatch: number | null;
}

/** Nothing but what is configured. */
export const AS_CONFIGURED: Physics = { mostAtOnce: null, mostPerBatch: null };

/** JSON form of a belief. */
export const physicsSchema = z.object({ mostAtOnce: z.number().nullable(), mostPerBatch: z.number().nullable() });

/** A recorded window and what was measured in it. */
export interface Evidence {
  readonly index: number;
  readonly trace: RecordedTrace;
  readonly logTail: number;
  readonly logMean: number;
  readonly logBatch: number;
}

const evidenceSchema = z.object({
  index: z.number().int(),
  warmup: z.number().int(),
  times: z.string(),
  logTail: z.number(),
  logMean: z.number(),
  logBatch: z.number(),
});

/** JSON form of the test. */
export const physicsTestSchema = z.object({ physics: physicsSchema, windows: z.array(evidenceSchema) });

/** Windows kept as evidence. */
const MOST_WINDOWS = 8;

/** Relative errors of a replay that count as one: of the tail, the mean and the batch size. */
const TAIL_ERROR = 0.1;
const MEAN_ERROR = 0.05;
const BATCH_ERROR = 0.03;
const MOST_ERROR = 100;

/** A window whose error is above this makes the test run. */
const SUSPICIOUS = 16;

/** Least improvement, and largest error a window left, for a hypothesis to be adopted. */
const LEAST_IMPROVEMENT = 25;
const EXPLAINED = 9;

/** The server as it really runs, if the belief holds. */
export function actualServer(server: BatchServer, { mostAtOnce, mostPerBatch }: Physics): BatchServer {
  if (mostAtOnce === null && mostPerBatch === null) return server;
  const instances = Math.min(server.instances, mostAtOnce ?? Number.POSITIVE_INFINITY);
  const occupancy = Number.isFinite(server.instances) ? server.occupancy * (instances / server.instances) : 0;
  const maxBatch = Math.min(server.maxBatch, mostPerBatch ?? Number.POSITIVE_INFINITY);
  return { ...server, instances, occupancy, maxBatch };
}

/** The belief in words; null for none. */
export function describePhysics({ mostAtOnce, mostPerBatch }: Physics): string | null {
  if (mostAtOnce !== null) return `behaves as if at most ${mostAtOnce} model instances ran at once`;
  if (mostPerBatch !== null) return `behaves as if no batch were larger than ${mostPerBatch}`;
  return null;
}

/** Squared discrepancy of a replay from a window. */
export function discrepancy(window: Evidence, replayed: Replayed): number {
  const tail = (window.logTail - replayed.logLatency) / TAIL_ERROR;
  const mean = (window.logMean - replayed.logMean) / MEAN_ERROR;
  const batch = (window.logBatch - Math.log(replayed.meanBatch)) / BATCH_ERROR;
  return Math.min(MOST_ERROR, tail * tail + mean * mean + batch * batch);
}

/** Replays a window's arrivals on the server of configuration i under a belief. */
export type ReplayUnder = (i: number, trace: RecordedTrace, physics: Physics) => Replayed;

/** The test of one search. */
export class PhysicsTest {
  readonly #servers: readonly BatchServer[];
  readonly #hypotheses: readonly Physics[];
  #windows: Evidence[] = [];
  physics: Physics = AS_CONFIGURED;
  /** Mean discrepancy of the windows kept under the present belief; 0 before any. */
  unexplained = 0;

  constructor(servers: readonly BatchServer[], batchSizes: readonly number[]) {
    this.#servers = servers;
    const counts = [...new Set(servers.map((server) => server.instances))]
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    const most = counts.at(-1) ?? 1;
    this.#hypotheses = [
      AS_CONFIGURED,
      ...Array.from({ length: Math.max(0, most - 1) }, (_, n) => ({ mostAtOnce: n + 1, mostPerBatch: null })),
      ...batchSizes.slice(0, -1).map((size) => ({ mostAtOnce: null, mostPerBatch: size })),
    ];
  }

  get windows(): readonly Evidence[] {
    return this.#windows;
  }

  /** Takes a window. @returns whether the belief changed */
  test(window: Evidence, replayed: Replayed, replay: ReplayUnder): boolean {
    this.#windows = [...this.#windows, window].slice(-MOST_WINDOWS);
    if (discrepancy(window, replayed) < SUSPICIOUS) return false;
    const errors = this.#hypotheses.map((physics) => this.#error(physics, replay));
    const present = this.#hypotheses.findIndex((one) => same(one, this.physics));
    let best = present;
    errors.forEach((error, h) => {
      if (error < (errors[best] ?? 0)) best = h;
    });
    const presentError = errors[present] ?? 0;
    const bestError = errors[best] ?? 0;
    const explained = bestError / this.#windows.length < EXPLAINED;
    const adopted = best !== present && explained && presentError - bestError > LEAST_IMPROVEMENT;
    if (adopted) this.physics = this.#hypotheses[best] ?? AS_CONFIGURED;
    this.unexplained = (adopted ? bestError : presentError) / this.#windows.length;
    return adopted;
  }

  /** The system changed: windows from before are no evidence. */
  forget(): void {
    this.#windows = this.#windows.slice(-1);
  }

  save(): z.input<typeof physicsTestSchema> {
    const windows = this.#windows.map(({ trace, ...rest }) => ({
      ...rest,
      warmup: trace.warmup,
      times: encodeTimes(trace.timesMs),
    }));
    return { physics: { ...this.physics }, windows };
  }

  restore(saved: z.infer<typeof physicsTestSchema>): void {
    this.physics = saved.physics;
    this.#windows = saved.windows.map(({ warmup, times, ...rest }) => ({
      ...rest,
      trace: { warmup, timesMs: decodeTimes(times) },
    }));
  }

  /** Sum of discrepancies; windows a belief does not touch are replayed under none. */
  #error(physics: Physics, replay: ReplayUnder): number {
    let sum = 0;
    for (const window of this.#windows) {
      const server = this.#servers[window.index];
      const touched = server !== undefined && !sameServer(server, actualServer(server, physics));
      sum += discrepancy(window, replay(window.index, window.trace, touched ? physics : AS_CONFIGURED));
    }
    return sum;
  }
}

function same(a: Physics, b: Physics): boolean {
  return a.mostAtOnce === b.mostAtOnce && a.mostPerBatch === b.mostPerBatch;
}

function sameServer(a: BatchServer, b: BatchServer): boolean {
  return a.instances === b.instances && a.maxBatch === b.maxBatch;
}
