// Cooldown: a knob is not changed again before its own decision period is over.
//
// hold knob k while now - lastChange_k < decideEveryS_k;  a running canary may always be rolled back

import type { Guard, GuardContext, Proposal, Verdict } from "../core/index.ts";
import { heldKnobs } from "./hold.ts";

/** Holds each knob for its `decideEveryS` after a change. */
export function cooldown(): Guard {
  return {
    name: "cooldown",
    check(proposal: Proposal, context: GuardContext): Verdict {
      return heldKnobs(proposal, context, (knob) => {
        const changedS = context.lastChangeS[knob.name];
        if (changedS === undefined) return null;
        const restS = knob.decideEveryS - (context.nowS - changedS);
        return restS <= 0 ? null : `changed ${Math.round(context.nowS - changedS)} s ago, every ${knob.decideEveryS} s`;
      });
    },
  };
}
