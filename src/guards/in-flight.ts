// In flight: while a change is on its way, what it changes is left alone, and machines and what runs on them not both.
//
// hold knob k while a change of k is on its way, unless machines are raised further;
// hold what restarts or reloads while machines come or go, and machines while something restarts or reloads
// a knob that is hot is free otherwise;  while the SLO is missed, committing to more is always free

import type { Guard, GuardContext, Knob, Proposal, Verdict } from "../core/index.ts";
import { heldKnobs } from "./hold.ts";
import { position, target } from "./limits.ts";
import { sloMissed } from "./slo-brake.ts";

function movingKnobs({ lattice, observation }: GuardContext): readonly Knob[] {
  const { inFlight, configuration } = observation;
  if (inFlight === null) return [];
  const moving = lattice.knobs.filter((knob) => inFlight[knob.name] !== configuration[knob.name]);
  // A restart machine by machine: the configuration is in force already, and not on every machine.
  return moving.length > 0 ? moving : lattice.knobs.filter((knob) => knob.actuation === "restart");
}

/** Holds what an unfinished change must not be mixed with. */
export function inFlight(): Guard {
  return {
    name: "in-flight",
    check(proposal: Proposal, context: GuardContext): Verdict {
      const moving = movingKnobs(context);
      if (moving.length === 0) return { proposal };
      const more = context.committedUsdPerHour(proposal.configuration) > context.committedUsdPerHour(target(context));
      if (more && sloMissed(context)) return { proposal };
      const machines = moving.some((knob) => knob.actuation === "provision");
      const inside = moving.some((knob) => knob.actuation === "reload" || knob.actuation === "restart");
      return heldKnobs(proposal, context, (knob, from, to) => {
        if (moving.includes(knob)) {
          const raised = position(knob.values, to, undefined) > position(knob.values, from, undefined);
          return knob.actuation === "provision" && raised ? null : "is on its way to its last value";
        }
        if (knob.actuation === "provision" && inside) return "waits until what restarts or reloads is done";
        if ((knob.actuation === "reload" || knob.actuation === "restart") && machines) {
          return "waits until the machines have come or gone";
        }
        return null;
      });
    },
  };
}
