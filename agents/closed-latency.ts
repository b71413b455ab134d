// The closed form on believed service times, corrected where simulations showed it wrong.
//
// L(i, z) = closed form at z + e_i, e_i the closed form's error at simulated configurations, spread by regions:
// experience that costs no window
// Source: R. Sutton, "Dyna, an integrated architecture for learning, planning, and reacting", 1991.

import { z } from "zod";
import {
  type BatchServer,
  type CandidateSet,
  LatencyTable,
  REGIONS,
  Regions,
  type ResidualObservation,
  SLOWDOWN_GRID,
  type TailQuery,
  tailBatch,
  tailLatencyMs,
} from "../src/slowdown/index.ts";
import { AS_CONFIGURED, actualServer, type Physics } from "./physics.ts";

/** Standard deviation of L in units of slowdown with nothing simulated near. */
const CLOSED_ERROR = 0.25;

/** The error is learnt up to this multiple of the SLO, and clipped to this. */
const TELLING_SLO_RATIO = 2;
const LARGEST_CLOSED_ERROR = 0.4;

/** A machine's closed forms are computed again when its believed service moved more than this. */
const REFRESH_DRIFT = 0.008;

/** JSON form of what was learnt. */
export const closedLatencySchema = z.object({
  references: z.array(z.array(z.number())),
  errors: z.array(z.tuple([z.number().int(), z.number()])),
});

/** What the closed form is computed for. */
export interface ClosedInputs {
  readonly candidates: CandidateSet;
  /** Machine of each configuration. */
  readonly machineOf: Int32Array;
  /** Batch sizes the service belief is held at, ascending. */
  readonly knots: readonly number[];
  readonly percentile: number;
  readonly sloMs: number;
}

/** Latency of every configuration by the closed form. */
export class ClosedLatency {
  readonly #inputs: ClosedInputs;
  /** Service times the closed forms were last computed from, by machine; shape [maxBatch + 1]. */
  readonly #references: readonly Float64Array[];
  readonly #latencies: LatencyTable;
  readonly #batches: Float64Array;
  readonly #error: Regions;
  readonly #errors: ResidualObservation[] = [];
  #rateRps: number;
  #physics: Physics = AS_CONFIGURED;

  /** @param tables service times of each machine by batch size */
  constructor(inputs: ClosedInputs, rateRps: number, tables: readonly Float64Array[]) {
    const { candidates } = inputs;
    this.#inputs = inputs;
    this.#rateRps = rateRps;
    this.#references = tables.map((table) => table.slice());
    this.#batches = new Float64Array(candidates.servers.length);
    this.#error = new Regions(candidates.columns, { ...REGIONS, trend: false });
    this.#latencies = new LatencyTable(candidates.servers.length, (i, z) => this.#closedForm(i, z), SLOWDOWN_GRID);
    this.#countBatches();
  }

  /** Another load, machine or service belief altogether: computes everything again, and forgets errors. */
  startOver(rateRps: number, physics: Physics, tables: readonly Float64Array[]): void {
    this.#rateRps = rateRps;
    this.#physics = physics;
    tables.forEach((table, machine) => {
      this.#references[machine]?.set(table);
    });
    this.#errors.length = 0;
    this.#error.fit([]);
    this.#rebuildAll();
  }

  /** The service belief changed. */
  refresh(tables: readonly Float64Array[]): void {
    const moved = new Set<number>();
    tables.forEach((table, machine) => {
      const reference = this.#references[machine];
      if (reference === undefined) return;
      const far = (knot: number): boolean =>
        Math.abs(Math.log((table[knot] ?? 1) / (reference[knot] ?? 1))) >= REFRESH_DRIFT;
      if (!this.#inputs.knots.some(far)) return;
      reference.set(table);
      moved.add(machine);
    });
    if (moved.size === 0) return;
    this.#inputs.machineOf.forEach((machine, i) => {
      if (moved.has(machine)) this.#latencies.rebuild(i);
    });
    this.#countBatches();
  }

  /** Log latency of configuration i at slowdown z. */
  logLatency(i: number, z: number): number {
    return this.#latencies.at(i, z + this.#error.mean(i));
  }

  /** The slowdown at which configuration i has a log latency. */
  inverse(i: number, logLatency: number): number {
    return this.#latencies.inverse(i, logLatency) - this.#error.mean(i);
  }

  /** Variance of L in squared slowdown. */
  variance(i: number): number {
    return CLOSED_ERROR ** 2 / (1 + this.#error.density(i));
  }

  /** Mean batch size expected of requests at the percentile. */
  tailBatch(i: number): number {
    return this.#batches[i] ?? 1;
  }

  /** Service time of a batch that may be fractional, as believed when the closed forms were last computed. */
  serviceMs(i: number, batch: number): number {
    const table = this.#references[this.#inputs.machineOf[i] ?? 0] ?? new Float64Array(0);
    const low = Math.floor(batch);
    const below = table[low] ?? 0;
    return batch === low ? below : below + (batch - low) * ((table[low + 1] ?? below) - below);
  }

  /** A simulation said otherwise; far beyond the SLO neither it nor the closed form means anything. */
  learn(i: number, logLatency: number): void {
    if (logLatency > Math.log(TELLING_SLO_RATIO * this.#inputs.sloMs)) return;
    const error = this.#latencies.inverse(i, logLatency);
    this.#add(i, Math.min(LARGEST_CLOSED_ERROR, Math.max(-LARGEST_CLOSED_ERROR, error)));
  }

  save(): z.input<typeof closedLatencySchema> {
    return {
      references: this.#references.map((table) => [...table]),
      errors: this.#errors.map(({ index, value }) => [index, value]),
    };
  }

  /** @param physics the belief under which it was saved */
  restore(saved: z.infer<typeof closedLatencySchema>, physics: Physics): void {
    this.#physics = physics;
    saved.references.forEach((table, machine) => {
      this.#references[machine]?.set(table);
    });
    this.#rebuildAll();
    for (const [i, value] of saved.errors) this.#add(i, value);
  }

  #rebuildAll(): void {
    for (let i = 0; i < this.#batches.length; i++) this.#latencies.rebuild(i);
    this.#countBatches();
  }

  #add(i: number, value: number): void {
    const { positions, lengths } = this.#inputs.candidates.columns;
    const knobs = lengths.length;
    const at = positions.slice(i * knobs, (i + 1) * knobs);
    const error: ResidualObservation = { positions: at, index: i, near: i, value, weight: 1 };
    this.#errors.push(error);
    this.#error.add(error);
  }

  #query(i: number, scale: number): TailQuery {
    const { candidates, percentile, sloMs } = this.#inputs;
    const { instances, maxBatch, maxDelayMs } = actualServer(serverAt(candidates, i), this.#physics);
    const serviceMs = (batch: number): number => this.serviceMs(i, batch);
    return { rateRps: this.#rateRps, instances, maxBatch, maxDelayMs, serviceMs, scale, percentile, sloMs };
  }

  #closedForm(i: number, z: number): number {
    return Math.log(tailLatencyMs(this.#query(i, Math.exp(z))));
  }

  #countBatches(): void {
    for (let i = 0; i < this.#batches.length; i++) this.#batches[i] = tailBatch(this.#query(i, 1));
  }
}

/** The server of configuration i. @throws {RangeError} when there is none */
export function serverAt({ servers }: CandidateSet, i: number): BatchServer {
  const server = servers[i];
  if (server === undefined) throw new RangeError(`candidate: expected one of ${servers.length}, found ${i}`);
  return server;
}
