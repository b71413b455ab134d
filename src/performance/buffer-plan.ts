// MBS's plan: requests of unlike sizes in several buffers, so that short ones are not padded to long ones.
//
// classes: sizes cut at quantiles 0 < u_1 < … < 1;  buffer i gets rate (u_i - u_{i-1}) λ;  a batch of k is padded to its
//   largest:  paid E[max of k] s(k, M),  judged at the q-quantile of that maximum, the class's q^(1/k)-quantile
// each buffer takes the cheapest (B_i, T_i) that keeps the SLO at q
// cost(u, M) = Σ_i (u_i - u_{i-1}) cost_i;   u and M by Bayesian optimisation of log cost (expected improvement)
// Source: A. Ali, R. Pinciroli, F. Yan, E. Smirni, "Optimizing Inference Serving on Serverless Platforms", PVLDB 2022.
// Differs: theirs pads to the largest of the class, which is the same for narrow classes; (B_i, T_i) by full search of each buffer's model instead of by the optimiser; `shared` asks for one (B, T) for
//   all buffers, for clusters that have one knob.

import type { Load, Random } from "../core/index.ts";
import { expectedImprovement, GaussianProcess } from "../math/index.ts";
import { type BatchingSearch, searchBatching } from "./function-batching.ts";

/** What to plan. */
export interface BufferPlanRequest extends Omit<BatchingSearch, "minimize" | "usdPerHour" | "allowed"> {
  /** Size of a request relative to the profile's, at a quantile in [0, 1]; ascending and finite. */
  readonly sizeAt: (quantile: number) => number;
  readonly maxBuffers: number;
  /** One batch size and timeout for all buffers. */
  readonly shared: boolean;
  /** Partitions tried. */
  readonly evaluations: number;
  readonly random: Random;
}

/** One buffer of a plan. */
export interface PlannedBuffer {
  /** Largest size it takes; Infinity for the last. */
  readonly upToSize: number;
  /** Share of the requests. */
  readonly share: number;
  readonly batchSize: number;
  readonly delayMs: number;
}

/** A plan and what it costs. */
export interface BufferPlan {
  readonly buffers: readonly PlannedBuffer[];
  readonly memoryMb: number;
  readonly usdPerRequest: number;
  /** Work done on padding, over all work. */
  readonly paddingShare: number;
  readonly evaluations: number;
}

interface Partition {
  /** Upper quantiles of the classes, ascending, the last 1. */
  readonly cuts: readonly number[];
  readonly memoryMb: number;
}

/** Candidates the optimiser chooses among, per buffer. */
const CANDIDATES_PER_BUFFER = 60;
const LENGTH_SCALE = 0.3;
/** A partition that keeps no SLO counts as this much worse, in log cost, than the worst so far. */
const INFEASIBLE_STEP = 0.1;
/** Sizes beyond this quantile are served, but not planned for. */
const LARGEST_QUANTILE = 0.999;

/** Points of the integral over a class. */
const CLASS_POINTS = 32;

interface Evaluated {
  readonly buffers: readonly PlannedBuffer[];
  readonly usdPerRequest: number;
  readonly paddingShare: number;
}

/** A class of sizes between two quantiles. */
interface SizeClass {
  readonly share: number;
  readonly upToSize: number;
  readonly load: Load;
  /** E[max of k] of sizes in the class. */
  largest(batch: number): number;
  /** Size at the q-quantile of the largest of k. */
  tail(batch: number): number;
}

function classesOf(request: BufferPlanRequest, partition: Partition): SizeClass[] {
  const { sizeAt, percentile, load } = request;
  return partition.cuts.map((to, i) => {
    const from = partition.cuts[i - 1] ?? 0;
    const at = (u: number): number => sizeAt(Math.min(LARGEST_QUANTILE, from + (to - from) * u));
    const sizes = Float64Array.from({ length: CLASS_POINTS }, (_, p) => at((p + 0.5) / CLASS_POINTS));
    return {
      share: to - from,
      upToSize: to >= 1 ? Number.POSITIVE_INFINITY : sizeAt(to),
      load: { ...load, rateRps: load.rateRps * (to - from) },
      largest: (batch) =>
        sizes.reduce((sum, size, p) => {
          const below = (u: number): number => u ** batch;
          return sum + size * (below((p + 1) / CLASS_POINTS) - below(p / CLASS_POINTS));
        }, 0),
      tail: (batch) => at(percentile ** (1 / batch)),
    };
  });
}

/** Padding over work of the classes at their batch sizes. */
function paddingShare(classes: readonly SizeClass[], batchSizes: readonly number[]): number {
  let padded = 0;
  let work = 0;
  classes.forEach((one, i) => {
    const largest = one.largest(batchSizes[i] ?? 1);
    padded += one.share * (largest - one.largest(1));
    work += one.share * largest;
  });
  return padded / work;
}

/** The cheapest batch size and timeout of each buffer; null when one of them keeps the SLO with none. */
function separate(request: BufferPlanRequest, partition: Partition): Evaluated | null {
  const classes = classesOf(request, partition);
  const buffers: PlannedBuffer[] = [];
  let usdPerRequest = 0;
  for (const { share, upToSize, load, largest, tail } of classes) {
    const { best } = searchBatching({
      ...request,
      load,
      memoriesMb: [partition.memoryMb],
      serviceMs: (batch, memory) => tail(batch) * request.serviceMs(batch, memory),
      paidServiceMs: (batch, memory) => largest(batch) * request.serviceMs(batch, memory),
      minimize: "cost",
      usdPerHour: Number.POSITIVE_INFINITY,
    });
    if (best === null) return null;
    usdPerRequest += share * best.usdPerRequest;
    buffers.push({ upToSize, share, batchSize: best.batchSize, delayMs: best.delayMs });
  }
  const sizes = buffers.map((buffer) => buffer.batchSize);
  return { buffers, usdPerRequest, paddingShare: paddingShare(classes, sizes) };
}

