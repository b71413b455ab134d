// The service surface: mean service time over machines and batch sizes, learnt by a Kalman filter on a static state.
//
// state: log mean service time of each cell (machine g, batch size knot), mean from the profile fit, covariance
//   cov = .2²·u·u' + .5²·o·o'                              sharing u = (k-1)·r/C, oversubscription o = ln max(1, k·r/C)
//       + .25²·M(|Δln r/1.2, Δln b/1.5|)·(.6 across devices)    error of the fit's scaling
//       + .1²·[both k > 1 on a machine]                            what running more than one costs at all
//       + .08²·[same r, same device]·exp(-Δln b²/4.5)      quirk of a thread count or parallelism; not of memory
//       + .05²·M(|Δln r/.6, Δln b/.8, Δln k/.7|)           what is left
//       + .4² + .7²·(ln r·ln r' + ln b·ln b')              after a change alone, both axes centred
// M the Matérn-5/2 correlation. The profiled points enter first, as measured with one model instance.
// observation: y = h·x + e, h linear in ln b between two knots; S = h P h' + v; x += P h'(y - h x)/S; P -= P h' h P/S
// Source: R. Kalman, "A new approach to linear filtering and prediction problems", 1960; the same as Gaussian process
// regression on the cells (Rasmussen, Williams 2006) with a kernel shaped by what slows a machine down.
// Differs: observations that would move nothing (variance already below theirs by 16) are skipped.

import type { ProfilePoint } from "../core/index.ts";
import { matern52 } from "../math/index.ts";
import type { BatchServer, PriorContext, PriorService } from "./batch-server.ts";
import { resourceOf } from "./service-fit.ts";

interface Cell {
  readonly host: string;
  readonly logResource: number;
  readonly logBatch: number;
  readonly logInstances: number;
  readonly sharing: number;
  readonly oversubscription: number;
  /** More than one model instance on one machine. */
  readonly together: boolean;
}

/**
 * Standard deviations of the prior covariance, in log service time. After a change also `changed`, of all cells together,
 * and `turned`, per unit of ln r and of ln b: a knob may do the opposite of what it did.
 */
const SPREAD = {
  sharing: 0.2,
  oversubscription: 0.5,
  together: 0.1,
  scaling: 0.25,
  quirk: 0.08,
  local: 0.05,
  changed: 0.4,
  turned: 0.7,
};

/** Correlation of the scaling error across devices. */
const ACROSS_DEVICES = 0.6;

/** Memory of a function gives it processors less than in proportion; stretches its axis. */
const MEMORY_STRETCH = 1.7;

/** Standard deviation of a profiled point. */
const PROFILE_NOISE = 0.005;

/** An observation is skipped when what is known is this many times more certain. */
const USELESS = 16;

/** The largest pool the sharing feature counts; a machine shares cores, a pool little. */
const POOL_SIZE = 16;

function machineSharing(server: BatchServer): { sharing: number; oversubscription: number } {
  if (!Number.isFinite(server.instances)) return { sharing: 0, oversubscription: 0 };
  if (server.occupancy === 0) return { sharing: (server.instances - 1) / POOL_SIZE, oversubscription: 0 };
  return {
    sharing: server.occupancy * (1 - 1 / server.instances),
    oversubscription: Math.log(Math.max(1, server.occupancy)),
  };
}

function cellOf(server: BatchServer, batch: number): Cell {
  const functions = !Number.isFinite(server.instances);
  return {
    host: server.host,
    logResource: (functions ? MEMORY_STRETCH : 1) * Math.log(server.resource),
    logBatch: Math.log(batch),
    logInstances: functions ? 0 : Math.log(server.instances),
    together: server.occupancy > 0 && server.instances > 1,
    ...machineSharing(server),
  };
}

function covariance(a: Cell, b: Cell, quirks: boolean): number {
  const resource = a.logResource - b.logResource;
  const batch = a.logBatch - b.logBatch;
  const instances = a.logInstances - b.logInstances;
  const sameDevice = a.host === b.host;
  const scaling = SPREAD.scaling ** 2 * matern52(Math.hypot(resource / 1.2, batch / 1.5));
  const local = SPREAD.local ** 2 * matern52(Math.hypot(resource / 0.6, batch / 0.8, instances / 0.7));
  const quirk =
    quirks && sameDevice && Math.abs(resource) < 1e-9 ? SPREAD.quirk ** 2 * Math.exp((-batch * batch) / 4.5) : 0;
  return (
    SPREAD.sharing ** 2 * a.sharing * b.sharing +
    SPREAD.oversubscription ** 2 * a.oversubscription * b.oversubscription +
    (a.together && b.together ? SPREAD.together ** 2 : 0) +
    scaling * (sameDevice ? 1 : ACROSS_DEVICES) +
    quirk +
    (sameDevice ? local : 0)
  );
}

