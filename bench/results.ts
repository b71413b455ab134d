// The results page: every policy on every scenario, measured and written as Markdown by one command.

import { loadScenario, openScenario } from "../environments/index.ts";
import { type Evaluation, evaluate, policyPool } from "../src/training/index.ts";
import { keptBounds } from "./bounds-cache.ts";

/** What to put on the page. */
export interface ResultsOptions {
  readonly scenarios: readonly string[];
  readonly policies: readonly string[];
  readonly seeds: readonly number[];
  /** Whether baselines are shown at their cheapest passing setting. */
  readonly sweep: boolean;
  readonly dataFolder: string | null;
  /** Where bounds are kept; null for computing them anew. */
  readonly cacheFolder: string | null;
  readonly onProgress: (share: number, what: string) => void;
}

/** Where the figures come from, for the head of the page. */
export interface Provenance {
  readonly command: string;
  readonly version: string;
  readonly node: string;
}

/** Evaluates every policy on every scenario, scenario after scenario. */
export async function measureResults(options: ResultsOptions): Promise<Evaluation[]> {
  const evaluations: Evaluation[] = [];
  for (const scenario of options.scenarios) {
    const { dataFolder, cacheFolder } = options;
    const loaded = await loadScenario(scenario);
    const open = await openScenario(loaded, { dataFolder });
    const pool = policyPool(loaded, dataFolder);
    try {
      const done = evaluations.length;
      evaluations.push(
        await evaluate(open, {
          policies: options.policies,
          seeds: options.seeds,
          bound: true,
          boundsOf: await keptBounds(loaded, dataFolder, cacheFolder),
          sweep: options.sweep,
          nowMs: () => performance.now(),
          run: pool.run,
          onProgress: ({ share, what }) =>
            options.onProgress((done + share) / options.scenarios.length, `${scenario}: ${what}`),
        }),
      );
    } finally {
      await pool.close();
    }
  }
  return evaluations;
}

/** The page. @param sections of evaluations and of other benchmarks */
export function resultsMarkdown(sections: readonly string[], provenance: Provenance): string {
  return [
    "# Results",
    "",
    `Written by \`${provenance.command}\` (version ${provenance.version}, Node ${provenance.node}); do not edit.`,
    "Costs compare only between policies that met the SLO in every hour; those come first. A name with settings is the",
    "cheapest passing one of a sweep. What the bounds mean is in [math.md](math.md#bounds).",
    "",
    ...sections,
  ].join("\n");
}