/** The cheapest batch size and timeout that all buffers share. */
function together(request: BufferPlanRequest, partition: Partition): Evaluated | null {
  const classes = classesOf(request, partition);
  const { memoryMb } = partition;
  let best: Evaluated | null = null;
  for (const batchSize of request.batchSizes) {
    for (const delayMs of batchSize === 1 ? request.delaysMs.slice(0, 1) : request.delaysMs) {
      let usdPerRequest = 0;
      const keeps = classes.every(({ load, share, largest, tail }) => {
        const { best: own } = searchBatching({
          ...request,
          load,
          memoriesMb: [memoryMb],
          batchSizes: [batchSize],
          delaysMs: [delayMs],
          serviceMs: (batch, memory) => tail(batch) * request.serviceMs(batch, memory),
          paidServiceMs: (batch, memory) => largest(batch) * request.serviceMs(batch, memory),
          minimize: "cost",
          usdPerHour: Number.POSITIVE_INFINITY,
        });
        usdPerRequest += share * (own?.usdPerRequest ?? 0);
        return own !== null;
      });
      if (!keeps || (best !== null && usdPerRequest >= best.usdPerRequest)) continue;
      const buffers = classes.map(({ upToSize, share }) => ({ upToSize, share, batchSize, delayMs }));
      const sizes = classes.map(() => batchSize);
      best = { buffers, usdPerRequest, paddingShare: paddingShare(classes, sizes) };
    }
  }
  return best;
}

/** Random partitions, and the one buffer at every memory first. */
function candidatesOf(request: BufferPlanRequest): Partition[] {
  const { memoriesMb, maxBuffers, random } = request;
  const list: Partition[] = memoriesMb.map((memoryMb) => ({ cuts: [1], memoryMb }));
  for (let buffers = 2; buffers <= maxBuffers; buffers++) {
    for (let i = 0; i < CANDIDATES_PER_BUFFER; i++) {
      const cuts = Array.from({ length: buffers - 1 }, () => 0.02 + 0.96 * random.next()).sort((a, b) => a - b);
      const memoryMb = memoriesMb[Math.floor(random.next() * memoriesMb.length)] ?? 0;
      list.push({ cuts: [...cuts, 1], memoryMb });
    }
  }
  return list;
}

/** Cuts at equal quantiles of as many buffers as there may be, and the memory: what makes partitions alike. */
function pointOf(request: BufferPlanRequest, { cuts, memoryMb }: Partition): number[] {
  const { memoriesMb, maxBuffers } = request;
  const spread = Array.from({ length: maxBuffers }, (_, i) => cuts[Math.floor((i * cuts.length) / maxBuffers)] ?? 1);
  return [...spread, memoriesMb.indexOf(memoryMb) / Math.max(1, memoriesMb.length - 1)];
}

/** Mean and spread of values. */
function moments(values: readonly number[]): { mean: number; spread: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length);
  return { mean, spread: variance > 1e-12 ? Math.sqrt(variance) : 1 };
}

/** The cheapest plan found; null when no partition tried keeps the SLO. One buffer is tried first, at every memory. */
export function planBuffers(request: BufferPlanRequest): BufferPlan | null {
  const candidates = candidatesOf(request);
  const points = candidates.map((candidate) => pointOf(request, candidate));
  const lengthScales = new Array<number>(request.maxBuffers + 1).fill(LENGTH_SCALE);
  const process = new GaussianProcess({ lengthScales, signalVariance: 1, noiseVariance: 1e-4, mean: 0 }, points);
  const tried = new Set<number>();
  const values: number[] = [];
  let best: BufferPlan | null = null;

  const nextCandidate = (): number => {
    if (tried.size < request.memoriesMb.length) return tried.size;
    const { mean, spread } = moments(values);
    process.setValues(values.map((value) => (value - mean) / spread));
    const goal = (Math.min(...values) - mean) / spread;
    let next = -1;
    let score = -1;
    candidates.forEach((_, c) => {
      if (tried.has(c)) return;
      const belief = process.candidate(c);
      const gain = expectedImprovement(goal, { mean: belief.mean, deviation: Math.sqrt(belief.variance) });
      if (gain > score) {
        next = c;
        score = gain;
      }
    });
    return next;
  };

  while (tried.size < Math.min(request.evaluations, candidates.length)) {
    const next = nextCandidate();
    const partition = candidates[next];
    if (partition === undefined) break;
    tried.add(next);
    const evaluated = request.shared ? together(request, partition) : separate(request, partition);
    const known = values.length > 0 ? Math.max(...values) : 0;
    const value = evaluated === null ? known + INFEASIBLE_STEP : Math.log(evaluated.usdPerRequest);
    values.push(value);
    process.add(points[next] ?? [], value);
    if (evaluated !== null && (best === null || evaluated.usdPerRequest < best.usdPerRequest)) {
      best = { ...evaluated, memoryMb: partition.memoryMb, evaluations: 0 };
    }
  }
  return best && { ...best, evaluations: tried.size };
}
