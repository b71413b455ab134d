// Service times, and latencies of configurations, as real servers have them.

import type { OpenScenario } from "../../environments/index.ts";
import type { Configuration } from "../../src/core/index.ts";
import type { LiveCluster } from "./cluster.ts";
import { objectiveOf } from "./searching.ts";
import type { LiveLattice, MeasuredPoint } from "./task.ts";

/** A configuration and the latency of its one window. */
export interface Listed {
  readonly configuration: Configuration;
  readonly latencyMs: number;
}

/** Batches that come at once: a server that is busy, as it is in a window. After an idle moment they take up to three times as long. */
const BURST_BATCHES = 8;

/** Requests of a round, and the least bursts. Code goes on being compiled for some thousands: a first round is left out. */
const ROUND_REQUESTS = 3000;
const LEAST_BURSTS = 12;

/** Time for a burst to be served before the next comes, at the least and per row of a batch. */
const APART_MS = { least: 20, perRow: 4 };

/** Batches of one size, a few right after one another: their mean service time. */
async function servicePoint(
  cluster: LiveCluster,
  intraOpThreads: number,
  batch: number,
  maxBatchDelayMs: number,
): Promise<MeasuredPoint> {
  await cluster.apply({ concurrency: 1, intraOpThreads, maxBatchSize: batch, maxBatchDelayMs });
  const perBurst = BURST_BATCHES * batch;
  const bursts = Math.max(LEAST_BURSTS, Math.ceil(ROUND_REQUESTS / perBurst));
  const apartMs = APART_MS.least + APART_MS.perRow * batch;
  const times = Array.from({ length: bursts * perBurst }, (_, i) => Math.floor(i / perBurst) * apartMs);
  await cluster.serve(times);
  const { metrics } = await cluster.serve(times);
  const sizes = [...(metrics.service?.byBatch ?? [])].sort((a, b) => b.batchSize - a.batchSize);
  const [largest] = sizes;
  if (largest === undefined) throw new Error("bench: expected batches served, found none");
  return { intraOpThreads, batch: largest.batchSize, serviceMs: largest.meanMs };
}

/** Service times at six points of the lattice. */
export async function measurePrior(cluster: LiveCluster, lattice: LiveLattice): Promise<MeasuredPoint[]> {
  const points = new Map<string, MeasuredPoint>();
  const { maxBatchSize } = lattice;
  const sizes = [maxBatchSize[0] ?? 1, maxBatchSize[maxBatchSize.length >> 1] ?? 1, maxBatchSize.at(-1) ?? 1];
  for (const threads of lattice.intraOpThreads) {
    for (const batch of new Set(sizes)) {
      const delays = batch === 1 ? lattice.maxBatchDelayMs.slice(0, 1) : lattice.maxBatchDelayMs.slice(-1);
      const point = await servicePoint(cluster, threads, batch, delays[0] ?? 0);
      points.set(`${point.intraOpThreads} ${point.batch}`, point);
    }
  }
  return [...points.values()];
}

/** What so many servers can do at best. */
export function capacityRps(points: readonly MeasuredPoint[], concurrency: number): number {
  return Math.max(...points.map(({ batch, serviceMs }) => (1000 * concurrency * batch) / serviceMs / 2));
}

/** Every configuration once, in an order in which servers are started anew as seldom as can be. */
export async function measureAll(
  open: OpenScenario,
  cluster: LiveCluster,
  timesMs: readonly number[],
  onOne: (done: number) => void,
): Promise<Listed[]> {
  const listed: Listed[] = [];
  for (const configuration of open.lattice.all()) {
    await cluster.apply(configuration);
    const { metrics } = await cluster.serve(timesMs);
    listed.push({ configuration, latencyMs: objectiveOf(metrics) ?? Number.POSITIVE_INFINITY });
    onOne(listed.length);
  }
  return listed.sort((a, b) => a.latencyMs - b.latencyMs);
}
