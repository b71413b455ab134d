// Notices that the system itself changed: what a configuration shows now is not what the same configuration showed before.
//
// shift: service slowdown of a repeated configuration minus its mean before; where service times are not told, or agree,
// the slowdown by latency, which must stray by five times what windows do.
// Changed: a shift of more than .25 in service times, or two running, of any configurations, above .1 and of one sign.

import { z } from "zod";

/** A service shift that cannot be chance, and the least that counts as one of two. */
const CERTAIN = 0.25;
const LEAST = 0.1;

/** The least latency shift that counts, and in standard deviations of a window's slowdown. */
const LEAST_BY_LATENCY = 0.15;
const DEVIATIONS = 5;

/** JSON form of the test. */
export const changeTestSchema = z.object({ pending: z.number() });

/** What a repeated configuration shows beside what it showed. */
export interface Repeat {
  /** Log ratio of service times; null where they are not told. */
  readonly service: number | null;
  /** Difference of slowdowns by latency. */
  readonly slowdown: number;
  /** Standard deviation of one window's slowdown. */
  readonly deviation: number;
}

/** The test of one search. */
export class ChangeTest {
  /** A shift that waits for a second; 0 for none. */
  #pending = 0;

  /** Whether a shift waits for a second one: the next repeat, of whatever configuration, decides. */
  get suspects(): boolean {
    return this.#pending !== 0;
  }

  /** Takes a repeat. @returns the shift once it is certain that the system changed; else null */
  test({ service, slowdown, deviation }: Repeat): number | null {
    const byService = service !== null && Math.abs(service) >= LEAST;
    const byLatency = Math.abs(slowdown) >= Math.max(LEAST_BY_LATENCY, DEVIATIONS * deviation);
    const shift = byService ? service : byLatency ? slowdown : 0;
    const twice = shift * this.#pending > 0;
    const certain = byService && Math.abs(shift) >= CERTAIN;
    const mean = twice ? (shift + this.#pending) / 2 : shift;
    this.#pending = twice || certain ? 0 : shift;
    return twice || certain ? mean : null;
  }

  reset(): void {
    this.#pending = 0;
  }

  save(): z.input<typeof changeTestSchema> {
    return { pending: this.#pending };
  }

  restore(saved: z.infer<typeof changeTestSchema>): void {
    this.#pending = saved.pending;
  }
}

/** A shift in words, such as "service slowed down by 50 %". */
export function describeShift(shift: number): string {
  const percent = Math.round(100 * Math.abs(Math.expm1(shift)));
  return shift > 0 ? `the cluster became slower by ${percent} %` : `the cluster became faster by ${percent} %`;
}
