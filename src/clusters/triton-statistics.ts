// Triton's statistics extension: how long batches of each size took, differenced from window to window.
//
// A load of the model starts its statistics anew. They then tell of the time since, which is what is wanted: service
// times of the configuration now in force.

import { z } from "zod";
import { ObservationError, type ServiceMetrics } from "../core/index.ts";
import type { Clock } from "./adapter-entry.ts";
import type { ServerClient } from "./server-client.ts";

// 64-bit counts come as numbers; as texts where they went through proto3 JSON.
const count = z.union([z.number().nonnegative(), z.string().regex(/^\d+$/).transform(Number)]);
const timed = z.object({ count, ns: count });

const statisticsSchema = z.object({
  model_stats: z
    .array(
      z.object({
        version: z.string(),
        last_inference: count,
        batch_stats: z
          .array(z.object({ batch_size: count, compute_input: timed, compute_infer: timed, compute_output: timed }))
          .default([]),
      }),
    )
    .min(1),
});

const configSchema = z.object({ instance_group: z.array(z.object({ count: z.number().int() })).min(1) });

/** Batches of one size so far, and how long they took together. */
interface SizeTotal {
  readonly batches: number;
  readonly ns: number;
}

interface Snapshot {
  readonly timeS: number;
  readonly bySize: ReadonlyMap<number, SizeTotal>;
}

/** Reads the statistics of one model. */
export class BatchStatistics {
  readonly #client: ServerClient;
  readonly #model: string;
  readonly #clock: Clock;
  /** Where the next window starts. */
  #from: Snapshot | null = null;
  #seen: Snapshot | null = null;

  constructor(client: ServerClient, model: string, clock: Clock) {
    this.#client = client;
    this.#model = model;
    this.#clock = clock;
  }

  /**
   * Service times and the busy share of the model's instances since the last commit, or since the model was loaded.
   * @throws {ObservationError} when the statistics cannot be read
   */
  async read(): Promise<{ readonly service: ServiceMetrics | null; readonly utilization: number }> {
    const { instance_group } = await this.#client.readJson(`v2/models/${this.#model}/config`, configSchema);
    const now = await this.look();
    const instances = instance_group.reduce((sum, group) => sum + group.count, 0);
    return between(this.#from ?? now, now, instances);
  }

  /** Sees whether the model was loaded anew; called now and then, so that the time of a load is known. */
  async look(): Promise<Snapshot> {
    const { model_stats } = await this.#client.readJson(`v2/models/${this.#model}/stats`, statisticsSchema);
    const [stats, other] = model_stats;
    if (stats === undefined || other !== undefined) {
      const versions = model_stats.map(({ version }) => version).join(", ");
      throw new ObservationError(`${this.#model}: statistics: expected one version, found ${versions}`);
    }
    const bySize = new Map<number, SizeTotal>();
    for (const { batch_size, compute_input, compute_infer, compute_output } of stats.batch_stats) {
      const ns = compute_input.ns + compute_infer.ns + compute_output.ns;
      bySize.set(batch_size, { batches: compute_infer.count, ns });
    }
    const now: Snapshot = { timeS: this.#clock.nowMs() / 1000, bySize };
    const before = this.#seen;
    const back = ([size, { batches }]: [number, SizeTotal]): boolean => (bySize.get(size)?.batches ?? 0) < batches;
    if (before !== null && [...before.bySize].some(back)) this.#from = { timeS: before.timeS, bySize: new Map() };
    this.#seen = now;
    return now;
  }

  /** What was seen last is told. */
  commit(): void {
    this.#from = this.#seen;
  }
}

function between(before: Snapshot, now: Snapshot, instances: number) {
  const byBatch = [...now.bySize]
    .map(([batchSize, total]) => {
      const past = before.bySize.get(batchSize);
      const batches = total.batches - (past?.batches ?? 0);
      return { batchSize, batches, totalMs: (total.ns - (past?.ns ?? 0)) / 1e6 };
    })
    .filter(({ batches }) => batches > 0)
    .sort((a, b) => a.batchSize - b.batchSize);
  const batches = byBatch.reduce((sum, one) => sum + one.batches, 0);
  const totalMs = byBatch.reduce((sum, one) => sum + one.totalMs, 0);
  const readyMs = (now.timeS - before.timeS) * 1000 * instances;
  const means = byBatch.map(({ totalMs: ms, ...one }) => ({ ...one, meanMs: ms / one.batches }));
  const service: ServiceMetrics | null = batches > 0 ? { meanMs: totalMs / batches, byBatch: means } : null;
  return { service, utilization: readyMs > 0 ? Math.min(1, totalMs / readyMs) : 0 };
}
