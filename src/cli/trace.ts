// `trimtab trace`: looks at traces, fits arrival models to them, makes synthetic ones and fetches public ones.

import type { Command } from "commander";
import { dataFolder } from "../config.ts";
import { SeededRandom } from "../math/index.ts";
import {
  type AssessedFit,
  type BinnedCounts,
  binnedCounts,
  countArrivals,
  type DispersionError,
  type Exclusion,
  fitTrace,
  locate,
  openWorkload,
  readsClients,
  readTrace,
  reportTrace,
  type TraceFit,
  type TraceFormat,
  traceFormats,
  workloadSchema,
} from "../workload/index.ts";
import { wholeNumber } from "./options.ts";
import { printJson, printLine, printTable } from "./output.ts";
import { registerDownload } from "./trace-download.ts";
import { exclusion, nonNegativeNumber } from "./trace-options.ts";
import { registerSynth } from "./trace-synth.ts";

interface Flags {
  readonly json?: boolean;
  readonly format?: TraceFormat;
  readonly start?: number;
  readonly duration?: number;
  readonly exclude: readonly Exclusion[];
  readonly missingAfter?: number;
  readonly seed: number;
}

interface Opened {
  readonly path: string;
  readonly trace: BinnedCounts;
  /** Whether the file holds rates by client, and the counts are one run of them. */
  readonly synthesised: boolean;
}

async function openCounts(file: string, flags: Flags): Promise<Opened> {
  const folders = { baseFolder: process.cwd(), dataFolder: dataFolder() };
  const path = await locate(file, folders);
  if (await readsClients(path, file)) {
    const spec = workloadSchema.parse({ clients: path, startS: flags.start ?? 0, durationS: flags.duration ?? 86_400 });
    const workload = await openWorkload(spec, folders);
    return { path, trace: countArrivals(workload, new SeededRandom(flags.seed)), synthesised: true };
  }
  const data = await readTrace(path, file, flags.format);
  const trace = binnedCounts(data, {
    startS: flags.start,
    durationS: flags.duration,
    exclude: flags.exclude,
    missingAfterS: flags.missingAfter,
  });
  return { path, trace, synthesised: false };
}

function figure(value: number | null, digits = 3): string {
  return value === null ? "-" : value.toFixed(digits);
}

async function inspect(file: string, flags: Flags): Promise<void> {
  const { path, trace, synthesised } = await openCounts(file, flags);
  const report = reportTrace(trace);
  if (flags.json === true) {
    printJson({ file: path, synthesised, ...report });
    return;
  }
  printLine(`${path}${synthesised ? ` (one run of its clients, seed ${flags.seed})` : ""}`);
  printLine(report.sparkline);
  printTable(
    ["requests", "hours", "missing h", "mean/s", "median/s", "p95/s", "peak/s", "peak/median"],
    [
      [
        Math.round(report.requests),
        (report.durationS / 3600).toFixed(2),
        (report.missingS / 3600).toFixed(2),
        figure(report.meanRateRps),
        figure(report.medianRateRps),
        figure(report.p95RateRps),
        figure(report.peakRateRps),
        figure(report.peakToMedian, 2),
      ],
    ],
  );
  printLine(
    `rates over windows of ${report.rateWindowS} s; highest single bin of ${report.binS} s: ${report.peakBinRps}/s`,
  );
  printTable(
    ["window s", "index of dispersion"],
    report.dispersion.map(({ windowS, value }) => [windowS, figure(value)]),
  );
  printTable(
    ["lag s", "autocorrelation"],
    report.autocorrelation.map(({ lagS, value }) => [lagS, figure(value)]),
  );
}

function percent(share: number | null): string {
  return share === null ? "-" : `${(100 * share).toFixed(1)} %`;
}

/** The workload block that plays a fit for as long as the trace. */
function workloadOf(fit: TraceFit): Record<string, unknown> {
  const durationS = fit.bins * fit.binS;
  if (fit.matched === null) return { model: "poisson", rateRps: fit.poisson.rateRps, durationS };
  return { model: "mmpp", ...fit.matched.model, durationS };
}

