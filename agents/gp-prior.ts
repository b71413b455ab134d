// The baseline to beat: a Gaussian process on the log of measured over expected latency, with region-prior's prior and guards.
//
// Same analytic model, risk bank, canary, load levels and search as region-prior (src/slowdown/search.ts); the residual is
// log latency in place of slowdown, and a Gaussian process with a fixed Matérn-5/2 kernel in place of regions.
// Source: Y. Sui et al., "Safe Exploration for Optimization with Gaussian Processes", ICML 2015, for the safe set.

import { z } from "zod";
import { CANARY, GAUSSIAN_RESIDUAL, GaussianResidual, SEARCH } from "../src/slowdown/index.ts";
import { searchAgent } from "./search-agent.ts";
import { SlowdownCore } from "./slowdown-core.ts";

/** First guess of the spread of log latency around the prior's, and the noise of one window, in nats. */
const LOG_LATENCY_SPREAD = 0.7;
const LOG_LATENCY_NOISE = 0.06;

const settingsSchema = z.strictObject({
  alpha: z.number().min(0).max(1).default(SEARCH.alpha),
  /** What the process is over. */
  unit: z.enum(["slowdown", "latency"]).default("latency"),
  /** In shares of a knob's range. */
  lengthScale: z.number().positive().default(GAUSSIAN_RESIDUAL.lengthScale),
});

/** A Gaussian process with the prior and the guards of region-prior. */
export const gpPrior = searchAgent(
  "gp-prior",
  "a Gaussian process given region-prior's prior, bank and canary",
  settingsSchema,
  ({ alpha, unit, lengthScale }) =>
    (context, load) =>
      new SlowdownCore(context, load, {
        search: {
          ...SEARCH,
          alpha,
          tau0: unit === "latency" ? LOG_LATENCY_SPREAD : SEARCH.tau0,
          noise: unit === "latency" ? LOG_LATENCY_NOISE : SEARCH.noise,
          pseudoObservations: unit === "slowdown",
        },
        model: { prior: true, unit },
        canary: CANARY,
        estimator: (columns) => new GaussianResidual(columns, { ...GAUSSIAN_RESIDUAL, lengthScale }),
      }),
);
