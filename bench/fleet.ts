// The fleet benchmark: what policies pay over the clairvoyant on the reference contexts, and over all of them.
//
// geomean(policy) = exp(mean over contexts of log(cost / clairvoyant)), of contexts where both are known and the SLO is met
// Source: design section 9.

import { join } from "node:path";
import { loadScenario, openScenario } from "../environments/index.ts";
import { UnknownNameError } from "../src/core/index.ts";
import { packageRoot } from "../src/store/index.ts";
import {
  type Bounds,
  evaluate,
  type PairedCost,
  type PolicyScore,
  pairedCost,
  policyPool,
} from "../src/training/index.ts";
import { keptBounds } from "./bounds-cache.ts";

/** The reference contexts, in the order they are run. */
export const fleetContexts = ["tw1-cpu", "tw5-cpu", "surge", "mmpp", "tw1-p2", "tw5-t4", "tw1-spot"] as const;

/** Contexts beside them, which nothing was tuned on. */
export const furtherContexts = ["servegen-m-large"] as const;

/** Policies compared where nobody asks for others. */
export const fleetPolicies = [
  "static-functions",
  "mixed:holdS=120",
  "mark",
  "region-fleet",
  "region-fleet:calendar=false",
];

/** What the others are paired with, day by day; the first policy where it does not run. */
const PAIRED_WITH = "mixed:holdS=120";

/** What to run. */
export interface FleetBenchOptions {
  readonly contexts: readonly string[];
  readonly policies: readonly string[];
  readonly seeds: readonly number[];
  readonly dataFolder: string | null;
  /** Where bounds are kept; null for computing them anew. */
  readonly cacheFolder: string | null;
  /** Policies that run at once. */
  readonly workers: number;
  readonly onProgress: (share: number, what: string) => void;
}

/** A policy on a context. */
export interface FleetRow {
  readonly name: string;
  readonly usdPerMillion: number;
  readonly costToBound: number | null;
  /** Every SLO held in every hour of every seed. */
  readonly met: boolean;
  readonly hoursMissed: number;
  readonly decisionMicros: { readonly p50: number; readonly p99: number };
}

/** A context with its bounds and policies. */
export interface FleetContext {
  readonly name: string;
  readonly bound: Bounds;
  readonly policies: readonly FleetRow[];
  /** Each policy against `mixed` with hold 120 s, or against the first, on the same arrivals. */
  readonly paired: readonly PairedCost[];
}

/** The JSON of `trimtab bench fleet`. */
export interface FleetBench {
  readonly seeds: readonly number[];
  readonly contexts: readonly FleetContext[];
  /** Cost over the clairvoyant's by policy; null where a context is missing a bound or missed its SLO. */
  readonly geomean: Readonly<Record<string, number | null>>;
}

function rowOf(score: PolicyScore): FleetRow {
  const { name, usdPerMillion, costToBound, met, hoursMissed, decisionMicros } = score;
  return { name, usdPerMillion, costToBound, met, hoursMissed, decisionMicros };
}

/** The file of a context, by its name or its path. @throws {UnknownNameError} for another name */
export function contextFile(name: string): string {
  if (/[\\/]|\.ya?ml$/.test(name)) return name;
  const known = [...fleetContexts, ...furtherContexts];
  if (!known.some((one) => one === name)) throw new UnknownNameError("context", name, known);
  return join(packageRoot(), "bench", "contexts", `${name}.yaml`);
}

function pairs(scores: readonly PolicyScore[]): PairedCost[] {
  const against = scores.find(({ name }) => name === PAIRED_WITH) ?? scores[0];
  if (against === undefined) return [];
  return scores.flatMap((score) => (score === against ? [] : (pairedCost(score, against) ?? [])));
}

async function runContext(
  name: string,
  options: FleetBenchOptions,
  onProgress: (share: number, what: string) => void,
): Promise<FleetContext> {
  const { dataFolder, cacheFolder } = options;
  const loaded = await loadScenario(contextFile(name));
  const open = await openScenario(loaded, { dataFolder });
  const pool = policyPool(loaded, dataFolder, options.workers);
  try {
    const evaluation = await evaluate(open, {
      policies: options.policies,
      seeds: options.seeds,
      bound: true,
      boundsOf: await keptBounds(loaded, dataFolder, cacheFolder),
      nowMs: () => performance.now(),
      run: pool.run,
      onProgress: ({ share, what }) => onProgress(share, `${name}: ${what}`),
    });
    const { scenario, bound, policies } = evaluation;
    return { name: scenario, bound, policies: policies.map(rowOf), paired: pairs(policies) };
  } finally {
    await pool.close();
  }
}

/**
 * The geometric mean over contexts of cost over the clairvoyant's, by policy.
 * A policy that missed the SLO somewhere has no such figure: its cost compares with nothing.
 */
export function geomeans(contexts: readonly Pick<FleetContext, "policies">[]): Record<string, number | null> {
  const names = [...new Set(contexts.flatMap(({ policies }) => policies.map(({ name }) => name)))];
  return Object.fromEntries(
    names.map((name) => {
      const ratios = contexts.map(({ policies }) => {
        const row = policies.find((policy) => policy.name === name);
        return row?.met === true ? row.costToBound : null;
      });
      const known = ratios.filter((ratio): ratio is number => ratio !== null);
      const complete = known.length === contexts.length && known.length > 0;
      return [name, complete ? Math.exp(known.reduce((sum, ratio) => sum + Math.log(ratio), 0) / known.length) : null];
    }),
  );
}

/**
 * Runs every policy on every context, context after context.
 * @throws {UnknownNameError} for an unknown context or policy, before anything of it runs
 * @throws {TraceError} when a context's trace is missing: says where it was looked for
 */
export async function benchFleet(options: FleetBenchOptions): Promise<FleetBench> {
  for (const name of options.contexts) contextFile(name);
  const contexts: FleetContext[] = [];
  for (const name of options.contexts) {
    const done = contexts.length;
    const report = (share: number, what: string): void =>
      options.onProgress((done + share) / options.contexts.length, what);
    contexts.push(await runContext(name, options, report));
  }
  return { seeds: options.seeds, contexts, geomean: geomeans(contexts) };
}