function modelText({ model }: AssessedFit): string {
  const [low, high] = model.ratesRps;
  const [lowS, highS] = model.meanSojournS;
  return `${low.toFixed(3)}/s for ${lowS.toFixed(1)} s, ${high.toFixed(3)}/s for ${highS.toFixed(1)} s`;
}

interface FitRow {
  readonly dispersion: readonly DispersionError[];
  readonly worstAbsRelative: number | null;
  readonly logLikelihoodPerBin: number;
}

function fitRow(name: string, fit: FitRow, model: string): string[] {
  return [
    name,
    ...fit.dispersion.map((one) => `${one.model.toFixed(2)} (${percent(one.relativeError)})`),
    percent(fit.worstAbsRelative),
    fit.logLikelihoodPerBin.toFixed(4),
    model,
  ];
}

async function fitFile(file: string, flags: Flags): Promise<void> {
  const { path, trace, synthesised } = await openCounts(file, flags);
  const found = fitTrace(trace);
  if (flags.json === true) {
    printJson({ file: path, synthesised, ...found, workload: workloadOf(found) });
    return;
  }
  const windows = found.poisson.dispersion;
  printLine(`${path}${synthesised ? ` (one run of its clients, seed ${flags.seed})` : ""}`);
  printLine(`index of dispersion: ${windows.map((one) => `${figure(one.trace)} at ${one.windowS} s`).join(", ")}`);
  printTable(
    ["model", ...windows.map((one) => `at ${one.windowS} s`), "worst", "log lik./bin", "phases"],
    [
      fitRow("Poisson", found.poisson, `${found.poisson.rateRps.toFixed(3)}/s`),
      fitRow("MMPP(2), likeliest", found.likelihood, modelText(found.likelihood)),
      ...(found.matched === null ? [] : [fitRow("MMPP(2), closest", found.matched, modelText(found.matched))]),
    ],
  );
  if (found.grid !== null) {
    printLine(`best of ${found.grid.points} MMPP(2) on a grid: worst error ${percent(found.grid.worstAbsRelative)}`);
  }
  printLine(`workload: ${JSON.stringify(workloadOf(found))}`);
}

function withTraceOptions(command: Command): Command {
  return command
    .argument("<file>", "a trace, as it is or in the folder named by TRIMTAB_DATA")
    .option("--format <name>", `where the name does not tell: ${traceFormats.join(", ")}`)
    .option("--start <s>", "begin here", nonNegativeNumber)
    .option("--duration <s>", "no longer than this (clients: a day)", nonNegativeNumber)
    .option("--exclude <from:to[:every]>", "missing data in seconds; may be repeated", exclusion, [])
    .option("--missing-after <s>", "zero counts for this long are missing data", nonNegativeNumber)
    .option("--seed <n>", "of the run of a clients file", wholeNumber(0), 1)
    .option("--json", "print one JSON document");
}

/** Adds the commands. */
export function registerTrace(program: Command): void {
  const trace = program.command("trace").description("traces: inspect, fit, synthesise, download");
  withTraceOptions(trace.command("inspect"))
    .description("rates, peak over median, dispersion and autocorrelation of a trace, and a picture of it")
    .addHelpText(
      "after",
      "\nExample:\n  $ trimtab trace inspect twitter-2021-08/per_second.csv.gz --missing-after 10\n",
    )
    .action((file: string, flags: Flags) => inspect(file, flags));
  withTraceOptions(trace.command("fit"))
    .description("Poisson and a two-state MMPP fitted to a trace, with the error of each fit")
    .addHelpText("after", "\nExample:\n  $ trimtab trace fit azure-llm-2023/conv_requests.csv.gz\n")
    .action((file: string, flags: Flags) => fitFile(file, flags));
  registerSynth(trace);
  registerDownload(trace);
}
