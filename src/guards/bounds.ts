// Bounds: only configurations on the knob lattice, that can run, with values the cluster offers now.
//
// x → the nearest configuration inside (sum of steps over the knobs, ties in knob order)

import type { Configuration, Guard, GuardContext, Proposal, Verdict } from "../core/index.ts";
import { inBounds, nearestInside, position, target } from "./limits.ts";

function onLattice(configuration: Configuration, context: GuardContext): Configuration {
  const held = target(context);
  return context.lattice.at(
    context.lattice.knobs.map((knob) => position(knob.values, configuration[knob.name], held[knob.name])),
  );
}

function offending(configuration: Configuration, allowed: Configuration, context: GuardContext): string {
  const changed = context.lattice.knobs
    .map((knob) => knob.name)
    .filter((name) => configuration[name] !== allowed[name])
    .map((name) => `${name} ${configuration[name]} → ${allowed[name]}`);
  return changed.length > 0 ? changed.join(", ") : "knobs the cluster does not have";
}

/** Keeps every proposal on the lattice and inside the mask. Runs last but for the budget. */
export const bounds: Guard = {
  name: "bounds",
  check(proposal: Proposal, context: GuardContext): Verdict {
    if (inBounds(proposal.configuration, context)) return { proposal };
    const start = onLattice(proposal.configuration, context);
    const allowed = nearestInside(start, (candidate) => inBounds(candidate, context), context);
    if (allowed === null) throw new RangeError("expected at least one configuration inside the bounds, found none");
    return {
      proposal: { ...proposal, configuration: allowed },
      reason: `outside the bounds: ${offending(proposal.configuration, allowed, context)}`,
    };
  },
};
