// What is tuned in the live bench: the lattice, the objective, the arrivals, and the prior measured on these very servers.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenScenario, openScenario, scenarioSchema } from "../../environments/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { findDataFile } from "../../src/store/index.ts";
import { openWorkload, type WorkloadSpec, workloadSchema } from "../../src/workload/index.ts";

/** Values of each knob. */
export interface LiveLattice {
  readonly concurrency: readonly number[];
  readonly intraOpThreads: readonly number[];
  readonly maxBatchSize: readonly number[];
  readonly maxBatchDelayMs: readonly number[];
}

/** 63 configurations that do not ask for more threads than there are cores. */
export const LIVE_LATTICE: LiveLattice = {
  concurrency: [1, 2],
  intraOpThreads: [1, 2],
  maxBatchSize: [1, 2, 4, 8, 16, 32],
  maxBatchDelayMs: [0, 3, 8, 20],
};

/** Cores the lattice is made for. */
const CORES = 2;

/** A measured point of the servers. */
export interface MeasuredPoint {
  readonly intraOpThreads: number;
  readonly batch: number;
  readonly serviceMs: number;
}

/** What the task is made from. */
export interface LiveTaskOptions {
  readonly lattice: LiveLattice;
  readonly points: readonly MeasuredPoint[];
  readonly percentile: number;
  readonly sloMs: number;
  readonly initial: Readonly<Record<string, number>>;
  readonly workload: WorkloadSpec;
  readonly dataFolder: string | null;
  /** Requests of a window. */
  readonly requests: number;
  /** Length of a window. */
  readonly windowS: number;
}

/** Where arrivals come from. */
export interface LiveArrivals {
  readonly source: string;
  readonly spec: WorkloadSpec;
  /** Seconds of the workload, from its start on. */
  readonly meanRateRps: number;
  /** Times of arrivals in s, of as long as it takes for that many requests. */
  times(requests: number): Promise<Float64Array>;
}

const TRACE = "twitter-2021-08/per_second.csv.gz";

/** An evening hour of the trace's second day, with bursts in it. */
const TRACE_START_S = 158_400;

async function arrivalsOf(source: string, spec: WorkloadSpec, dataFolder: string | null): Promise<LiveArrivals> {
  const workload = await openWorkload(spec, { baseFolder: process.cwd(), dataFolder });
  return {
    source,
    spec,
    meanRateRps: workload.meanRateRps,
    async times(requests) {
      const times = new Float64Array(requests);
      const open = workload.open(new SeededRandom(1).split("arrivals"));
      for (let filled = 0; filled < requests; ) {
        const added = open.fill(times.subarray(filled));
        if (added === 0) throw new RangeError(`arrivals: expected ${requests} requests, found ${filled}`);
        filled += added;
      }
      return times;
    },
  };
}

/** A slice of the real trace, or where its data is missing of a model like it, saying which. */
export async function liveArrivals(dataFolder: string | null): Promise<LiveArrivals> {
  const { path } = await findDataFile(TRACE, { baseFolder: process.cwd(), dataFolder });
  if (path !== null) {
    const spec = workloadSchema.parse({ trace: path, startS: TRACE_START_S, durationS: 3600 });
    return arrivalsOf(`twitter-2021-08, from second ${TRACE_START_S} on`, spec, dataFolder);
  }
  const spec = workloadSchema.parse({ model: "mmpp", ratesRps: [45, 90], meanSojournS: [20, 5], durationS: 3600 });
  return arrivalsOf("a two-state Markov-modulated model: the trace is not there (TRIMTAB_DATA)", spec, dataFolder);
}

/** The tuning task. */
export async function liveTask(options: LiveTaskOptions): Promise<OpenScenario> {
  const folder = await mkdtemp(join(tmpdir(), "trimtab-live-"));
  try {
    const rows = options.points.map(
      ({ intraOpThreads, batch, serviceMs }) => `${intraOpThreads},${batch},${serviceMs}`,
    );
    await writeFile(join(folder, "points.csv"), ["intraOpThreads,batch,serviceMs", ...rows].join("\n"));
    const scenario = scenarioSchema.parse({
      name: "live",
      workload: options.workload,
      slo: [{ percentile: options.percentile, latencyMs: options.sloMs }],
      objective: { minimize: "latency" },
      models: [{ name: "mlp", profiles: { host: { file: "points.csv" } } }],
      host: { cores: CORES, usdPerCoreHour: 1, usdPerModelInstanceHour: 0.25 },
      knobs: options.lattice,
      initial: options.initial,
      prior: { points: options.points },
      window: { requests: options.requests, warmup: 0 },
      intervalS: options.windowS,
    });
    return await openScenario({ scenario, folder, path: "live" }, { dataFolder: options.dataFolder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
