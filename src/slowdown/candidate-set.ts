// The configurations a careful search chooses from, laid out in columns: positions, servers, predicted cost.

import { committedUsdPerHour } from "../catalogue/index.ts";
import type { AgentContext, Configuration, KnobLattice } from "../core/index.ts";
import { type BatchServer, batchServerReader, PRIOR_KNOBS, type PriorContext } from "./batch-server.ts";
import type { ConeColumns } from "./cone.ts";
import type { LatticeColumns } from "./regions.ts";
import type { TrendFeature } from "./trend.ts";

/** Everything about the candidates that does not change with load or measurements. */
export interface CandidateSet {
  readonly configurations: readonly Configuration[];
  readonly servers: readonly BatchServer[];
  readonly columns: LatticeColumns;
  readonly cone: ConeColumns;
  /** Position of a configuration; -1 when it is none of the candidates. */
  indexOf(configuration: Configuration): number;
}

/** Spreads expected of the trend: of the whole, over a shared machine, and per unit of ln r and ln B. */
const TREND_SPREADS = { whole: 0.25, sharing: 0.15, resource: 0.08, batch: 0.05 };

function trendFeatures(servers: readonly BatchServer[]): TrendFeature[] {
  const centred = (spread: number, value: (server: BatchServer) => number): TrendFeature => {
    const values = Float64Array.from(servers, value);
    const mean = values.reduce((sum, one) => sum + one, 0) / Math.max(1, values.length);
    return { spread, values: values.map((one) => one - mean) };
  };
  return [
    { spread: TREND_SPREADS.whole, values: new Float64Array(servers.length).fill(1) },
    centred(TREND_SPREADS.sharing, (server) => server.occupancy * (1 - 1 / Math.max(1, server.instances))),
    centred(TREND_SPREADS.resource, (server) => Math.log(server.resource)),
    centred(TREND_SPREADS.batch, (server) => Math.log(server.maxBatch)),
  ];
}

/** Lists every allowed configuration of a lattice. */
export function candidateSet(space: KnobLattice, context: PriorContext): CandidateSet {
  const configurations = space.all();
  const knobs = space.knobs.length;
  const positions = new Float64Array(configurations.length * knobs);
  const byKey = new Map<string, number>();
  const groups = new Map<string, number>();
  const group = new Int32Array(configurations.length);
  const delayKnob = space.knobs.findIndex((knob) => knob.name === "maxBatchDelayMs");
  const batchKnob = space.knobs.findIndex((knob) => /^(maxBatchSize|functionBatchSize)$/.test(knob.name));
  const free = space.knobs.map((knob) => ["concurrency", "replicas", "maxBatchDelayMs"].includes(knob.name));
  configurations.forEach((configuration, i) => {
    const at = space.coordinates(configuration);
    positions.set(at, i * knobs);
    byKey.set(at.join(), i);
    const key = [...at].filter((_, k) => !free[k]).join();
    if (!groups.has(key)) groups.set(key, groups.size);
    group[i] = groups.get(key) ?? 0;
  });
  const read = batchServerReader(context);
  const servers = configurations.map(read);
  return {
    configurations,
    servers,
    columns: {
      positions,
      configurations: configurations.length,
      lengths: space.knobs.map((knob) => knob.values.length),
      wide: space.knobs.map((knob) => /^(maxBatchSize|functionBatchSize|maxBatchDelayMs)$/.test(knob.name)),
      delayKnob,
      batchKnob,
      batchValues: (space.knobs[batchKnob]?.values ?? []).map(Number),
      trend: trendFeatures(servers),
    },
    cone: { instances: Float64Array.from(servers, (server) => server.instances), group },
    indexOf(configuration) {
      for (const knob of space.knobs) if (!knob.values.includes(configuration[knob.name] ?? "")) return -1;
      return byKey.get(space.coordinates(configuration).join()) ?? -1;
    },
  };
}

/** Whether the prior understands every knob of a lattice that has more than one value. */
export function priorCovers(space: KnobLattice): boolean {
  return space.knobs.every((knob) => knob.values.length === 1 || PRIOR_KNOBS.includes(knob.name));
}

/**
 * Predicted cost per hour: machines for what a configuration rents, functions by the batches expected.
 * @param serviceMs expected service time of the batch size expected
 */
export function predictedUsdPerHour(
  context: Pick<AgentContext, "catalogue" | "host">,
  configuration: Configuration,
  server: BatchServer,
  load: { readonly rateRps: number; readonly batch: number; readonly serviceMs: number },
): number {
  const { catalogue, host } = context;
  if (server.host !== "function" || catalogue.function === null) {
    return committedUsdPerHour(catalogue, host, configuration);
  }
  const { usdPerGbS, usdPerRequest, billingIncrementMs } = catalogue.function;
  const billedMs = Math.ceil(load.serviceMs / billingIncrementMs) * billingIncrementMs;
  const usdPerBatch = (billedMs / 1000) * (server.resource / 1024) * usdPerGbS + usdPerRequest;
  return (3600 * load.rateRps * usdPerBatch) / load.batch;
}
