// Simulation in the loop: learns the service surface, replays recorded arrivals, keeps regions for what the replay misses.
//
// The search is in replay-search.ts, latency beliefs in simulated-latency.ts, replays in replay.ts, the service surface in
// src/slowdown/service-surface.ts, traces, canary and hand-over in replay-core.ts. Here they get their settings.
// Source: our own.

import { z } from "zod";
import { CANARY, GAUSSIAN_RESIDUAL, GaussianResidual, REGIONS, Regions, SEARCH } from "../src/slowdown/index.ts";
import { REPLAY_SEARCH } from "./replay-contract.ts";
import { ReplayCore } from "./replay-core.ts";
import { searchAgent } from "./search-agent.ts";
import { SlowdownCore } from "./slowdown-core.ts";

const settingsSchema = z.strictObject({
  /** Risk earned per decision, in windows of exposure. */
  alpha: z.number().min(0).max(1).default(REPLAY_SEARCH.alpha),
  /** False ranks by the closed form alone. */
  simulation: z.boolean().default(true),
  /** False leaves the service times at the profile fit. */
  serviceLearning: z.boolean().default(true),
  /** Weight of "no residual" among neighbours, in observations. */
  shrinkage: z.number().positive().default(1),
  /** What estimates the residual of the replays. */
  residual: z.enum(["regions", "gp", "none"]).default("regions"),
  /** False judges a trial by its latency alone. */
  serviceCanary: z.boolean().default(true),
  canary: z.boolean().default(true),
  /** False takes the residual from the belief, not from a replay of the window's own arrivals. */
  controlVariate: z.boolean().default(true),
  /** False believes the machine to be as configured. */
  criticism: z.boolean().default(true),
  /** Recorded windows replayed. */
  traces: z.number().int().min(1).max(64).default(12),
  /** Configurations screened in the background per window. */
  sweep: z.number().int().min(0).default(REPLAY_SEARCH.sweep),
});

/** The region agent with the simulator in its loop. */
export const regionSim = searchAgent(
  "region-sim",
  "simulation in the loop: learnt service times, replayed arrivals, regions for the rest",
  settingsSchema,
  (settings) => (context, load) =>
    new ReplayCore(context, load, {
      search: {
        ...REPLAY_SEARCH,
        alpha: settings.alpha,
        sweep: settings.simulation ? settings.sweep : 0,
        learnService: settings.serviceLearning,
        controlVariate: settings.controlVariate,
        criticism: settings.criticism,
      },
      traces: settings.traces,
      simulate: settings.simulation,
      serviceCanary: settings.canary && settings.serviceCanary && settings.serviceLearning ? 1 / 16 : 0,
      canary: settings.canary,
      estimator: (columns) =>
        settings.residual === "gp"
          ? new GaussianResidual(columns, GAUSSIAN_RESIDUAL)
          : new Regions(columns, {
              ...REGIONS,
              globalWeight: settings.shrinkage,
              regionWeight: settings.shrinkage,
              trend: false,
              regions: settings.residual === "regions",
              siblings: settings.residual === "regions",
            }),
      fallback: (fallbackContext, fallbackLoad) =>
        new SlowdownCore(fallbackContext, fallbackLoad, {
          search: SEARCH,
          model: { prior: fallbackContext.profilePoints.length > 0, unit: "slowdown" },
          canary: CANARY,
          estimator: (columns) => new Regions(columns, REGIONS),
        }),
    }),
);
