// Slowdown regions: region-based learning of how much slower the real system is than a cheap analytic model.
//
// Everything is in src/slowdown: the search (search.ts), the model of a load (load-model.ts, batch-tail.ts), the
// regions (regions.ts), the risk bank, the canary and the cone. Here they get their settings.
// Source: our own; the region is that of Qin et al., SC 2019.

import { z } from "zod";
import { CANARY, NO_CANARY, REGIONS, Regions, SEARCH } from "../src/slowdown/index.ts";
import { searchAgent } from "./search-agent.ts";
import { SlowdownCore } from "./slowdown-core.ts";

const settingsSchema = z.strictObject({
  /** Risk earned per decision; .05 for the careful mode. */
  alpha: z.number().min(0).max(1).default(SEARCH.alpha),
  /** Windows without improvement after which half the risk is earned. */
  patience: z.number().positive().default(SEARCH.patience),
  /** Expected gain below which nothing is tried. */
  stop: z.number().min(0).default(SEARCH.stop),
  /** Promised gain that counts as kept beforehand; small values give up sooner. */
  trust: z.number().positive().default(SEARCH.trust),
  /** False: latency itself is shared, nothing is known beforehand. */
  prior: z.boolean().default(true),
  /** What regions share: the slowdown, or the log of measured over expected latency. */
  unit: z.enum(["slowdown", "latency"]).default("slowdown"),
  /** False leaves the mean over everything measured. */
  regions: z.boolean().default(true),
  /** Radius of a knob's region as a share of its values. */
  radius: z.number().positive().max(2).default(REGIONS.radiusShare),
  /** False leaves one mean in place of the trend. */
  trend: z.boolean().default(true),
  canary: z.boolean().default(true),
  cone: z.boolean().default(true),
});

/** The region agent that knows an analytic model. */
export const regionPrior = searchAgent(
  "region-prior",
  "slowdown regions: an analytic prior, regions of slowdown, risk bank and canary",
  settingsSchema,
  ({ alpha, patience, stop, trust, prior, unit, regions, radius, trend, canary, cone }) =>
    (context, load) =>
      new SlowdownCore(context, load, {
        search: { ...SEARCH, alpha, patience, stop, trust, cone, pseudoObservations: prior && unit === "slowdown" },
        model: { prior, unit },
        canary: canary ? CANARY : NO_CANARY,
        estimator: (columns) =>
          new Regions(columns, { ...REGIONS, radiusShare: radius, regions, trend, siblings: regions }),
      }),
);
