// The `workload:` block of a scenario: an arrival model with its parameters, a trace, clients, or a sum of these.

import { z } from "zod";
import { traceFormats } from "./trace/read-trace.ts";

const positive = z.number().positive().finite();
const nonNegative = z.number().nonnegative().finite();
/** Longest list of phases, waves, surges, clients or parts; more is surely a mistake. */
const MAX_LIST = 1000;
/** Beyond this a Weibull or gamma gap is mostly one giant pause. */
const MAX_CV = 20;

const shared = {
  /** Seconds at the start to learn from, not scored; the environment's business. */
  warmupS: nonNegative.default(0),
  /** Multiplies the number of requests; a MAP then runs faster as a whole, its bursts getting shorter. */
  scale: positive.default(1),
};
const modelled = { ...shared, durationS: positive.default(86_400) };

const poissonSpec = z.strictObject({ model: z.literal("poisson"), rateRps: positive, ...modelled });

const mmppSpec = z
  .strictObject({
    model: z.literal("mmpp"),
    ratesRps: z.array(nonNegative).min(1).max(MAX_LIST),
    meanSojournS: z.array(positive).min(1).max(MAX_LIST),
    /** Probability of the next phase, row by row; every other phase alike when absent. */
    jumps: z.array(z.array(z.number().min(0).max(1))).optional(),
    ...modelled,
  })
  .superRefine(({ ratesRps, meanSojournS, jumps }, context) => {
    const phases = ratesRps.length;
    if (meanSojournS.length !== phases) {
      const message = `expected one per phase (${phases}), found ${meanSojournS.length}`;
      context.addIssue({ code: "custom", path: ["meanSojournS"], message });
    }
    if (!ratesRps.some((rate) => rate > 0)) {
      context.addIssue({ code: "custom", path: ["ratesRps"], message: "expected a rate above 0, found none" });
    }
    const square = jumps?.length === phases && jumps.every((row) => row.length === phases);
    const stochastic = jumps?.every((row, i) => row[i] === 0 && Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 1e-9);
    if (jumps !== undefined && !(square && stochastic)) {
      const message = `expected ${phases} rows of ${phases} probabilities that sum to 1, with a zero diagonal`;
      context.addIssue({ code: "custom", path: ["jumps"], message });
    }
  });

const square = z.array(z.array(z.number().finite())).min(1).max(64);

const mapSpec = z
  .strictObject({ model: z.literal("map"), d0: square, d1: square, ...modelled })
  .superRefine(({ d0, d1 }, context) => {
    const phases = d0.length;
    if ([...d0, ...d1].some((row) => row.length !== phases) || d1.length !== phases) {
      context.addIssue({ code: "custom", path: ["d1"], message: `expected two square matrices of ${phases} phases` });
      return;
    }
    d0.forEach((row, i) => {
      const rates = [...row.filter((_, j) => j !== i), ...(d1[i] ?? [])];
      const out = rates.reduce((sum, rate) => sum + rate, 0);
      const diagonal = row[i] ?? 0;
      if (rates.some((rate) => rate < 0) || !(out > 0) || Math.abs(out + diagonal) > 1e-9 * out) {
        const message = `expected rates of at least 0 and a diagonal of minus their sum (${-out}), found ${diagonal}`;
        context.addIssue({ code: "custom", path: ["d0", i], message });
      }
    });
    if (!d1.flat().some((rate) => rate > 0)) {
      context.addIssue({ code: "custom", path: ["d1"], message: "expected a rate above 0, found none" });
    }
  });

const family = z.enum(["gamma", "weibull"]);
const cv = positive.max(MAX_CV);

const renewalSpec = z.strictObject({ model: z.literal("renewal"), family, rateRps: positive, cv, ...modelled });

const oneOrMore = (item: typeof positive | typeof nonNegative) =>
  z.union([item, z.array(item).min(1).max(MAX_LIST)]).transform((value) => (Array.isArray(value) ? value : [value]));

