// Holding: how a guard keeps some knobs, or all of them, at the configuration in force.

import type { Configuration, GuardContext, Knob, KnobValue, Proposal, Verdict } from "../core/index.ts";
import { sameConfiguration } from "../spaces/index.ts";
import { target, towards } from "./limits.ts";

/** Whether a proposal ends a running canary and goes back to what the rest of the traffic runs. */
export function rollsBack(configuration: Configuration, context: GuardContext): boolean {
  return context.observation.canary !== null && sameConfiguration(configuration, context.running);
}

/**
 * Holds the knobs for which `why` gives a reason; the others move as far as the limits allow.
 * A canary may always be rolled back.
 */
export function heldKnobs(
  proposal: Proposal,
  context: GuardContext,
  why: (knob: Knob, from: KnobValue | undefined, to: KnobValue | undefined) => string | null,
): Verdict {
  if (rollsBack(proposal.configuration, context)) return { proposal };
  const held = target(context);
  const wanted: Record<string, KnobValue> = { ...proposal.configuration };
  const reasons: string[] = [];
  for (const knob of context.lattice.knobs) {
    const from = held[knob.name];
    const to = wanted[knob.name];
    if (from === to || from === undefined) continue;
    const reason = why(knob, from, to);
    if (reason === null) continue;
    wanted[knob.name] = from;
    reasons.push(`${knob.name} ${reason}`);
  }
  if (reasons.length === 0) return { proposal };
  return { proposal: { ...proposal, configuration: towards(wanted, context) }, reason: reasons.join("; ") };
}

/** Holds everything, for the reason given. A canary may always be rolled back. */
export function heldWhole(proposal: Proposal, context: GuardContext, reason: string): Verdict {
  const held = target(context);
  if (sameConfiguration(proposal.configuration, held) || rollsBack(proposal.configuration, context)) {
    return { proposal };
  }
  return { proposal: { configuration: held, reason: proposal.reason }, reason };
}
