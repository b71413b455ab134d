// What machines cannot take in time, second by second, and what functions make of it.
//
// backlog += count - C, at least 0;  what exceeds C·w goes to functions, w the longest wait before a request is handed over
// functions carry limit / serviceS calls a second; what comes beyond is late
// Source: fluid queue with bounded wait, as the simulator's offload by predicted wait.

/** How functions stand in for machines. */
export interface CallBehaviour {
  readonly serviceS: number;
  readonly keepAliveS: number;
  /** Calls at once; Infinity for no limit. */
  readonly concurrencyLimit: number;
  /** Share of an hour's requests that may be late. */
  readonly lateShare: number;
}

/** A backlog in front of machines that hands over what would wait too long. */
export class Backlog {
  waiting = 0;

  /** Takes a second's arrivals. @returns requests handed over @param waitS longest wait */
  take(count: number, capacityRps: number, waitS: number): number {
    const left = this.waiting + count - capacityRps;
    const room = capacityRps * waitS;
    const over = left > room ? left - room : 0;
    this.waiting = left > 0 ? left - over : 0;
    return over;
  }
}

/** Calls a second that functions carry. */
export function callsPerS({ concurrencyLimit, serviceS }: CallBehaviour): number {
  return serviceS > 0 ? concurrencyLimit / serviceS : Number.POSITIVE_INFINITY;
}
