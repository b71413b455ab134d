// The fleet benchmark's other side: what wrong beliefs and failures cost an agent, and what it fell back on.
//
// ratio = cost of a variant / cost of the variant it is held against, on the same arrivals

import { loadScenario } from "../environments/index.ts";
import {
  findPolicy,
  type Ground,
  type PairedCost,
  type PolicyScore,
  pairedCost,
  policyPool,
  scoreOf,
} from "../src/training/index.ts";
import { contextFile } from "./fleet.ts";
import { hasSpot, type Perturbation, perturbationsOf } from "./perturbations.ts";
import { readZones } from "./spot-zones.ts";

/** What to run. */
export interface PerturbedBenchOptions {
  readonly contexts: readonly string[];
  readonly policy: string;
  readonly seeds: readonly number[];
  readonly dataFolder: string | null;
  readonly workers: number;
  readonly onProgress: (share: number, what: string) => void;
}

/** A variant's outcome. */
export interface PerturbedRow {
  readonly name: string;
  readonly against: string | null;
  readonly usdPerMillion: number;
  /** Null for a variant that is a measure itself. */
  readonly ratio: number | null;
  /** Ratio by day, or by hour where it is scored for less than two days. */
  readonly paired: PairedCost | null;
  readonly met: boolean;
  readonly hoursMissed: number;
  /** What the first seed's agent went by, as its reasons open. */
  readonly grounds: readonly Ground[];
}

/** The JSON of `trimtab bench fleet --perturb`. */
export interface PerturbedBench {
  readonly policy: string;
  readonly seeds: readonly number[];
  readonly contexts: readonly { readonly name: string; readonly variants: readonly PerturbedRow[] }[];
}

/** A trace of another shape than a context's own. */
function strangerTo(context: string): string {
  return context === "surge" ? "mmpp" : "surge";
}

interface Scored {
  readonly perturbation: Perturbation;
  readonly score: PolicyScore;
  readonly grounds: readonly Ground[];
}

async function scored(perturbation: Perturbation, options: PerturbedBenchOptions): Promise<Scored> {
  const { dataFolder, workers, seeds } = options;
  const source = await findPolicy(options.policy);
  const pool = policyPool(perturbation.real, dataFolder, workers, { told: perturbation.told, past: perturbation.past });
  try {
    const runs = await Promise.all(seeds.map((seed) => pool.run(source, seed, {})));
    return {
      perturbation,
      score: scoreOf(runs, perturbation.real.scenario.slo, null),
      grounds: runs[0]?.grounds ?? [],
    };
  } finally {
    await pool.close();
  }
}

function rowOf({ perturbation: { name, against }, score, grounds }: Scored, all: readonly Scored[]): PerturbedRow {
  const { usdPerMillion, met, hoursMissed } = score;
  const measure = all.find(({ perturbation }) => perturbation.name === against)?.score;
  return {
    name,
    against,
    usdPerMillion,
    ratio: measure === undefined ? null : score.usd / measure.usd,
    paired: measure === undefined ? null : pairedCost({ ...score, name }, { ...measure, name: against ?? "" }),
    met,
    hoursMissed,
    grounds,
  };
}

/**
 * Runs a policy on every variant of every context, one after the other.
 * @throws {UnknownNameError} for an unknown context or policy, before anything runs
 * @throws {TraceError} when a trace is missing: says where it was looked for
 */
export async function benchPerturbed(options: PerturbedBenchOptions): Promise<PerturbedBench> {
  await findPolicy(options.policy);
  const files = options.contexts.map((name) => ({ name, file: contextFile(name) }));
  const contexts: { name: string; variants: PerturbedRow[] }[] = [];
  for (const [done, { name, file }] of files.entries()) {
    const context = await loadScenario(file);
    const zones = hasSpot(context) ? await readZones(options.dataFolder) : [];
    const variants = perturbationsOf(context, await loadScenario(contextFile(strangerTo(name))), zones);
    const all: Scored[] = [];
    for (const variant of variants) {
      options.onProgress((done + all.length / variants.length) / files.length, `${name}: ${variant.name}`);
      all.push(await scored(variant, options));
    }
    contexts.push({ name, variants: all.map((one) => rowOf(one, all)) });
  }
  return { policy: options.policy, seeds: options.seeds, contexts };
}
