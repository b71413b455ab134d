// What region-sim believes of every configuration's latency: simulated where it was, a corrected closed form elsewhere.
//
// screen: 8,000 requests of one trace at slowdowns -.15, 0, .15;  full: every recorded trace at 0, shifts the screen's line
// L(i, z) simulated: piecewise linear through the screen at z + drift, drift = how far the service belief moved since
// L(i, z) otherwise: the corrected closed form of closed-latency.ts

import { z } from "zod";
import type { BatchServer, CandidateSet, ServiceSurface } from "../src/slowdown/index.ts";
import { ClosedLatency, closedLatencySchema, serverAt } from "./closed-latency.ts";
import { AS_CONFIGURED, actualServer, type Physics } from "./physics.ts";
import type { RecordedTrace, Replay, Replayed } from "./replay.ts";

/** Requests of a screen, and the slowdowns it is run at. */
const SCREEN_REQUESTS = 8000;
const SCREEN_SLOWDOWN = 0.15;

/** Standard deviation of L in units of slowdown: full run, screen. */
const FULL_ERROR = 0.02;
const SCREEN_ERROR = 0.04;

/** Least slope of log latency over slowdown. */
const LEAST_SLOPE = 0.05;

/** A full run is fresh while the service belief moved less than this; beyond the second, what was simulated is dropped. */
const FRESH_DRIFT = 0.02;
const STALE_DRIFT = 0.06;

/** What was simulated of one configuration. */
interface Simulated {
  /** Log latency at the three slowdowns. */
  readonly screen: readonly [number, number, number];
  /** Log latency of the full run; the screen's middle before it. */
  full: number;
  /** Traces of the full run, by version; 0 for none. */
  version: number;
  meanBatch: number;
  meanServiceMs: number;
  tailBatch: number;
  /** Believed log service time at the mean batch when simulated. */
  reference: number;
  drift: number;
}

/** JSON form of what was simulated. */
export const simulatedLatencySchema = closedLatencySchema.extend({
  version: z.number().int(),
  simulated: z.array(
    z.object({
      index: z.number().int(),
      screen: z.tuple([z.number(), z.number(), z.number()]),
      full: z.number(),
      version: z.number().int(),
      meanBatch: z.number(),
      meanServiceMs: z.number(),
      tailBatch: z.number(),
      reference: z.number(),
      drift: z.number(),
    }),
  ),
});

/** What the simulations are made from; traces may be replaced. */
export interface SimulationInputs {
  readonly candidates: CandidateSet;
  /** Machine of each configuration. */
  readonly machineOf: Int32Array;
  readonly surface: ServiceSurface;
  readonly replay: Replay;
  readonly percentile: number;
  readonly sloMs: number;
  readonly simulate: boolean;
}

/** Latency of every configuration, as believed now. */
export class SimulatedLatency {
  readonly #inputs: SimulationInputs;
  readonly #closed: ClosedLatency;
  readonly #simulated = new Map<number, Simulated>();
  /** Service times of each machine as believed now, by batch size. */
  #tables: readonly Float64Array[];
  #traces: readonly RecordedTrace[];
  #version = 1;
  #rateRps: number;
  #physics: Physics = AS_CONFIGURED;

  constructor(inputs: SimulationInputs, rateRps: number, traces: readonly RecordedTrace[]) {
    const { candidates, machineOf, surface, percentile, sloMs } = inputs;
    this.#inputs = inputs;
    this.#traces = traces;
    this.#rateRps = rateRps;
    this.#tables = this.#believed();
    const closed = { candidates, machineOf, knots: surface.knots, percentile, sloMs };
    this.#closed = new ClosedLatency(closed, rateRps, this.#tables);
  }

