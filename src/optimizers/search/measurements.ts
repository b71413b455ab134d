// What a search has measured: one record per configuration, and which one is kept.

import type { Configuration, KnobLattice, Objective, Random, WindowMetrics } from "../../core/index.ts";

/** Everything measured of one configuration, repeats averaged. */
export interface Measured {
  readonly configuration: Configuration;
  /** On the lattice. */
  readonly index: number;
  readonly windows: number;
  /** Mean over windows of the log of the latency at the objective's percentile, in ms; SLOs over when nothing came out. */
  readonly logLatency: number;
  readonly costUsdPerHour: number;
  /** Whether the mean keeps the SLO. */
  readonly feasible: boolean;
}

/** What a search is made from. */
export interface SearchContext {
  readonly lattice: KnobLattice;
  readonly objective: Objective;
  readonly random: Random;
  /** Where to begin and what to keep until something better is measured; the lattice's first when absent. */
  readonly initial?: Configuration;
  /** Cost known beforehand; measured where absent. */
  readonly cost?: (configuration: Configuration) => number;
}

/** A window in which nothing was served counts as this many SLOs late. */
const NOTHING_SERVED_SLOS = 20;
/** What a decade of latency above the SLO weighs against a decade of cost. */
const LATE_WEIGHT = 4;

/** The measured configurations of one search. */
export class Measurements {
  readonly #context: SearchContext;
  readonly #byIndex = new Map<number, Measured>();
  readonly #order: Measured[] = [];

  constructor(context: SearchContext) {
    this.#context = context;
  }

  /** Adds a window. @returns the record it is part of */
  add(configuration: Configuration, metrics: WindowMetrics): Measured {
    const { lattice, objective, cost } = this.#context;
    const [slo] = objective.slo;
    const index = lattice.index(configuration);
    const earlier = this.#byIndex.get(index);
    const windows = (earlier?.windows ?? 0) + 1;
    const latencyMs = metrics.latency?.objectiveMs ?? NOTHING_SERVED_SLOS * slo.latencyMs;
    const average = (before: number | undefined, now: number): number =>
      (before ?? 0) + (now - (before ?? 0)) / windows;
    const logLatency = average(earlier?.logLatency, Math.log(Math.max(1e-6, latencyMs)));
    const record: Measured = {
      configuration,
      index,
      windows,
      logLatency,
      costUsdPerHour: cost?.(configuration) ?? average(earlier?.costUsdPerHour, metrics.costUsdPerHour),
      feasible: logLatency <= Math.log(slo.latencyMs),
    };
    this.#byIndex.set(index, record);
    const at = earlier === undefined ? -1 : this.#order.indexOf(earlier);
    if (at < 0) this.#order.push(record);
    else this.#order[at] = record;
    return record;
  }

  get(index: number): Measured | undefined {
    return this.#byIndex.get(index);
  }

  has(index: number): boolean {
    return this.#byIndex.has(index);
  }

  /** In the order first measured. */
  get all(): readonly Measured[] {
    return this.#order;
  }

  /**
   * One number to minimise, for methods that know no constraint: log latency, or log cost plus a penalty for latency
   * over the SLO.
   */
  value(record: Measured): number {
    const { objective } = this.#context;
    if (objective.minimize === "latency") return record.logLatency;
    const late = Math.max(0, record.logLatency - Math.log(objective.slo[0].latencyMs));
    return Math.log(Math.max(1e-9, record.costUsdPerHour)) + LATE_WEIGHT * late;
  }

  /** Whether a is better than b: SLO kept first where cost is minimised, then less of what is minimised. */
  better(a: Measured, b: Measured): boolean {
    if (this.#context.objective.minimize === "latency") return a.logLatency < b.logLatency;
    if (a.feasible !== b.feasible) return a.feasible;
    if (!a.feasible) return a.logLatency < b.logLatency;
    const difference = a.costUsdPerHour - b.costUsdPerHour;
    return Math.abs(difference) > 1e-9 * b.costUsdPerHour ? difference < 0 : a.logLatency < b.logLatency;
  }

  /** The best record so far; undefined before the first. */
  incumbent(): Measured | undefined {
    const [first, ...others] = this.#order;
    return first && others.reduce((best, record) => (this.better(record, best) ? record : best), first);
  }

  /** What would be kept now. */
  best(): Configuration {
    const { lattice, initial } = this.#context;
    return this.incumbent()?.configuration ?? startOf(lattice, initial);
  }
}

/** Where a search begins. */
export function startOf(lattice: KnobLattice, initial: Configuration | undefined): Configuration {
  return lattice.nearest(initial ?? lattice.at(lattice.knobs.map(() => 0)));
}
