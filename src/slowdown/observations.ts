// What was measured: per load level what each configuration showed, and over all levels the slowdowns that regions share.

import { z } from "zod";
import { type Observed, observedSchema, observedWith, restoredObserved, type Sample } from "./observed.ts";
import type { LatticeColumns } from "./regions.ts";
import type { ResidualEstimator, ResidualObservation } from "./residual.ts";

interface Slot extends ResidualObservation {
  readonly level: number;
  /** The part of the value that is service times', which any load shares; null where they are not told. */
  service: number | null;
  firstWeight: number;
  count: number;
}

/** A repeat adds this share of the first window's weight, up to `REPEAT_LIMIT` times it. */
const REPEAT_SHARE = 0.3;
const REPEAT_LIMIT = 1.6;

/** Weight of what a service time says of the batch size actually reached. */
const PSEUDO_WEIGHT = 0.5;

/** The level of observations from before the world changed. */
const NO_LEVEL = 1e6;

/** Slots kept; the oldest go first. */
const MOST_SLOTS = 400;

const slotSchema = z.object({
  level: z.number(),
  index: z.number().int(),
  near: z.number().int(),
  positions: z.array(z.number()),
  value: z.number(),
  service: z.number().nullable(),
  weight: z.number(),
  firstWeight: z.number(),
  count: z.number(),
});

/** JSON form of the memory. */
export const observationsSchema = z.object({
  queueing: z.number(),
  own: z.array(
    z.object({
      level: z.number(),
      measured: z.array(observedSchema.extend({ index: z.number().int() })),
    }),
  ),
  slots: z.array(slotSchema),
});

/** What a memory is told of its search. */
export interface ObservationSettings {
  /** Weight of what other load levels showed. */
  readonly otherLevelWeight: number;
  /** Share of requests that may be later than the objective's percentile, in (0, 1). */
  readonly lateShare: number;
}

/** The memory of a search. */
export class Observations {
  readonly #columns: LatticeColumns;
  readonly #estimator: ResidualEstimator;
  readonly #settings: ObservationSettings;
  readonly #own = new Map<number, Map<number, Observed>>();
  #slots: Slot[] = [];
  #level: number;
  #queueing = 0;

  constructor(columns: LatticeColumns, estimator: ResidualEstimator, settings: ObservationSettings, level: number) {
    this.#columns = columns;
    this.#estimator = estimator;
    this.#settings = settings;
    this.#level = level;
  }

  /** What configuration i showed at this level; undefined when it was not measured here. */
  own(i: number): Observed | undefined {
    return this.#own.get(this.#level)?.get(i);
  }

  /** All that was measured at a level, in order of first measurement. */
  owned(level = this.#level): Iterable<[number, Observed]> {
    return this.#own.get(level) ?? [];
  }

  /** Mean slowdowns of what was measured at this level. */
  get residuals(): number[] {
    return [...(this.#own.get(this.#level)?.values() ?? [])].map((own) => own.slowdown);
  }

  /** Levels with measurements, ascending. */
  levels(): number[] {
    return [...this.#own]
      .filter(([, own]) => own.size > 0)
      .map(([level]) => level)
      .sort((a, b) => a - b);
  }

  /** Goes to another load level. @param queueing slowdown that queues add to service times' there */
  enter(level: number, queueing = 0): void {
    this.#level = level;
    this.#queueing = queueing;
    this.#fit();
  }

  /** Takes a window of configuration i. */
  measured(i: number, sample: Sample): void {
    const own = this.#own.get(this.#level) ?? new Map<number, Observed>();
    this.#own.set(this.#level, own);
    own.set(i, observedWith(own.get(i), sample, this.#settings.lateShare));
    const { value, weight, service } = sample;
    this.addResidual(i, value, weight, service);
  }

  /** Forgets the shared residuals; what configurations showed stays. */
  dropResiduals(): void {
    this.#slots = [];
    this.#fit();
  }

  /** Adds a residual of configuration i without a new window. @param service the part of it that any load shares */
  addResidual(i: number, value: number, weight: number, service: number | null = null): void {
    const slot = this.#slots.find((one) => one.index === i && one.level === this.#level);
    if (slot === undefined) {
      this.#push(this.#slotOf(i, value, weight, service));
      return;
    }
    slot.count++;
    slot.value += (value - slot.value) / slot.count;
    if (service !== null) slot.service = (slot.service ?? service) + (service - (slot.service ?? service)) / slot.count;
    slot.weight = slot.firstWeight * Math.min(REPEAT_LIMIT, 1 + REPEAT_SHARE * (slot.count - 1));
    this.#fit();
  }

  /** Takes what a service time says of configuration i at the batch size it actually reached. */
  pseudo(i: number, meanBatchSize: number, value: number, service: number): void {
    const { batchKnob, batchValues } = this.#columns;
    if (batchKnob < 0) return;
    const positions = this.#positions(i);
    const reached = batchValues.reduce((best, size, at) => (size <= 1.2 * meanBatchSize ? at : best), 0);
    positions[batchKnob] = reached;
    const weight = PSEUDO_WEIGHT;
    const slot = {
      level: this.#level,
      index: -1,
      near: i,
      positions,
      value,
      service,
      weight,
      firstWeight: weight,
      count: 1,
    };
    this.#push(slot);
  }

  /** The system changed: forgets what configurations showed, and keeps slowdowns, shifted, at a share of their weight. */
  distrust(trust: number, shift: number): void {
    this.#own.clear();
    this.#slots = this.#slots.map((slot) => ({
      ...slot,
      level: NO_LEVEL,
      value: slot.value + shift,
      service: slot.service === null ? null : slot.service + shift,
      weight: trust * slot.weight,
      firstWeight: trust * slot.firstWeight,
    }));
    this.#fit();
  }

  save(): z.output<typeof observationsSchema> {
    return {
      queueing: this.#queueing,
      own: [...this.#own].map(([level, own]) => ({
        level,
        measured: [...own].map(([index, observed]) => ({ index, ...observed })),
      })),
      slots: this.#slots.map((slot) => ({ ...slot, positions: [...slot.positions] })),
    };
  }

  restore(saved: z.infer<typeof observationsSchema>, level: number): void {
    this.#own.clear();
    for (const { level: at, measured } of saved.own) {
      const entries = measured.map(({ index, ...saved }) => {
        return [index, restoredObserved(saved, this.#settings.lateShare)] as const;
      });
      this.#own.set(at, new Map(entries));
    }
    this.#slots = saved.slots.map((slot) => ({ ...slot, positions: Float64Array.from(slot.positions) }));
    this.enter(level, saved.queueing);
  }

  #positions(i: number): Float64Array {
    const knobs = this.#columns.lengths.length;
    return this.#columns.positions.slice(i * knobs, (i + 1) * knobs);
  }

  #slotOf(i: number, value: number, weight: number, service: number | null): Slot {
    const positions = this.#positions(i);
    return { level: this.#level, index: i, near: i, positions, value, service, weight, firstWeight: weight, count: 1 };
  }

  #push(slot: Slot): void {
    this.#slots.push(slot);
    if (this.#slots.length <= MOST_SLOTS) this.#estimator.add(slot);
    else {
      this.#slots.shift();
      this.#fit();
    }
  }

  #fit(): void {
    const weighted = (slot: Slot): ResidualObservation => {
      if (slot.level === this.#level) return slot;
      const value = slot.service === null ? slot.value : slot.service + this.#queueing;
      return { ...slot, value, weight: slot.weight * this.#settings.otherLevelWeight };
    };
    this.#estimator.fit(this.#slots.map(weighted));
  }
}