/** Values of the cells less their mean. */
function centred(cells: readonly Cell[], value: (cell: Cell) => number): Float64Array {
  const values = Float64Array.from(cells, value);
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return values.map((value) => value - mean);
}

/** The surface over the machines of a lattice. */
export class ServiceSurface {
  readonly knots: readonly number[];
  readonly #logKnots: readonly number[];
  readonly #context: PriorContext;
  readonly #prior: PriorService;
  readonly #size: number;
  readonly #mean: Float64Array;
  /** The mean when nothing was suspected last. */
  readonly #settled: Float64Array;
  readonly #covariance: Float64Array;
  readonly #gain: Float64Array;
  readonly #quirks: boolean;
  #cells: readonly Cell[] = [];

  /**
   * @param machines one server of each machine
   * @param knots batch sizes, ascending
   * @returns a surface that knows the profiled points
   */
  constructor(machines: readonly BatchServer[], knots: readonly number[], context: PriorContext, prior: PriorService) {
    const size = machines.length * knots.length;
    this.knots = knots;
    this.#logKnots = knots.map((knot) => Math.log(knot));
    this.#context = context;
    this.#prior = prior;
    this.#quirks = machines.every((server) => Number.isFinite(server.instances));
    this.#size = size;
    this.#mean = new Float64Array(size);
    this.#settled = new Float64Array(size);
    this.#gain = new Float64Array(size);
    this.#covariance = new Float64Array(size * size);
    this.assume(machines);
  }