  /** Other arrivals, or another load. @param startOver drops what was simulated on the arrivals before */
  setTraces(traces: readonly RecordedTrace[], rateRps: number, startOver: boolean): void {
    this.#traces = traces;
    this.#version++;
    if (rateRps === this.#rateRps && !startOver) return;
    this.#rateRps = rateRps;
    this.startOver();
  }

  /** Another belief of the machine: what was simulated holds no longer. */
  setPhysics(physics: Physics): void {
    this.#physics = physics;
    this.startOver();
  }

  /** Drops what was simulated, and computes the closed forms again from the present service belief. */
  startOver(): void {
    this.#simulated.clear();
    this.#tables = this.#believed();
    this.#closed.startOver(this.#rateRps, this.#physics, this.#tables);
  }

  /** The service belief changed. */
  refresh(): void {
    const { machineOf, surface } = this.#inputs;
    this.#tables = this.#believed();
    for (const [i, simulated] of this.#simulated) {
      simulated.drift = surface.logMean(machineOf[i] ?? 0, simulated.meanBatch) - simulated.reference;
      if (Math.abs(simulated.drift) > STALE_DRIFT) this.#simulated.delete(i);
    }
    this.#closed.refresh(this.#tables);
  }

  /** Log latency of configuration i at slowdown z. */
  logLatency(i: number, z: number): number {
    const known = this.#simulated.get(i);
    if (known === undefined) return this.#closed.logLatency(i, z);
    const [low, middle, high] = known.screen;
    const at = z + known.drift;
    const slope = Math.max(LEAST_SLOPE, (at < 0 ? middle - low : high - middle) / SCREEN_SLOWDOWN);
    return known.full + slope * at;
  }

  /** The slowdown at which configuration i has a log latency. */
  inverse(i: number, logLatency: number): number {
    const known = this.#simulated.get(i);
    if (known === undefined) return this.#closed.inverse(i, logLatency);
    const [low, middle, high] = known.screen;
    const above = logLatency - known.full;
    const slope = Math.max(LEAST_SLOPE, (above < 0 ? middle - low : high - middle) / SCREEN_SLOWDOWN);
    return above / slope - known.drift;
  }

  slope(i: number, z: number): number {
    return (this.logLatency(i, z + 0.05) - this.logLatency(i, z - 0.05)) / 0.1;
  }

  /** Variance of L in squared slowdown: the simulation's and the service belief's. */
  variance(i: number): { readonly model: number; readonly service: number } {
    const { machineOf, surface } = this.#inputs;
    const machine = machineOf[i] ?? 0;
    const known = this.#simulated.get(i);
    if (known === undefined) {
      return { model: this.#closed.variance(i), service: surface.variance(machine, this.#closed.tailBatch(i)) };
    }
    const service = Math.max(surface.variance(machine, known.meanBatch), surface.variance(machine, known.tailBatch));
    return { model: (known.version > 0 ? FULL_ERROR : SCREEN_ERROR) ** 2, service };
  }

  /** Batch size and service time expected of configuration i, for its cost. */
  expected(i: number): { readonly batch: number; readonly serviceMs: number } {
    const known = this.#simulated.get(i);
    if (known !== undefined) return { batch: known.meanBatch, serviceMs: known.meanServiceMs * Math.exp(known.drift) };
    const batch = this.#closed.tailBatch(i);
    return { batch, serviceMs: this.#closed.serviceMs(i, batch) };
  }

  isSimulated(i: number): boolean {
    return this.#simulated.has(i);
  }

  /** Whether configuration i was simulated on all traces under nearly the present service belief. */
  fresh(i: number): boolean {
    if (!this.#inputs.simulate) return true;
    const known = this.#simulated.get(i);
    return known !== undefined && known.version === this.#version && Math.abs(known.drift) < FRESH_DRIFT;
  }

  /** Whether configuration i was simulated, but on fewer traces than there are by now. */
  stale(i: number): boolean {
    const known = this.#simulated.get(i);
    return known !== undefined && known.version !== this.#version;
  }

  /** Simulates configuration i: screened if it was not, then on every trace when asked. */
  simulate(i: number, full: boolean): void {
    if (!this.#inputs.simulate) return;
    const known = this.#simulated.get(i);
    const screened = known ?? this.#screen(i);
    if (full) this.#full(i, screened);
  }

  /** A replay of configuration i on one window's own arrivals, under the present belief of the machine or another. */
  replayOn(i: number, trace: RecordedTrace, physics = this.#physics): Replayed {
    const server = actualServer(this.#configured(i), physics);
    return this.#inputs.replay.run(server, this.#table(i), [trace]);
  }

  save(): z.input<typeof simulatedLatencySchema> {
    return {
      ...this.#closed.save(),
      version: this.#version,
      simulated: [...this.#simulated].map(([index, one]) => ({ index, ...one, screen: [...one.screen] })),
    };
  }

  /** @param physics the belief under which the saved state was simulated */
  restore(saved: z.infer<typeof simulatedLatencySchema>, physics: Physics): void {
    this.#physics = physics;
    this.#version = saved.version;
    this.#tables = this.#believed();
    this.#closed.restore(saved, physics);
    for (const { index, ...one } of saved.simulated) this.#simulated.set(index, one);
  }

  #believed(): Float64Array[] {
    const { machineOf, surface } = this.#inputs;
    const machines = machineOf.reduce((most, machine) => Math.max(most, machine + 1), 0);
    const largest = surface.knots.at(-1) ?? 1;
    return Array.from({ length: machines }, (_, machine) => surface.table(machine, largest));
  }

  #screen(i: number): Simulated {
    const { surface, machineOf, replay } = this.#inputs;
    const first = this.#traces.slice(0, 1);
    const at = (z: number): { logLatency: number; meanBatch: number; meanServiceMs: number } => {
      const scale = Math.exp(z);
      const table = this.#table(i).map((ms) => ms * scale);
      return replay.run(this.#server(i), table, first, SCREEN_REQUESTS);
    };
    const middle = at(0);
    const { meanBatch } = middle;
    const screened: Simulated = {
      screen: [at(-SCREEN_SLOWDOWN).logLatency, middle.logLatency, at(SCREEN_SLOWDOWN).logLatency],
      full: middle.logLatency,
      version: 0,
      meanBatch,
      meanServiceMs: middle.meanServiceMs,
      tailBatch: meanBatch,
      reference: surface.logMean(machineOf[i] ?? 0, meanBatch),
      drift: 0,
    };
    const fresh = !this.#simulated.has(i);
    this.#simulated.set(i, screened);
    if (fresh) this.#closed.learn(i, middle.logLatency);
    return screened;
  }

  #full(i: number, screened: Simulated): void {
    const { surface, machineOf, replay } = this.#inputs;
    const result = replay.run(this.#server(i), this.#table(i), this.#traces);
    const reference = surface.logMean(machineOf[i] ?? 0, result.meanBatch);
    this.#simulated.set(i, {
      screen: screened.screen,
      full: result.logLatency,
      version: this.#version,
      meanBatch: result.meanBatch,
      meanServiceMs: result.meanServiceMs,
      tailBatch: result.tailBatch,
      reference,
      drift: 0,
    });
  }

  #server(i: number): BatchServer {
    return actualServer(this.#configured(i), this.#physics);
  }

  #configured(i: number): BatchServer {
    return serverAt(this.#inputs.candidates, i);
  }

  #table(i: number): Float64Array {
    return this.#tables[this.#inputs.machineOf[i] ?? 0] ?? new Float64Array(0);
  }
}
