// Measures the points of the prior on a running cluster: a few configurations, a window each, within a bounded time.
//
// the fewest and the most threads (or cards) by the smallest and the largest batch; what ran is put back whatever happens

import type { ClusterAdapter, ClusterState, Configuration, KnobLattice } from "../core/index.ts";
import { sameConfiguration } from "../spaces/index.ts";

/** Knobs that make one request faster. */
const speedKnobs = ["intraOpThreads", "tensorParallel"] as const;

/** Batches of one size from which on their mean service time counts. */
const LEAST_BATCHES = 20;

/** A measured point, as a cluster file writes it. */
export interface MeasuredPoint {
  readonly intraOpThreads?: number;
  readonly tensorParallel?: number;
  readonly batch: number;
  readonly serviceMs: number;
}

/** What became of one configuration of the plan. */
export interface ProfileStep {
  readonly configuration: Configuration;
  readonly points: readonly MeasuredPoint[];
  /** Why there are none, or fewer than hoped for; null where all is well. */
  readonly fault: string | null;
}

/** What a run may do and take. */
export interface ProfileRunOptions {
  readonly windowS: number;
  /** Of the cluster's time, putting back not counted. */
  readonly withinS: number;
  readonly lattice: KnobLattice;
  readonly affordable: (configuration: Configuration) => boolean;
  readonly onStep: (step: ProfileStep) => void;
  /** Ends the run early. */
  readonly signal?: AbortSignal;
}

function extremes(lattice: KnobLattice, name: string): readonly number[] {
  const values = lattice.knobs.find((knob) => knob.name === name)?.values ?? [];
  const numbers = values.filter((value) => typeof value === "number").sort((a, b) => a - b);
  return [...new Set([...numbers.slice(0, 1), ...numbers.slice(-1)])];
}

/** The configurations to measure: what runs, with the ends of its speed and batch knobs, as far as they can run. */
export function profilePlan(lattice: KnobLattice, running: Configuration): readonly Configuration[] {
  let plan: readonly Configuration[] = [running];
  for (const name of [...speedKnobs, "maxBatchSize"]) {
    const values = extremes(lattice, name);
    if (values.length > 0) plan = plan.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
  }
  const inside = plan.map((point) => lattice.nearest(point));
  return inside.filter((point, i) => inside.findIndex((other) => sameConfiguration(other, point)) === i);
}

function pointsOf({ metrics, configuration }: ClusterState): readonly MeasuredPoint[] {
  const speed = Object.fromEntries(
    speedKnobs.flatMap((name) => (typeof configuration[name] === "number" ? [[name, configuration[name]]] : [])),
  );
  const { service, meanBatchSize } = metrics;
  if (service === null) return [];
  const known = (service.byBatch ?? []).filter(({ batches }) => batches >= LEAST_BATCHES);
  const first = known.reduce((a, b) => (b.batchSize < a.batchSize ? b : a), known[0] ?? { batchSize: 0, meanMs: 0 });
  const last = known.reduce((a, b) => (b.batchSize > a.batchSize ? b : a), first);
  if (known.length === 0) {
    const batch = meanBatchSize === null ? null : Number(meanBatchSize.toFixed(2));
    return batch === null ? [] : [{ ...speed, batch, serviceMs: Number(service.meanMs.toPrecision(5)) }];
  }
  return [...new Set([first, last])].map(({ batchSize, meanMs }) => {
    return { ...speed, batch: batchSize, serviceMs: Number(meanMs.toPrecision(5)) };
  });
}

/** One whole window in a configuration; null when it does not come into force in time. */
async function windowIn(
  adapter: ClusterAdapter,
  configuration: Configuration,
  windowS: number,
  left: () => boolean,
): Promise<ClusterState | null> {
  await adapter.apply(configuration);
  let settled = false;
  while (left()) {
    await adapter.advance(windowS);
    const state = await adapter.observe();
    const inForce = state.inFlight === null && sameConfiguration(state.configuration, configuration);
    if (settled && inForce) return state;
    // The window it came into force in is part one, part the other.
    settled = inForce;
  }
  return null;
}

/**
 * Measures a plan. A configuration that is refused, too dear or late is told of and passed over.
 * @returns every point, one for each setting and batch size
 * @throws {ObservationError} when the cluster cannot be observed
 * @throws {ActuationError} when what ran cannot be put back
 */
export async function measurePoints(
  adapter: ClusterAdapter,
  options: ProfileRunOptions,
): Promise<readonly MeasuredPoint[]> {
  const { windowS, withinS, lattice, affordable, onStep, signal } = options;
  const before = (await adapter.observe()).configuration;
  const points = new Map<string, MeasuredPoint>();
  let usedS = 0;
  const timed: ClusterAdapter = {
    knobs: adapter.knobs,
    observe: () => adapter.observe(),
    apply: (configuration) => adapter.apply(configuration),
    advance: (seconds) => {
      usedS += seconds;
      return adapter.advance(seconds);
    },
    close: () => adapter.close(),
  };
  const left = (): boolean => usedS + windowS <= withinS && signal?.aborted !== true;
  try {
    for (const configuration of profilePlan(lattice, before)) {
      const step = { configuration, points: [] };
      if (!left()) onStep({ ...step, fault: "no time left" });
      else if (!affordable(configuration)) onStep({ ...step, fault: "over the budget" });
      else {
        const measured = await measureStep(timed, configuration, windowS, left);
        for (const point of measured.points) {
          const { serviceMs: _, ...setting } = point;
          points.set(JSON.stringify(setting), point);
        }
        onStep(measured);
      }
    }
  } finally {
    await adapter.apply(before);
  }
  return [...points.values()];
}

async function measureStep(
  adapter: ClusterAdapter,
  configuration: Configuration,
  windowS: number,
  left: () => boolean,
): Promise<ProfileStep> {
  try {
    const state = await windowIn(adapter, configuration, windowS, left);
    if (state === null) return { configuration, points: [], fault: "not in force for a whole window in time" };
    const points = pointsOf(state);
    return { configuration, points, fault: points.length === 0 ? "the cluster told no service time" : null };
  } catch (error) {
    return { configuration, points: [], fault: error instanceof Error ? error.message : String(error) };
  }
}
