// Writes the problems of the search benchmark: loads and SLOs computed from the measured surfaces, nothing copied.
//
// node dist/bench/problems/generate.js   (TRIMTAB_DATA names the folder with search/*.csv)

import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Document, visit } from "yaml";
import { checkScenario, openScenario, scenarioFolder } from "../../environments/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { type SearchProblem, searchProblem } from "../../src/training/search-problem.ts";
import { computeTruth } from "../../src/training/search-truth.ts";
import { HELD_OUT, type LoadName, type ProblemDefinition, REFERENCE, WRONG_PHYSICS } from "./definition.ts";

/** Longer than any search: at 2 requests per second a window of 21,000 takes three hours. */
const DURATION_S = 1e8;

/** Stands in while rate and SLO are not known yet. */
const PLACEHOLDER = { rateRps: 1, sloMs: 1000, deviceRatios: {} };

const folder = join(dirname(scenarioFolder), "bench", "problems");

/** What depends on the measured surface. */
interface Computed {
  readonly rateRps: number;
  readonly sloMs: number;
  readonly deviceRatios: Readonly<Record<string, number>>;
}

function documentOf(definition: ProblemDefinition, load: LoadName, computed: Computed): Record<string, unknown> {
  const { highStayS, fixed } = definition;
  const { rateRps, sloMs, deviceRatios } = computed;
  const workload =
    definition.arrivals === "poisson"
      ? { model: "poisson", rateRps, durationS: DURATION_S }
      : {
          model: "mmpp",
          ratesRps: [round(1.5 * rateRps, 5), round(0.75 * rateRps, 5)],
          meanSojournS: [highStayS, 2 * highStayS],
          durationS: DURATION_S,
        };
  return {
    name: `${definition.name}-${load}`,
    description: `${definition.description}; ${load} load`,
    workload,
    slo: [{ percentile: definition.percentile, latencyMs: sloMs }],
    objective: { minimize: definition.minimize },
    ...fixed,
    prior: { ...fixed.prior, ...(definition.ratioAt === null ? {} : { deviceRatios }) },
  };
}

async function open(definition: ProblemDefinition, load: LoadName, computed: Computed): Promise<SearchProblem> {
  const scenario = checkScenario(documentOf(definition, load, computed), definition.name);
  const opened = await openScenario(
    { scenario, path: definition.name, folder },
    { dataFolder: process.env["TRIMTAB_DATA"] ?? null },
  );
  return searchProblem(opened);
}

/** To so many significant digits. */
function round(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

/** Highest true throughput of the configurations that count, in requests per second. */
async function highestRps(definition: ProblemDefinition): Promise<number> {
  const problem = await open(definition, "light", PLACEHOLDER);
  const cap = definition.serviceCapMs ?? Number.POSITIVE_INFINITY;
  const cores = problem.open.plan.host?.cores ?? Number.POSITIVE_INFINITY;
  let highest = 0;
  problem.machines.forEach(({ instances, maxBatch, serviceMs }, i) => {
    const configuration = problem.configurations[i] ?? {};
    const used = Number(configuration["concurrency"] ?? 1) * Number(configuration["intraOpThreads"] ?? 1);
    const fullMs = serviceMs[maxBatch] ?? 0;
    if (used > cores || fullMs > cap) return;
    highest = Math.max(highest, (1000 * instances * maxBatch) / fullMs);
  });
  return highest;
}

/** The SLO: a multiple of the least latency any configuration reaches at the heavy load. */
async function sloMsOf(definition: ProblemDefinition, rates: Readonly<Record<LoadName, number>>): Promise<number> {
  const problem = await open(definition, "heavy", { ...PLACEHOLDER, rateRps: rates.heavy });
  const least = {
    ...problem,
    open: { ...problem.open, objective: { ...problem.open.objective, minimize: "latency" as const } },
  };
  const truth = computeTruth(least, new SeededRandom(1).split(definition.name), {
    windows: 4,
    overloadedWindows: 1,
    refinedWindows: 40,
    mostWindows: 40,
    precision: 0,
    mostRefined: 40,
  });
  return round(definition.sloFactor * (truth.latencyMs[truth.optimum] ?? 0), 4);
}

/** YAML with lists on one line. */
function yamlOf(value: unknown): string {
  const document = new Document(value);
  visit(document, {
    Seq(_, node) {
      node.flow = true;
    },
  });
  return document.toString({ lineWidth: 116 });
}

/** Service time of every other device over the first one's, at one point. */
async function deviceRatiosOf(definition: ProblemDefinition): Promise<Record<string, number>> {
  const { ratioAt } = definition;
  if (ratioAt === null) return {};
  const { pools } = (await open(definition, "light", PLACEHOLDER)).open.plan;
  const [first, ...others] = pools;
  const firstMs = first?.profile.serviceMs(ratioAt) ?? 1;
  return Object.fromEntries(
    others.map(({ type, profile }) => [type.name, round(profile.serviceMs(ratioAt) / firstMs, 2)]),
  );
}

async function write(definition: ProblemDefinition): Promise<void> {
  const highest = definition.loadsAre === "shares" ? await highestRps(definition) : 1;
  const rate = (load: LoadName): number => round(definition.loads[load] * highest, 5);
  const rates = { light: rate("light"), medium: rate("medium"), heavy: rate("heavy") };
  const sloMs = await sloMsOf(definition, rates);
  const deviceRatios = await deviceRatiosOf(definition);
  for (const load of definition.written) {
    const origin =
      definition.loadsAre === "shares"
        ? `${definition.loads[load]} of the highest throughput, ${round(highest, 5)} requests/s`
        : `${definition.loads[load]} requests/s`;
    const head = [
      `# Written by bench/problems/generate.ts. Load: ${origin}.`,
      `# SLO: ${definition.sloFactor} times the least latency of any configuration at the heavy load. Both are computed from`,
      "# the measured surface, which stays outside the project (TRIMTAB_DATA/search).",
    ];
    const document = documentOf(definition, load, { rateRps: rates[load], sloMs, deviceRatios });
    const path = join(folder, definition.set, `${definition.name}-${load}.yaml`);
    await writeFile(path, `${head.join("\n")}\n${yamlOf(document)}`);
    process.stderr.write(`${path}: ${rates[load]} requests/s, SLO ${sloMs} ms\n`);
  }
}

for (const definition of [...REFERENCE, ...WRONG_PHYSICS, ...HELD_OUT]) {
  const only = process.argv.slice(2);
  if (only.length === 0 || only.includes(definition.name)) await write(definition);
}
