// `trimtab bench live`: a real tuning run: real arrivals, real servers, every configuration measured.

import type { Command } from "commander";
import { intervalText } from "../../bench/interval-text.ts";
import { benchLive } from "../../bench/live/live.ts";
import { type LiveReport, spreadOf } from "../../bench/live/live-report.ts";
import { dataFolder } from "../config.ts";
import { nameList, positiveNumber, wholeNumber } from "./options.ts";
import { printJson, printLine, printTable, startProgress } from "./output.ts";

interface LiveFlags {
  readonly methods: readonly string[];
  readonly windows: number;
  readonly windowS: number;
  readonly rounds: number;
  readonly seed: number;
  readonly json?: boolean;
}

const METHODS: readonly string[] = ["region-sim", "region-prior", "hill-climb", "gp-ucb", "gp-prior"];

function settings(configuration: Readonly<Record<string, unknown>>): string {
  return Object.values(configuration).join(" / ");
}

function printReport(report: LiveReport): void {
  const { arrivals, speed, rateRps, percentile, sloMs, configurations, initial, best, results } = report;
  printLine(`${arrivals}, at ${speed.toFixed(2)} times its speed: ${rateRps.toFixed(0)} requests/s; ${report.runtime}`);
  printLine(
    `p${100 * percentile} within ${sloMs} ms; ${configurations} configurations; windows differ ${report.spread.toFixed(2)}-fold`,
  );
  printLine(`start: ${settings(initial.configuration)}, number ${initial.rank} of ${configurations}`);
  printTable(
    ["best (servers / threads / batch / delay)", "once ms", "again ms: median (least to most)"],
    best.map(({ configuration, onceMs, againMs }) => [
      settings(configuration),
      onceMs.toFixed(1),
      intervalText(spreadOf(againMs), 1),
    ]),
  );
  printTable(
    ["method", "kept", "rank", "× best", "90 % interval", "within 10 %", "after windows", "broke SLO"],
    results.map(({ method, kept, keptRank, toBest, within10, windowsToWithin10, brokeSloShare }) => [
      method,
      settings(kept),
      keptRank,
      toBest.ratio.toFixed(2),
      `${toBest.low.toFixed(2)} – ${toBest.high.toFixed(2)}`,
      within10,
      windowsToWithin10?.toFixed(1) ?? "–",
      `${(100 * brokeSloShare).toFixed(0)} %`,
    ]),
  );
  printLine(
    `${report.minutes.toFixed(0)} minutes; requests left at most ${report.generatorLagP99Ms.toFixed(1)} ms late (p99)`,
  );
}

async function run({ methods, windows, windowS, rounds, seed, json }: LiveFlags): Promise<void> {
  const progress = startProgress("live");
  const onProgress = (share: number, what: string): void => progress.update(share, what);
  const options = { methods, windows, windowS, rounds, seed, dataFolder: dataFolder(), onProgress };
  const report = await benchLive(options).finally(() => progress.stop());
  if (json === true) printJson(report);
  else printReport(report);
}

/** Adds the command. */
export function registerBenchLive(bench: Command): void {
  bench
    .command("live")
    .description("real arrivals to real model servers on this machine: every configuration once, then each method")
    .option("--methods <a,b,…>", "agents and searches", nameList, [...METHODS])
    .option("--windows <n>", "windows of each method", wholeNumber(1), 12)
    .option("--window-s <s>", "length of a window", positiveNumber, 8)
    .option("--rounds <n>", "windows of each of the best, measured again", wholeNumber(2), 8)
    .option("--seed <n>", "seed of the methods", wholeNumber(0), 1)
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ TRIMTAB_DATA=data trimtab bench live --methods region-sim,gp-prior --json\n")
    .action((flags: LiveFlags) => run(flags));
}
