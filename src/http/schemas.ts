// What goes over the wire: the schemas that both validate requests and describe the contract.

import { z } from "zod";
import { clusterFileSchema, simulatedFileSchema } from "../../environments/index.ts";
import { outcomes, trusts } from "../core/index.ts";
import { modeSchema, nameSchema } from "../store/index.ts";

/** A knob value as JSON: a number or a name; "Infinity" stands for never. */
export const knobValueJson = z.union([z.number(), z.string()]);

/** A configuration as JSON. */
export const configurationJson = z
  .record(z.string(), knobValueJson)
  .meta({ id: "Configuration", description: 'A value for every knob; "Infinity" stands for never' });

/** A value or null, as a choice: the contract then names the schema of the value. */
export function orNull<T extends z.ZodType>(schema: T): z.ZodUnion<[T, z.ZodNull]> {
  return z.union([schema, z.null()]);
}

/** A page of a list. */
export function pageOf(items: z.ZodType): z.ZodType {
  return z.object({ items: z.array(items), next: z.string().nullable() });
}

/** A name in a path. */
export const nameParams = z.strictObject({ name: nameSchema });

/** An id in a path. */
export const idParams = z.strictObject({ id: nameSchema });

/** Mode as body. */
export const modeBody = z.strictObject({ mode: modeSchema });

/** A page of a log. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  cursor: z.coerce.number().int().nonnegative().optional(),
  order: z.enum(["desc", "asc"]).default("desc"),
});

const trust = z.enum(trusts);
const outcome = z.enum(outcomes);
const actor = z.enum(["agent", "optimizer", "guard", "operator"]);

/** One voice in a decision. */
export const voteJson = z
  .object({
    by: z.string(),
    type: z.enum(["SET", "AT_LEAST", "AT_MOST"]),
    configuration: configurationJson,
    reason: z.string(),
  })
  .meta({ id: "Vote" });

const metricsJson = z
  .object({
    durationS: z.number(),
    requests: z.number(),
    arrivalRateRps: z.number(),
    latency: z
      .object({
        meanMs: z.number(),
        p50Ms: z.number(),
        p95Ms: z.number(),
        p99Ms: z.number(),
        objectiveMs: z.number(),
        missRatio: z.number(),
        resolution: z.number(),
      })
      .nullable(),
    queueLength: z.number(),
    utilization: z.number(),
    meanBatchSize: z.number().nullable(),
    service: z.object({ meanMs: z.number() }).nullable(),
    dropped: z.number(),
    offloadedShare: z.number(),
    costUsdPerHour: z.number(),
    costUsd: z.number(),
  })
  .meta({ id: "WindowMetrics", description: "One measurement window, at the input for arrivals" });

const expectationJson = z.object({ objectiveMs: z.number(), costUsdPerHour: z.number() });

/** A decision in words. */
const explanationJson = z
  .object({
    saw: z.string(),
    expects: z.string().nullable(),
    runnerUp: z
      .object({
        by: z.string(),
        configuration: configurationJson,
        expected: expectationJson.nullable(),
        why: z.string(),
      })
      .nullable(),
    changesMind: z.array(z.string()),
    text: z.string(),
  })
  .meta({
    id: "Explanation",
    description: "What was seen and expected, why not the runner-up, what would change this",
  });

/** A decision record. */
export const decisionJson = z
  .object({
    id: z.string(),
    timeS: z.number(),
    cluster: z.string(),
    mode: modeSchema,
    trust,
    observation: z
      .object({
        metrics: metricsJson,
        configuration: configurationJson,
        inFlight: orNull(configurationJson),
        fleet: z.record(
          z.string(),
          z.object({ ready: z.number(), launching: z.number(), draining: z.number(), spot: z.number() }),
        ),
        forecastRps: z.number().nullable(),
      })
      .nullable(),
    votes: z.array(voteJson),
    actor,
    proposed: orNull(configurationJson),
    applied: orNull(configurationJson),
    guards: z.array(z.object({ guard: z.string(), reason: z.string() })),
    expected: expectationJson.nullable(),
    measured: z.object({ objectiveMs: z.number().nullable(), costUsdPerHour: z.number() }).nullable(),
    outcome,
    reason: z.string(),
    explanation: orNull(explanationJson),
    proposal: z.string().nullable(),
    policyId: z.string().nullable(),
    stepMicros: z.record(z.string(), z.number()),
  })
  .meta({ id: "Decision", description: "One pass of the control loop, or one command" });

