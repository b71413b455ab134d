// Hysteresis: a knob that was just turned one way is not turned back the other way, unless the SLO is being missed.
//
// hold knob k while now - lastChange_k < windowS and the move reverses the last one seen in the history
// Source: stabilisation windows (Kubernetes HPA v2 `behavior.scaleDown.stabilizationWindowSeconds`, 300 s).
// Differs: it holds reversals in both directions, and the observation's history is its only memory.

import type { Guard, GuardContext, Knob, Proposal, Verdict } from "../core/index.ts";
import { heldKnobs } from "./hold.ts";
import { position } from "./limits.ts";
import { sloMissed } from "./slo-brake.ts";

/** For how long a reversal is refused. */
export interface HysteresisOptions {
  readonly windowS?: number;
}

interface Move {
  readonly atS: number;
  readonly direction: number;
}

function lastMove(knob: Knob, context: GuardContext): Move | null {
  const { observation } = context;
  const places = [
    ...observation.history.map(({ timeS, configuration }) => ({ timeS, value: configuration[knob.name] })),
    { timeS: observation.timeS, value: (context.inFlight ?? context.running)[knob.name] },
  ];
  for (let i = places.length - 1; i > 0; i--) {
    const now = places[i];
    const before = places[i - 1];
    if (now?.value === undefined || before?.value === undefined || now.value === before.value) continue;
    const direction = position(knob.values, now.value, undefined) - position(knob.values, before.value, undefined);
    return { atS: context.lastChangeS[knob.name] ?? before.timeS, direction };
  }
  return null;
}

/** Refuses to undo a recent change while the SLO holds. */
export function hysteresis({ windowS = 300 }: HysteresisOptions = {}): Guard {
  return {
    name: "hysteresis",
    check(proposal: Proposal, context: GuardContext): Verdict {
      if (sloMissed(context)) return { proposal };
      return heldKnobs(proposal, context, (knob, from, to) => {
        const move = lastMove(knob, context);
        if (move === null || context.nowS - move.atS >= windowS) return null;
        const direction = position(knob.values, to, undefined) - position(knob.values, from, undefined);
        if (direction * move.direction >= 0) return null;
        return `turned the other way ${Math.round(context.nowS - move.atS)} s ago, reversed after ${windowS} s`;
      });
    },
  };
}
