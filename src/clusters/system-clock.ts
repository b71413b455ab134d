// The clock of this machine.

import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "./adapter-entry.ts";

/** Wall-clock time as the system tells it. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await sleep(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  },
};
