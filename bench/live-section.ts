// The live benchmark's JSON as tables in Markdown: what tuning real servers came to, beside a list of all configurations.

import { z } from "zod";
import { intervalText } from "./interval-text.ts";
import { spreadOf } from "./live/live-report.ts";
import { markdownTable } from "./markdown.ts";

const configurationSchema = z.record(z.string(), z.union([z.number(), z.string()]));

const liveSchema = z.object({
  arrivals: z.string(),
  rateRps: z.number(),
  runtime: z.string(),
  percentile: z.number(),
  sloMs: z.number(),
  seed: z.number(),
  configurations: z.number(),
  initial: z.object({ configuration: configurationSchema, rank: z.number() }),
  best: z.array(z.object({ configuration: configurationSchema, onceMs: z.number(), againMs: z.array(z.number()) })),
  spread: z.number(),
  results: z.array(
    z.object({
      method: z.string(),
      told: z.string(),
      kept: configurationSchema,
      keptRank: z.number(),
      toBest: z.object({ ratio: z.number(), low: z.number(), high: z.number() }),
      within10: z.enum(["yes", "no", "open"]),
      windowsToWithin10: z.number().nullable(),
      brokeSloShare: z.number(),
    }),
  ),
  minutes: z.number(),
});

function settings(configuration: z.infer<typeof configurationSchema>): string {
  return Object.values(configuration).join(" / ");
}

/**
 * A section of the results page from what `trimtab bench live --json` printed.
 * @throws {z.ZodError} for another document
 */
export function liveSection(content: unknown): string {
  const bench = liveSchema.parse(content);
  const { initial, best, results } = bench;
  const again = Math.max(0, ...best.map(({ againMs }) => againMs.length));
  return [
    "## Real servers",
    "",
    `\`trimtab bench live\`, seed ${bench.seed}, ${bench.minutes.toFixed(0)} minutes on two shared cores: ${bench.arrivals}, sped up to ${bench.rateRps.toFixed(0)} requests/s, through the gateway to model servers (${bench.runtime}); least p${100 * bench.percentile} latency within ${bench.sloMs} ms. All ${bench.configurations} configurations (servers / threads / batch / delay in ms) had one window each; methods start from ${settings(initial.configuration)}, number ${initial.rank}. The best five and what each method kept had ${again} parts of windows more, in turn on servers that stay: × best is of those, with 90 % intervals, over the best of the five, and judge what is within 10 %. After so many windows of traffic all that a method would keep was within 10 % of the best. The number is by the single windows, which chance has a part in: windows of one configuration differ ${bench.spread.toFixed(2)}-fold.`,
    "",
    ...markdownTable(
      ["best", "once, ms", "again, ms: median (least to most)"],
      best.map(({ configuration, onceMs, againMs }) => [
        settings(configuration),
        onceMs.toFixed(2),
        intervalText(spreadOf(againMs), 2),
      ]),
    ),
    ...markdownTable(
      ["method", "told", "kept", "number", "× best", "within 10 %", "after", "windows over SLO"],
      results.map((one) => [
        `\`${one.method}\``,
        one.told,
        settings(one.kept),
        String(one.keptRank),
        intervalText({ ...one.toBest, value: one.toBest.ratio }, 2),
        one.within10,
        one.windowsToWithin10 === null ? "–" : `${one.windowsToWithin10.toFixed(1)} windows`,
        `${(100 * one.brokeSloShare).toFixed(0)} %`,
      ]),
    ),
  ].join("\n");
}
