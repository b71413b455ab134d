// What charts are sent: timelines, maps of the lattice and savings.

import { z } from "zod";
import { outcomes } from "../core/index.ts";
import { configurationJson, knobValueJson, orNull } from "./schemas.ts";

const column = z.array(z.number().nullable());
const actor = z.enum(["agent", "optimizer", "guard", "operator"]);
const outcome = z.enum(outcomes);

/** A span of a cluster's time in bins. */
export const timelineJson = z
  .object({
    firstS: z.number().nullable(),
    lastS: z.number().nullable(),
    decisions: z.number().int(),
    windowsPerPoint: z.number().int(),
    timeS: z.array(z.number()),
    arrivalRateRps: column,
    forecastRps: column,
    objectiveMs: column,
    p50Ms: column,
    p99Ms: column,
    missRatio: column,
    costUsdPerHour: column,
    offloadedShare: column,
    utilization: column,
    fleet: z.record(z.string(), z.object({ ready: column, launching: column, spot: column })),
    knobs: z.record(z.string(), z.array(orNull(knobValueJson))),
    summary: z.object({
      windows: z.number().int(),
      requests: z.number(),
      attained: z.number().nullable(),
      windowsJudged: z.number().int(),
      windowsMet: z.number().int(),
      usd: z.number(),
      meanUsdPerHour: z.number().nullable(),
      usdPerMillion: z.number().nullable(),
      changes: z.number().int(),
    }),
    marks: z.array(
      z.object({
        id: z.string(),
        timeS: z.number(),
        outcome,
        actor,
        reason: z.string(),
        guards: z.array(z.string()),
        change: z.string(),
      }),
    ),
    marksLeftOut: z.number().int(),
  })
  .meta({ id: "Timeline", description: "Rates and cost are means over a bin, latencies the worst window of it" });

const cell = z
  .object({
    expectedMs: orNull(knobValueJson),
    costUsdPerHour: orNull(knobValueJson),
    safe: z.number().nullable(),
    informed: z.number().nullable(),
    windows: z.number().int(),
    worstMs: z.number().nullable(),
  })
  .nullable();

const axis = z.object({ knob: z.string(), values: z.array(knobValueJson) });

/** Two knobs of a lattice as a map. */
export const latticeJson = z
  .object({
    rateRps: z.number().nullable(),
    slo: z.object({ percentile: z.number(), latencyMs: z.number() }),
    x: axis,
    y: axis,
    knobs: z.array(z.object({ name: z.string(), values: z.number().int() })),
    configurations: z.number(),
    inForce: orNull(configurationJson),
    incumbent: orNull(configurationJson),
    agentTells: z.boolean(),
    cells: z.array(z.array(cell)),
  })
  .meta({ id: "Lattice", description: "Cells by row of y, then by x; null where a configuration cannot run" });

const interval = z.object({ estimate: z.number(), low: z.number(), high: z.number() });

/** What a cluster saves, as far as it is known. */
export const savingsJson = z
  .object({
    status: z.enum(["waiting", "computing", "ready", "failed"]),
    reason: z.string().nullable(),
    result: z
      .object({
        fromS: z.number(),
        toS: z.number(),
        windows: z.number().int(),
        requests: z.number(),
        seeds: z.number().int(),
        measuredUsd: z.number(),
        rule: z.object({ name: z.string(), usd: interval, seedsMet: z.number().int() }),
        savedShare: interval,
        costToBound: z.number().nullable(),
      })
      .nullable(),
    computedAt: z.string().nullable(),
  })
  .meta({ id: "Savings", description: "Measured cost against a simulated counterfactual, with its 95 % interval" });
