// `trimtab tune`: one search for a good fixed configuration of a scenario, every evaluation printed.
//
// An evaluation is one window of the scenario's traffic, always the same arrivals, served by a cluster that starts in the
// configuration asked for; the window begins after a settling time that counts for nothing.

import type { Command } from "commander";
import { learners } from "../../agents/index.ts";
import { type OpenScenario, openScenario, simulatedCluster } from "../../environments/index.ts";
import { dataFolder } from "../config.ts";
import { type Configuration, type Random, type Search, UnknownNameError, type WindowMetrics } from "../core/index.ts";
import { SeededRandom } from "../math/index.ts";
import { createSearch, searches } from "../optimizers/index.ts";
import { type ArrivalSource, laterWorkload, type Workload } from "../workload/index.ts";
import { agentSearch } from "./agent-search.ts";
import { wholeNumber } from "./options.ts";
import { printJson, printLine, printTable, startProgress, usd } from "./output.ts";

interface TuneFlags {
  readonly scenario: string;
  readonly algorithm: string;
  readonly windows: number;
  readonly requests?: number;
  readonly from?: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** One window of a search. */
interface Evaluation {
  readonly window: number;
  readonly configuration: Configuration;
  readonly latencyMs: Omit<NonNullable<WindowMetrics["latency"]>, "missRatio" | "resolution"> | null;
  readonly missRatio: number | null;
  readonly costUsdPerHour: number;
  readonly meanBatchSize: number | null;
  readonly utilization: number;
  readonly offloadedShare: number;
  readonly met: boolean;
  readonly reason: string;
}

/** A whole search. */
interface Tuning {
  readonly scenario: string;
  readonly algorithm: string;
  readonly seed: number;
  readonly fromS: number;
  readonly windowS: number;
  readonly evaluations: readonly Evaluation[];
  readonly best: Evaluation | null;
}

/** Shortest window, whatever the traffic. */
const LEAST_WINDOW_S = 30;
/** Share of a window that passes before it counts. */
const SETTLE_SHARE = 0.1;

/** The stretch of traffic that every window serves: arrivals drawn once, and how long they settle before they count. */
interface Stretch {
  readonly workload: Workload;
  readonly settleS: number;
  readonly windowS: number;
}

/** Arrivals of a source up to a time. */
function arrivalsUntil(source: ArrivalSource, endS: number): Float64Array {
  const block = new Float64Array(4096);
  const times: number[] = [];
  for (let count = source.fill(block); count > 0; count = source.fill(block)) {
    for (let i = 0; i < count; i++) if ((block[i] ?? 0) <= endS) times.push(block[i] ?? 0);
    if ((block[count - 1] ?? 0) > endS) break;
  }
  return Float64Array.from(times);
}

function stretchOf(open: OpenScenario, fromS: number, windowS: number, random: Random): Stretch {
  const settleS = Math.min(fromS, SETTLE_SHARE * windowS);
  const later = laterWorkload(open.plan.workload, fromS - settleS);
  const durationS = settleS + windowS;
  const times = arrivalsUntil(later.open(random), durationS);
  const replayed = (): ArrivalSource => {
    let next = 0;
    return {
      fill(into) {
        const part = times.subarray(next, next + into.length);
        into.set(part);
        next += part.length;
        return part.length;
      },
    };
  };
  const workload: Workload = {
    name: later.name,
    durationS,
    meanRateRps: times.length / durationS,
    excluded: later.excluded,
    open: replayed,
    rateRps: (timeS) => later.rateRps(timeS),
  };
  return { workload, settleS, windowS };
}

/** Serves one window in a configuration. */
async function measure(
  open: OpenScenario,
  configuration: Configuration,
  { workload, settleS, windowS }: Stretch,
  random: Random,
): Promise<WindowMetrics> {
  const cluster = simulatedCluster(open, random, { initial: configuration, workload, scoreFromS: settleS });
  try {
    if (settleS > 0) {
      await cluster.advance(settleS);
      await cluster.observe();
    }
    await cluster.advance(windowS);
    return (await cluster.observe()).metrics;
  } finally {
    await cluster.close();
  }
}

function evaluationOf(
  open: OpenScenario,
  window: number,
  configuration: Configuration,
  metrics: WindowMetrics,
  reason: string,
): Evaluation {
  const { latency } = metrics;
  const [slo] = open.objective.slo;
  const ms = latency && {
    meanMs: latency.meanMs,
    p50Ms: latency.p50Ms,
    p95Ms: latency.p95Ms,
    p99Ms: latency.p99Ms,
    objectiveMs: latency.objectiveMs,
  };
  return {
    window,
    configuration,
    latencyMs: ms,
    missRatio: latency?.missRatio ?? null,
    costUsdPerHour: metrics.costUsdPerHour,
    meanBatchSize: metrics.meanBatchSize,
    utilization: metrics.utilization,
    offloadedShare: metrics.offloadedShare,
    met: latency !== null && latency.objectiveMs <= slo.latencyMs,
    reason,
  };
}

/** Searches, and agents that learn where no search has the name. */
const algorithms: readonly string[] = [...new Set([...searches, ...learners].map((entry) => entry.name))];

/** The search a name describes: told nothing but measurements, or an agent that learns. */
function searchOf(open: OpenScenario, flags: TuneFlags, random: Random, rateRps: number): Search {
  const [name = ""] = flags.algorithm.split(":");
  if (!algorithms.includes(name)) throw new UnknownNameError("algorithm", name, algorithms);
  if (!searches.some((entry) => entry.name === name)) {
    return agentSearch(flags.algorithm, open, random, flags.seed, rateRps);
  }
  const { lattice, objective, initial } = open;
  return createSearch(flags.algorithm, { lattice, objective, random, initial });
}

/** Runs one search on a scenario. */
async function tune(open: OpenScenario, flags: TuneFlags, onWindow: (window: number) => void): Promise<Tuning> {
  const random = new SeededRandom(flags.seed);
  const fromS = flags.from ?? open.warmupS;
  const requests = flags.requests ?? open.scenario.window.requests;
  const rateRps = open.plan.workload.rateRps(fromS) || open.plan.workload.meanRateRps;
  const windowS = Math.max(LEAST_WINDOW_S, Math.ceil(requests / rateRps));
  const stretch = stretchOf(open, fromS, windowS, random.split("arrivals"));
  const search = searchOf(open, flags, random.split("search"), rateRps);
  const evaluations: Evaluation[] = [];
  for (let window = 1; window <= flags.windows; window++) {
    const { configuration, reason } = search.ask();
    const metrics = await measure(open, configuration, stretch, random.split(`window ${window}`));
    search.tell(configuration, metrics);
    evaluations.push(evaluationOf(open, window, configuration, metrics, reason));
    onWindow(window);
  }
  const best = search.best();
  const kept = evaluations.find(({ configuration }) => open.lattice.distance(configuration, best) === 0) ?? null;
  return {
    scenario: open.scenario.name,
    algorithm: flags.algorithm,
    seed: flags.seed,
    fromS,
    windowS,
    evaluations,
    best: kept,
  };
}

function changed(open: OpenScenario, configuration: Configuration): string {
  const names = Object.keys(configuration).filter((name) => configuration[name] !== open.initial[name]);
  return names.map((name) => `${name}=${configuration[name]}`).join(" ") || "as it starts";
}

function printTuning(open: OpenScenario, tuning: Tuning): void {
  const row = (evaluation: Evaluation): (string | number)[] => [
    evaluation.window,
    changed(open, evaluation.configuration),
    evaluation.met ? "met" : "MISSED",
    evaluation.latencyMs?.objectiveMs.toFixed(0) ?? "–",
    usd(evaluation.costUsdPerHour),
    evaluation.reason,
  ];
  const percentile = 100 * open.objective.slo[0].percentile;
  printTable(["window", "configuration", "SLO", `p${percentile} ms`, "$/h", "why"], tuning.evaluations.map(row));
  if (tuning.best === null) return;
  const { configuration, latencyMs, costUsdPerHour, met } = tuning.best;
  printLine(
    `best: ${changed(open, configuration)}: ${latencyMs?.objectiveMs.toFixed(0) ?? "–"} ms, ${usd(costUsdPerHour)}/h`,
  );
  if (!met) printLine("No configuration tried keeps the SLO.");
}

async function run(flags: TuneFlags): Promise<void> {
  const open = await openScenario(flags.scenario, { dataFolder: dataFolder() });
  const progress = startProgress(`tune ${flags.algorithm}`);
  try {
    const tuning = await tune(open, flags, (window) => progress.update(window / flags.windows, `window ${window}`));
    progress.stop();
    if (flags.json === true) printJson(tuning);
    else printTuning(open, tuning);
  } finally {
    progress.stop();
  }
}

/** Adds the command. */
export function registerTune(program: Command): void {
  program
    .command("tune")
    .description("search a good fixed configuration of a scenario in simulation, and print every evaluation")
    .requiredOption("--scenario <name|file>", "scenario to tune")
    .option("--algorithm <name[:key=value,...]>", `one of ${algorithms.join(", ")}`, "gp-cei")
    .option("--windows <n>", "evaluations", wholeNumber(1), 40)
    .option("--requests <n>", "requests in a window; the scenario's where absent", wholeNumber(1))
    .option("--from <s>", "where in the workload the window lies; the end of its warm-up where absent", wholeNumber(0))
    .option("--seed <n>", "seed of arrivals, service times and search", wholeNumber(0), 1)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExample:\n  $ trimtab tune --scenario image-diurnal --algorithm gp-cei --windows 30 --json\n",
    )
    .action(run);
}
