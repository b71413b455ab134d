// Constrained expected improvement: how much better a candidate is expected to be, times how surely it keeps the SLO.
//
// latency objective: EI on log latency.   cost objective: E[(log c_best - log c)+] · P(log latency <= log SLO);  P alone
// until something keeps the SLO
//   EI = (m - μ) Φ(z) + σ φ(z),  z = (m - μ)/σ
// Source: J. Gardner, M. Kusner, Z. Xu, K. Weinberger, J. Cunningham, "Bayesian Optimization with Inequality
//   Constraints", ICML 2014; EI: D. Jones, M. Schonlau, W. Welch, 1998.
// Differs: cost is known where the context tells it, and then enters without doubt.

import { expectedImprovement, normalCdf } from "../../math/index.ts";
import type { Candidate } from "./candidates.ts";
import { defineSearch } from "./entry.ts";
import { gpSearch } from "./gp-search.ts";
import { Surrogate, type SurrogateBelief } from "./surrogate.ts";

/** Expected log improvements below this are noise. */
const LEAST_GAIN = 1e-5;

export const gpCei = defineSearch({
  name: "gp-cei",
  summary: "Gaussian processes, constrained expected improvement, length-scales learned or fixed",
  settings: { lengthScales: "learned" },
  choices: { lengthScales: ["learned", "fixed"] },
  create: (context, { lengthScales }) =>
    gpSearch(context, "gp-cei", (candidates, measurements) => {
      const { objective, cost } = context;
      const logSlo = Math.log(objective.slo[0].latencyMs);
      const latency = new Surrogate(candidates, lengthScales === "learned");
      const costs = cost === undefined ? new Surrogate(candidates, false) : null;
      const byLatency = objective.minimize === "latency";
      const logCost = (usdPerHour: number): number => Math.log(Math.max(1e-9, usdPerHour));

      const beliefInCost = (candidate: Candidate, position: number): SurrogateBelief => {
        if (costs === null) return { mean: logCost(cost?.(candidate.configuration) ?? 0), deviation: 0 };
        return costs.belief(position);
      };
      return {
        observe(records, points) {
          latency.observe(
            points,
            records.map((record) => record.logLatency),
          );
          costs?.observe(
            points,
            records.map((record) => logCost(record.costUsdPerHour)),
          );
        },
        score(candidate, position) {
          const incumbent = measurements.incumbent();
          const belief = latency.belief(position);
          if (byLatency) return expectedImprovement(incumbent?.logLatency ?? logSlo, belief);
          const safe = normalCdf((logSlo - belief.mean) / Math.max(1e-9, belief.deviation));
          if (incumbent === undefined || !incumbent.feasible) return safe;
          return safe * expectedImprovement(logCost(incumbent.costUsdPerHour), beliefInCost(candidate, position));
        },
        exhausted: (score) => score < LEAST_GAIN,
      };
    }),
});