/** A cluster to attach. */
export const clusterBody = z
  .union([simulatedFileSchema, clusterFileSchema])
  .meta({ id: "ClusterFile", description: "The document of a cluster file" });

/** A cluster between two passes. */
export const clusterJson = z
  .object({
    name: z.string(),
    adapter: z.string(),
    scenario: z.string().nullable(),
    agent: z.string(),
    optimizer: z.string(),
    mode: modeSchema,
    leader: z.string().nullable(),
    budgetUsdPerHour: z.number().nullable(),
    trust: z.object({
      trust,
      sinceS: z.number(),
      reason: z.string(),
      test: z
        .object({
          passed: z.boolean(),
          windows: z.number().int(),
          loadLevels: z.number().int(),
          meanAdvantage: z.number().nullable(),
          lowerBound: z.number().nullable(),
          reason: z.string(),
        })
        .nullable(),
    }),
    timeS: z.number(),
    configuration: orNull(configurationJson),
    configurationDecision: z.string().nullable(),
    running: orNull(configurationJson),
    inFlight: orNull(configurationJson),
    lastGood: z.unknown(),
    actuationDelayS: z.record(z.string(), z.number()),
    pendingProposal: z.string().nullable(),
    decisions: z.number().int(),
    lastDecision: orNull(decisionJson),
    resumed: z.object({ decision: z.string(), configuration: configurationJson }).nullable(),
    attachedAt: z.string(),
  })
  .meta({ id: "Cluster" });

/** Budget as body. */
export const budgetBody = z.strictObject({ usdPerHour: z.number().positive().finite() });

/** Where a proposal stands. */
export const proposalStatus = z.enum(["pending", "approved", "rejected", "expired", "superseded"]);

/** Who answers a proposal, and with which words. */
export const answerBody = z.strictObject({
  by: z.string().min(1).max(200).default("operator"),
  note: z.string().min(1).max(2000).optional(),
});

/** A change that waits for a person, or did. */
export const proposalJson = z
  .object({
    id: z.string(),
    cluster: z.string(),
    createdS: z.number(),
    confirmedS: z.number(),
    expiresS: z.number(),
    current: configurationJson,
    proposed: configurationJson,
    by: actor,
    votes: z.array(voteJson),
    reason: z.string(),
    explanation: orNull(explanationJson),
    metrics: orNull(metricsJson),
    expected: expectationJson.nullable(),
    status: proposalStatus,
    answer: z.object({ by: z.string(), timeS: z.number(), note: z.string().nullable() }).nullable(),
    decision: z.string().nullable(),
  })
  .meta({ id: "Proposal", description: "A change the service would make in `advisory`" });

/** What the loop would have a cluster run. */
export const recommendationJson = z
  .object({
    decision: z.string(),
    timeS: z.number(),
    target: configurationJson,
    uncappedTarget: configurationJson,
    lowerBound: configurationJson,
    upperBound: configurationJson,
    by: actor,
    reason: z.string(),
    explanation: orNull(explanationJson),
    expected: expectationJson.nullable(),
    votes: z.array(voteJson),
    conditions: z.array(z.object({ type: z.string(), reason: z.string() })),
  })
  .meta({ id: "Recommendation" });

/** A training to start. */
export const trainingBody = z.strictObject({
  scenario: nameSchema,
  agent: z.string().min(1).max(200),
  seed: z.number().int().nonnegative().default(1),
  episodes: z.number().int().min(1).max(10_000).default(1),
});

/** A training, under way or over. */
export const trainingJson = z
  .object({
    id: z.string(),
    scenario: z.string(),
    agent: z.string(),
    seed: z.number().int(),
    episodes: z.number().int(),
    status: z.enum(["running", "done", "failed", "stopped"]),
    progress: z
      .object({
        episode: z.number().int(),
        episodes: z.number().int(),
        step: z.number().int(),
        stepsPerEpisode: z.number().int(),
        meanReward: z.number(),
        curve: z.array(z.number()),
      })
      .nullable(),
    policy: z.string().nullable(),
    error: z.string().nullable(),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
  })
  .meta({ id: "Training" });

/** A policy in the list. */
export const policyJson = z
  .object({
    id: z.string(),
    kind: z.string(),
    environment: z.string(),
    scenario: z.string().nullable(),
    sha256: z.string(),
    createdAt: z.string().nullable(),
    training: z.string().nullable(),
    cluster: z.string().nullable(),
  })
  .meta({ id: "Policy" });

/** A space, in Minari's form, with its name as gym-http-api has it. */
export const spaceJson = z.object({ info: z.record(z.string(), z.unknown()) }).meta({ id: "Space" });
