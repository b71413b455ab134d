// What a fleet has seen arrive: its past for nights to learn from, and the features of the load as it is now.

import type { ArrivalRecord } from "../src/core/index.ts";
import { FeatureStream, RateMemory, type RecordedLoad, SLOT_S } from "../src/switching/index.ts";
import { pushSlots } from "./fleet-stream.ts";

/** What is written down of it. */
interface SavedArrivals {
  readonly memory: ReturnType<RateMemory["save"]>;
  readonly stream: ReturnType<FeatureStream["save"]>;
  readonly elapsedS: number;
  readonly regimeS: number;
}

/** Arrivals, each window taken in once. */
export class FleetArrivals {
  readonly memory: RateMemory;
  readonly stream = new FeatureStream();
  #elapsedS = 0;
  #regimeS = 0;

  /** @param days remembered */
  constructor(days: number) {
    this.memory = new RateMemory(days);
  }

  /** Time of all windows taken in, in s. */
  get elapsedS(): number {
    return this.#elapsedS;
  }

  /** Time since the regime that is learnt from began, in s. */
  get learnableS(): number {
    return this.#elapsedS - this.#regimeS;
  }

  /** The remembered arrivals of the regime. */
  learnable(): RecordedLoad {
    return this.memory.recorded(Math.round(this.learnableS / SLOT_S));
  }

  /** From now on nothing before is learnt from. @param timeS in elapsed time */
  forgetBefore(timeS: number): void {
    this.#regimeS = timeS;
  }

  /** @returns whether the window tells its arrivals */
  take(window: ArrivalRecord): boolean {
    const told = !this.memory.missing(window);
    const before = this.memory.slotsSeen;
    if (!this.memory.isNew(window)) return told;
    this.#elapsedS += window.durationS;
    this.memory.add(window);
    pushSlots(this.memory, this.memory.slotsSeen - before, this.stream);
    return told;
  }

  save(): SavedArrivals {
    const { memory, stream } = this;
    return { memory: memory.save(), stream: stream.save(), elapsedS: this.#elapsedS, regimeS: this.#regimeS };
  }

  restore({ memory, stream, elapsedS, regimeS }: SavedArrivals): void {
    this.memory.restore(memory);
    this.stream.restore(stream);
    this.#elapsedS = elapsedS;
    this.#regimeS = regimeS;
  }
}
