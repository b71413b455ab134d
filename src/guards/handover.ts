// Handover: machines are let go only when those that take over are ready.
//
// hold knob k of class `provision` against going down while any machine is launching, or the proposal asks for more
// Source: the surge of rolling updates (Kubernetes Deployment `maxUnavailable: 0`), applied across machine types.

import type { Guard, GuardContext, Proposal, Verdict } from "../core/index.ts";
import { heldKnobs } from "./hold.ts";
import { position, target } from "./limits.ts";

/** Scales up before it scales down. */
export function handover(): Guard {
  return {
    name: "handover",
    check(proposal: Proposal, context: GuardContext): Verdict {
      const held = target(context);
      const steps = (name: string, values: readonly (number | string)[]): number =>
        position(values, proposal.configuration[name], held[name]) - position(values, held[name], undefined);
      const machines = context.lattice.knobs.filter((knob) => knob.actuation === "provision");
      const more = machines.some((knob) => steps(knob.name, knob.values) > 0);
      const onTheirWay = Object.values(context.observation.fleet).some((count) => count.launching > 0);
      if (!more && !onTheirWay) return { proposal };
      const why = more ? "not lowered while others are raised" : "not lowered while machines are launching";
      return heldKnobs(proposal, context, (knob) =>
        knob.actuation === "provision" && steps(knob.name, knob.values) < 0 ? why : null,
      );
    },
  };
}
