// Freeze window: stretches of time, once or repeated, in which nothing is changed.
//
// hold while fromS ≤ now < toS, modulo everyS where given

import type { Guard, GuardContext, Proposal, Verdict } from "../core/index.ts";
import { heldWhole } from "./hold.ts";

/** A half-open stretch of cluster time; with `everyS` it repeats. */
export interface Freeze {
  readonly fromS: number;
  readonly toS: number;
  readonly everyS?: number;
}

function covers({ fromS, toS, everyS }: Freeze, nowS: number): boolean {
  if (everyS === undefined) return nowS >= fromS && nowS < toS;
  const phaseS = (((nowS - fromS) % everyS) + everyS) % everyS;
  return nowS >= fromS && phaseS < toS - fromS;
}

/** Holds everything inside the given stretches of time. */
export function freezeWindow(freezes: readonly Freeze[] = []): Guard {
  return {
    name: "freeze-window",
    check(proposal: Proposal, context: GuardContext): Verdict {
      const freeze = freezes.find((candidate) => covers(candidate, context.nowS));
      if (freeze === undefined) return { proposal };
      return heldWhole(proposal, context, `changes are frozen from ${freeze.fromS} s to ${freeze.toS} s`);
    },
  };
}
