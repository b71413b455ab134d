// Service times as they really are: the profile, what sharing a machine adds to it, and chance.
//
// mean(b)  = [profile(b, r, tp)·(1 - p·(1 - 1/i))·(1 + interference·(k·r·i - r·i)/C)·max(1, k·r·i/C)^oversubscription
//            + overhead·(1 + b/16) if k > 1] / 1000, for k model instances of r·i threads on C cores
// service  = mean(b)·size·noise·(straggler? factor : 1)

import type { Random } from "../core/index.ts";
import { exponential, KeyedRandom, normal } from "../math/index.ts";
import type { ServicePoint, ServiceProfile } from "../profiles/service-profile.ts";
import type { Reality } from "./plan.ts";

/** How a machine is used by its model instances. */
export interface HostSettings {
  readonly concurrency: number;
  /** Null for an even share of the machine's cores. */
  readonly intraOpThreads: number | null;
  readonly interOpThreads: number;
  readonly tensorParallel: number;
}

/** What service depends on of a machine. */
export interface Machine {
  readonly profile: ServiceProfile;
  /** Cores; for machines with accelerators their number, of which a model instance takes one. */
  readonly cores: number;
  readonly accelerated: boolean;
}

/** Model instances that run at once, and their mean service time by batch size. */
export interface ServiceTable {
  readonly slots: number;
  /** Index is the batch size; index 0 unused. In s. */
  readonly meanS: Float64Array;
}

/** Threads of one model instance. */
export function threadsOf(machine: Machine, settings: HostSettings): number {
  if (machine.accelerated) return 1;
  return settings.intraOpThreads ?? Math.max(1, machine.cores / settings.concurrency);
}

/** The factor by which model instances slow each other on one machine, 1 or more. */
export function contention(reality: Reality, instances: number, threads: number, cores: number): number {
  const interference = 1 + (reality.interference * (instances * threads - threads)) / cores;
  return interference * Math.max(1, (instances * threads) / cores) ** reality.oversubscription;
}

/** Mean service times of one machine under given settings, hidden slowdowns included. */
export function serviceTable(
  machine: Machine,
  settings: HostSettings,
  reality: Reality,
  maxBatchSize: number,
): ServiceTable {
  const slots = Math.min(settings.concurrency, reality.concurrencyLock ?? settings.concurrency);
  const threads = threadsOf(machine, settings);
  const cores = machine.cores * settings.tensorParallel;
  const perInstance = machine.accelerated ? settings.tensorParallel : threads * settings.interOpThreads;
  const share = reality.interOpShare ?? 0;
  const branches = 1 - share * (1 - 1 / settings.interOpThreads);
  const factor = branches * contention(reality, slots, perInstance, cores);
  const overheadMs = slots > 1 ? reality.batchOverheadMs : 0;
  const meanS = new Float64Array(maxBatchSize + 1);
  for (let batch = 1; batch <= maxBatchSize; batch++) {
    const point: ServicePoint = {
      batch,
      ...(machine.accelerated ? { tensorParallel: settings.tensorParallel } : { intraOpThreads: threads }),
    };
    const ms = machine.profile.serviceMs(point) * factor + overheadMs * (1 + batch / 16);
    if (!(ms > 0 && ms < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`${machine.profile.name}: expected a positive service time at batch ${batch}, found ${ms}`);
    }
    meanS[batch] = ms / 1000;
  }
  return { slots, meanS };
}

const BLOCK = 256;

/** What a request draws from: a stream of its own under common random numbers, else the one that all share in turn. */
export function drawsOf(random: Random, arrivalS: number): Random {
  return random instanceof KeyedRandom ? random.at(arrivalS) : random;
}

/** Multipliers of service time, mean 1 but for stragglers; drawn in blocks where all share one stream. */
export class ServiceNoise {
  readonly #random: Random;
  readonly #keyed: KeyedRandom | null;
  readonly #exponential: boolean;
  readonly #sigma: number;
  readonly #shift: number;
  readonly #stragglerShare: number;
  readonly #stragglerFactor: number;
  readonly #block = new Float64Array(BLOCK);
  #used = BLOCK;

  constructor(reality: Reality, random: Random) {
    this.#random = random;
    this.#keyed = random instanceof KeyedRandom ? random : null;
    this.#exponential = reality.serviceDistribution === "exponential";
    const variance = Math.log1p(reality.serviceCv ** 2);
    this.#sigma = Math.sqrt(variance);
    this.#shift = variance / 2;
    this.#stragglerShare = reality.stragglers.share;
    this.#stragglerFactor = reality.stragglers.factor;
  }

  /** The multiplier of a batch that starts now. @param arrivalS arrival of its oldest request */
  of(arrivalS: number): number {
    return this.#keyed === null ? this.next() : this.#one(this.#keyed.at(arrivalS));
  }

  /** The next in turn. */
  next(): number {
    if (this.#used === BLOCK) this.#draw();
    return this.#block[this.#used++] ?? 1;
  }

  #one(random: Random): number {
    const multiplier = this.#spread(random);
    const straggles = this.#stragglerShare > 0 && random.next() < this.#stragglerShare;
    return straggles ? multiplier * this.#stragglerFactor : multiplier;
  }

  #spread(random: Random): number {
    if (this.#exponential) return exponential(random);
    return this.#sigma > 0 ? Math.exp(this.#sigma * normal(random) - this.#shift) : 1;
  }

  #draw(): void {
    const random = this.#random;
    const block = this.#block;
    this.#used = 0;
    for (let i = 0; i < BLOCK; i++) block[i] = this.#spread(random);
    if (this.#stragglerShare === 0) return;
    for (let i = 0; i < BLOCK; i++) {
      if (random.next() < this.#stragglerShare) block[i] = (block[i] ?? 1) * this.#stragglerFactor;
    }
  }
}
