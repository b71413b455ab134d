// The best configurations and what methods kept, measured again in turn, on servers that stay.
//
// a window is cut into parts; each configuration serves a part before any serves the next, so that what slows the machine for
// a while slows all of them; servers of every kind run from the start to the end, those whose turn it is not are idle

import type { Configuration } from "../../src/core/index.ts";
import { type LiveCluster, serversOf } from "./cluster.ts";
import { objectiveOf } from "./searching.ts";

/** Parts of a window. */
const PARTS = 3;

/** What is measured. */
export interface SideBySideOptions {
  /** Opens a cluster for one kind of servers. */
  readonly open: () => Promise<LiveCluster>;
  readonly configurations: readonly Configuration[];
  /** Of a window. */
  readonly timesMs: readonly number[];
  /** Windows of each configuration. */
  readonly rounds: number;
  readonly onProgress: (share: number) => void;
}

/** Latencies at the objective's percentile. Shape [configurations, rounds · parts] */
export interface SideBySide {
  readonly latenciesMs: readonly (readonly number[])[];
  readonly generatorLagP99Ms: number;
}

/** Arrivals of each part, from its own start on. */
function partsOf(timesMs: readonly number[]): number[][] {
  const lengthMs = (timesMs.at(-1) ?? 0) / PARTS;
  return Array.from({ length: PARTS }, (_, part) =>
    timesMs
      .filter((timeMs) => Math.min(PARTS - 1, Math.floor(timeMs / lengthMs)) === part)
      .map((timeMs) => timeMs - part * lengthMs),
  );
}

/** Measures configurations in turn. */
export async function measureSideBySide(options: SideBySideOptions): Promise<SideBySide> {
  const { open, configurations, timesMs, rounds, onProgress } = options;
  const clusters = new Map<string, LiveCluster>();
  const latenciesMs: number[][] = configurations.map(() => []);
  const parts = partsOf(timesMs);
  const serve = async (configuration: Configuration, part: number): Promise<number> => {
    const cluster = clusters.get(serversOf(configuration)) ?? (await open());
    clusters.set(serversOf(configuration), cluster);
    await cluster.apply(configuration);
    const { metrics } = await cluster.serve(parts[part] ?? []);
    return objectiveOf(metrics) ?? Number.POSITIVE_INFINITY;
  };
  try {
    // Servers start, and their code is compiled, before anything counts.
    for (const configuration of configurations) await serve(configuration, 0);
    for (let turn = 0; turn < rounds * PARTS; turn++) {
      const order = configurations.map((_, i) => (turn % 2 === 0 ? i : configurations.length - 1 - i));
      for (const i of order) latenciesMs[i]?.push(await serve(configurations[i] ?? {}, turn % PARTS));
      onProgress((turn + 1) / (rounds * PARTS));
    }
    const generatorLagP99Ms = Math.max(0, ...[...clusters.values()].map(({ lagP99Ms }) => lagP99Ms));
    return { latenciesMs, generatorLagP99Ms };
  } finally {
    for (const cluster of clusters.values()) await cluster.close();
  }
}