  /** Starts over from the profiled points. @param machines as they really run, as many as before */
  assume(machines: readonly BatchServer[]): void {
    const { knots } = this;
    const cells = machines.flatMap((server) => knots.map((batch) => cellOf(server, batch)));
    const first = machines[0];
    const points = first === undefined ? [] : this.#context.profilePoints.map((point) => pointServer(point, first));
    const all = [...cells, ...points.map(({ server, point }) => cellOf(server, point.batch))];
    const n = all.length;
    const mean = Float64Array.from(all, (_, i) => {
      const profiled = points[i - cells.length];
      const server = profiled?.server ?? machines[Math.floor(i / knots.length)];
      if (server === undefined) return 0;
      return Math.log(this.#prior(server, profiled?.point.batch ?? knots[i % knots.length] ?? 1));
    });
    const matrix = new Float64Array(n * n);
    all.forEach((a, i) => {
      all.forEach((b, j) => {
        matrix[i * n + j] = covariance(a, b, this.#quirks);
      });
    });
    const gain = new Float64Array(n);
    points.forEach(({ point }, p) => {
      const at = cells.length + p;
      update(mean, matrix, gain, n, [[at, 1]], Math.log(point.serviceMs), PROFILE_NOISE ** 2);
    });
    const m = this.#size;
    this.#cells = cells;
    this.#mean.set(mean.subarray(0, m));
    this.#settled.set(this.#mean);
    for (let i = 0; i < m; i++) this.#covariance.set(matrix.subarray(i * n, i * n + m), i * m);
  }

  /** Log of the mean service time in ms. @param batch may be fractional */
  logMean(machine: number, batch: number): number {
    const [low, high, share] = this.#between(machine, batch);
    const a = this.#mean[low] ?? 0;
    return a + share * ((this.#mean[high] ?? 0) - a);
  }

  /** Variance of the log mean. */
  variance(machine: number, batch: number): number {
    const [low, high, share] = this.#between(machine, batch);
    const at = (i: number, j: number): number => this.#covariance[i * this.#size + j] ?? 0;
    const mixed =
      (1 - share) ** 2 * at(low, low) + 2 * share * (1 - share) * at(low, high) + share ** 2 * at(high, high);
    return Math.max(0, mixed);
  }

  /** Mean service time in ms by batch size, shape [maxBatch + 1]; entry 0 is 0. */
  table(machine: number, maxBatch: number): Float64Array {
    return Float64Array.from({ length: maxBatch + 1 }, (_, batch) =>
      batch === 0 ? 0 : Math.exp(this.logMean(machine, batch)),
    );
  }

  /**
   * Learns a mean service time.
   * @returns the squared innovation over its variance; null when it was skipped as telling nothing
   */
  observe(machine: number, batch: number, meanMs: number, variance: number): number | null {
    if (this.variance(machine, batch) * USELESS < variance) return null;
    const [low, high, share] = this.#between(machine, batch);
    const parts: [number, number][] =
      low === high
        ? [[low, 1]]
        : [
            [low, 1 - share],
            [high, share],
          ];
    return update(this.#mean, this.#covariance, this.#gain, this.#size, parts, Math.log(meanMs), variance);
  }

  /** What is believed now was learnt of machines that are what they were. */
  settle(): void {
    this.#settled.set(this.#mean);
  }

  /**
   * The machines changed: keeps what was believed when all was well as a first guess, more uncertain than before any point
   * was profiled, since all may be slower or faster, and more of a resource or larger batches may cost where they gained.
   */
  forget(): void {
    this.#mean.set(this.#settled);
    const resource = centred(this.#cells, ({ logResource }) => logResource);
    const batch = centred(this.#cells, ({ logBatch }) => logBatch);
    const product = (values: Float64Array, i: number, j: number): number => (values[i] ?? 0) * (values[j] ?? 0);
    this.#cells.forEach((a, i) => {
      this.#cells.forEach((b, j) => {
        const turned = SPREAD.turned ** 2 * (product(resource, i, j) + product(batch, i, j));
        this.#covariance[i * this.#size + j] = SPREAD.changed ** 2 + turned + covariance(a, b, this.#quirks);
      });
    });
  }

  save(): { mean: number[]; settled: number[]; covariance: number[] } {
    const lower: number[] = [];
    for (let i = 0; i < this.#size; i++)
      lower.push(...this.#covariance.subarray(i * this.#size, i * this.#size + i + 1));
    return { mean: [...this.#mean], settled: [...this.#settled], covariance: lower };
  }

  restore(saved: {
    readonly mean: readonly number[];
    readonly settled: readonly number[];
    readonly covariance: readonly number[];
  }): void {
    this.#mean.set(saved.mean);
    this.#settled.set(saved.settled);
    let at = 0;
    for (let i = 0; i < this.#size; i++) {
      for (let j = 0; j <= i; j++) {
        const value = saved.covariance[at++] ?? 0;
        this.#covariance[i * this.#size + j] = value;
        this.#covariance[j * this.#size + i] = value;
      }
    }
  }

  /** Cells on either side of a batch size, and the share of the upper one. */
  #between(machine: number, batch: number): readonly [number, number, number] {
    const base = machine * this.knots.length;
    const logBatch = Math.log(batch);
    const last = this.knots.length - 1;
    let high = 0;
    while (high < last && (this.#logKnots[high] ?? 0) < logBatch) high++;
    const upper = this.#logKnots[high] ?? 0;
    if (high === 0 || upper <= logBatch) return [base + high, base + high, 0];
    const lower = this.#logKnots[high - 1] ?? 0;
    return [base + high - 1, base + high, (logBatch - lower) / (upper - lower)];
  }
}

/** A profiled point as one model instance of the first machine's kind. */
function pointServer(point: ProfilePoint, like: BatchServer): { point: ProfilePoint; server: BatchServer } {
  const resource = resourceOf(point);
  const functions = !Number.isFinite(like.instances);
  const coresOfOne = like.occupancy === 0 ? 0 : (like.occupancy / (like.instances * like.resource)) * resource;
  const instances = functions ? Number.POSITIVE_INFINITY : 1;
  return { point, server: { ...like, host: point.host, resource, instances, occupancy: coresOfOne } };
}

/** One rank-one update. @returns the squared innovation over its variance */
function update(
  mean: Float64Array,
  covarianceMatrix: Float64Array,
  gain: Float64Array,
  n: number,
  parts: readonly (readonly [number, number])[],
  value: number,
  variance: number,
): number {
  gain.fill(0);
  for (const [cell, share] of parts) {
    const row = cell * n;
    for (let i = 0; i < n; i++) gain[i] = (gain[i] ?? 0) + share * (covarianceMatrix[row + i] ?? 0);
  }
  let innovation = value;
  let total = variance;
  for (const [cell, share] of parts) {
    innovation -= share * (mean[cell] ?? 0);
    total += share * (gain[cell] ?? 0);
  }
  const inverse = 1 / total;
  for (let i = 0; i < n; i++) {
    const own = gain[i] ?? 0;
    if (own === 0) continue;
    mean[i] = (mean[i] ?? 0) + own * inverse * innovation;
    const row = i * n;
    for (let j = 0; j < n; j++) {
      // Products first, so that the matrix stays symmetric to the last bit and half of it can be saved.
      covarianceMatrix[row + j] = (covarianceMatrix[row + j] ?? 0) - own * (gain[j] ?? 0) * inverse;
    }
  }
  return (innovation * innovation) / total;
}