const diurnalSpec = z
  .strictObject({
    model: z.literal("diurnal"),
    meanRps: positive,
    /** Swing over the mean, of each wave; together at most 1. */
    amplitude: oneOrMore(nonNegative),
    periodS: oneOrMore(positive).default([86_400]),
    /** First peak of each wave; half a period in when absent, so that time 0 is the trough. */
    peakS: oneOrMore(nonNegative).optional(),
    ...modelled,
  })
  .superRefine(({ amplitude, periodS, peakS }, context) => {
    const waves = amplitude.length;
    if (periodS.length !== waves || (peakS !== undefined && peakS.length !== waves)) {
      const message = `expected as many as in amplitude (${waves})`;
      context.addIssue({ code: "custom", path: [periodS.length === waves ? "peakS" : "periodS"], message });
    }
    const sum = amplitude.reduce((total, one) => total + one, 0);
    if (sum > 1) {
      context.addIssue({ code: "custom", path: ["amplitude"], message: `expected at most 1 in sum, found ${sum}` });
    }
  });

const surgeSpec = z
  .strictObject({
    model: z.literal("surge"),
    baseRps: positive,
    /** Rate over the base rate, surge by surge, taken in turn: 1.75 is +75 %. */
    factors: z.array(nonNegative).min(1).max(MAX_LIST),
    surgeS: positive,
    everyS: positive,
    /** Start of the first surge; half of `everyS` when absent. */
    firstS: nonNegative.optional(),
    ...modelled,
  })
  .refine(({ surgeS, everyS }) => everyS >= surgeS, { path: ["everyS"], message: "expected at least surgeS" });

const inlineClient = z.strictObject({
  name: z.string().optional(),
  family: family.default("gamma"),
  cv: cv.default(1),
  /** One rate for all time, or one per window. */
  rateRps: oneOrMore(nonNegative),
});

const clientsSpec = z.strictObject({
  model: z.literal("clients"),
  /** A file (client,t_s,rate_rps,cv,iat_family,arg1,arg2), or the clients themselves. */
  clients: z.union([z.string().min(1), z.array(inlineClient).min(1).max(MAX_LIST)]),
  /** Rates of all clients (t_s,rate_rps); what the listed ones leave arrives as Poisson. */
  total: z.string().min(1).optional(),
  windowS: positive.default(600),
  startS: nonNegative.default(0),
  ...shared,
  durationS: positive.default(86_400),
});

const exclusion = z
  .strictObject({ fromS: nonNegative, toS: positive, everyS: positive.optional() })
  .refine(({ fromS, toS }) => toS > fromS, { path: ["toS"], message: "expected a time after fromS" });

const traceSpec = z.strictObject({
  model: z.literal("trace").default("trace"),
  trace: z.string().min(1),
  format: z.enum(traceFormats).optional(),
  startS: nonNegative.default(0),
  /** To the end of the trace when absent. */
  durationS: positive.optional(),
  /** Missing data, in the trace's own time: the clock goes on, nothing counts. */
  exclude: z.array(exclusion).max(MAX_LIST).default([]),
  /** Zero counts for this long or longer are missing data too. */
  missingAfterS: positive.optional(),
  ...shared,
});

const single = [poissonSpec, mmppSpec, mapSpec, renewalSpec, diurnalSpec, surgeSpec, clientsSpec, traceSpec] as const;

/** A block may leave `model` out where its other keys tell it. */
function withModel(value: unknown): unknown {
  if (typeof value !== "object" || value === null || "model" in value) return value;
  if ("trace" in value) return { ...value, model: "trace" };
  if ("clients" in value) return { ...value, model: "clients" };
  return "parts" in value ? { ...value, model: "sum" } : value;
}

const partSchema = z.preprocess(withModel, z.discriminatedUnion("model", single));

const sumSpec = z.strictObject({
  model: z.literal("sum"),
  parts: z.array(partSchema).min(1).max(MAX_LIST),
  warmupS: shared.warmupS,
});

/** All of a scenario's `workload:` block, unknown keys refused. */
export const workloadSchema = z.preprocess(withModel, z.discriminatedUnion("model", [...single, sumSpec]));

/** A checked `workload:` block, defaults filled in. */
export type WorkloadSpec = z.output<typeof workloadSchema>;
/** A block that is not a sum. */
export type SingleWorkloadSpec = z.output<typeof partSchema>;
