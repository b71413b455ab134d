// Staleness: what was seen too long ago, or in the future, is no ground for a change.
//
// hold unless 0 ≤ now - observation time ≤ maxWindows · window length

import type { Guard, GuardContext, Proposal, Verdict } from "../core/index.ts";
import { heldWhole } from "./hold.ts";

/** How old an observation may be. */
export interface StalenessOptions {
  /** In lengths of its own window. */
  readonly maxWindows?: number;
}

/** An observation older than this many of its own windows is stale. */
export const FRESH_WINDOWS = 3;

/** Holds everything while the observation is older than a few windows, or its clock went back. */
export function staleness({ maxWindows = FRESH_WINDOWS }: StalenessOptions = {}): Guard {
  return {
    name: "staleness",
    check(proposal: Proposal, context: GuardContext): Verdict {
      const ageS = context.nowS - context.observation.timeS;
      const maxS = maxWindows * context.observation.metrics.durationS;
      if (ageS >= -1e-6 && ageS <= maxS) return { proposal };
      return heldWhole(
        proposal,
        context,
        `the observation is ${Math.round(ageS)} s old, at most ${Math.round(maxS)} s is fresh`,
      );
    },
  };
}
