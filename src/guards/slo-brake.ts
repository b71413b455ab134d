// SLO brake: while the SLO is being missed, nothing is taken away.
//
// missRatio > 1 - percentile of the first SLO, and committed(proposal) < committed(in force): hold

import type { Guard, GuardContext, Proposal, Verdict } from "../core/index.ts";
import { heldWhole } from "./hold.ts";
import { target } from "./limits.ts";

/** Whether the latest window missed the first SLO; requests without any completed count as missed. */
export function sloMissed({ observation, objective }: GuardContext): boolean {
  const { latency, requests } = observation.metrics;
  if (latency === null) return requests > 0;
  return !(latency.missRatio <= 1 - objective.slo[0].percentile + Number.EPSILON);
}

/** Refuses to commit less than now while the SLO is missed. */
export function sloBrake(): Guard {
  return {
    name: "slo-brake",
    check(proposal: Proposal, context: GuardContext): Verdict {
      if (!sloMissed(context)) return { proposal };
      const now = context.committedUsdPerHour(target(context));
      if (context.committedUsdPerHour(proposal.configuration) >= now) return { proposal };
      const missed = context.observation.metrics.latency?.missRatio ?? 1;
      return heldWhole(proposal, context, `the SLO is being missed by ${(missed * 100).toFixed(2)} % of requests`);
    },
  };
}
