// The results page: every policy on every scenario, measured and written as Markdown by one command.

import { loadScenario, openScenario } from "../environments/index.ts";
import { type Evaluation, evaluate, type PolicyScore, policyPool } from "../src/training/index.ts";
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

function percent(share: number, digits: number): string {
  return `${(100 * share).toFixed(digits)} %`;
}

function row(policy: PolicyScore): string {
  const cells = [
    `\`${policy.name}\``,
    policy.met ? "met" : `missed in ${policy.hoursMissed} h`,
    policy.usdPerMillion.toFixed(2),
    policy.costToBound?.toFixed(3) ?? "–",
    policy.slo.map((slo) => percent(slo.attained, 2)).join(" / "),
    policy.latencyMs.p99.toFixed(0),
    percent(policy.offloadedShare, 1),
    policy.decisionMicros.p50.toFixed(0),
  ];
  return `| ${cells.join(" | ")} |`;
}

function section(evaluation: Evaluation): string {
  const { lpUsd, integerLateUsd, integerUsd, clairvoyantUsd, note } = evaluation.bound;
  const perMillion = (usd: number | null): string =>
    usd === null ? "–" : ((1e6 * usd) / evaluation.requests).toFixed(2);
  const slos =
    evaluation.policies[0]?.slo.map((slo) => `${percent(slo.percentile, 0)} within ${slo.latencyMs} ms`).join(", ") ??
    "";
  const passing = [...evaluation.policies].sort((a, b) => Number(b.met) - Number(a.met) || a.usd - b.usd);
  return [
    `## ${evaluation.scenario}`,
    "",
    `${(evaluation.requests / 1e6).toFixed(2)} million scored requests, seeds ${evaluation.seeds.join(", ")}; SLO in every hour: ${slos}.`,
    `Bounds in $/M: lp ${perMillion(lpUsd)}, integerLate ${perMillion(integerLateUsd)}, integer ${perMillion(integerUsd)}, clairvoyant ${perMillion(clairvoyantUsd)}${note === undefined ? "" : ` (${note})`}.`,
    "",
    "| policy | SLO | $/M | × clairvoyant | attained | p99 ms | offloaded | decision µs (p50) |",
    "|---|---|---|---|---|---|---|---|",
    ...passing.map(row),
    "",
  ].join("\n");
}

/**
 * The page. Rows that met the SLO come first, the cheapest on top; costs compare only among those.
 * @param more sections of other benchmarks
 */
export function resultsMarkdown(
  evaluations: readonly Evaluation[],
  provenance: Provenance,
  more: readonly string[] = [],
): string {
  return [
    "# Results",
    "",
    `Written by \`${provenance.command}\` (version ${provenance.version}, Node ${provenance.node}); do not edit.`,
    "Costs compare only between policies that met the SLO in every hour; those come first. A name with settings is the",
    "cheapest passing one of a sweep. What the bounds mean is in [math.md](math.md#bounds).",
    "",
    ...evaluations.map(section),
    ...more,
  ].join("\n");
}
