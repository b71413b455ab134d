// The search benchmark's JSON as tables in Markdown: windows needed, what they risked, and how many times faster ours are.

import { z } from "zod";
import { markdownTable, percent } from "./markdown.ts";

const quartilesShape = { median: z.number(), q1: z.number(), q3: z.number() };
const withinSchema = z.object({ geomean: z.number(), ...quartilesShape, solvedShare: z.number() });
const timesSchema = z.object({ p50: z.number(), p99: z.number() });

const searchSchema = z.object({
  problems: z.array(z.string()).min(1),
  seeds: z.array(z.number()),
  windows: z.number(),
  notes: z.array(z.string()),
  algorithms: z.array(
    z.object({
      name: z.string(),
      toWithin5: withinSchema,
      toWithin10: withinSchema,
      unsafeShare: z.number(),
      unsafeFirst20: z.number(),
      overTwiceSloShare: z.number(),
      latencyPaid: z.object(quartilesShape),
      decisionMicros: timesSchema,
      planMs: timesSchema.nullable(),
    }),
  ),
  ratios: z.array(
    z.object({
      algorithm: z.string(),
      over: z.string(),
      ratio: z.number(),
      low: z.number(),
      high: z.number(),
      wins: z.number(),
      losses: z.number(),
    }),
  ),
});
type Search = z.infer<typeof searchSchema>;

function riskTable({ algorithms }: Search): string[] {
  const head = ["method", "to 5 %", "quartiles", "to 10 %", "solved", "unsafe", "first 20", "over 2 × SLO", "paid"];
  return markdownTable(
    [...head, "decision µs p50 / p99", "plan ms p99"],
    algorithms.map((one) => [
      `\`${one.name}\``,
      one.toWithin5.geomean.toFixed(2),
      `${one.toWithin5.q1.toFixed(0)}, ${one.toWithin5.median.toFixed(0)}, ${one.toWithin5.q3.toFixed(0)}`,
      one.toWithin10.geomean.toFixed(2),
      percent(one.toWithin5.solvedShare, 0),
      percent(one.unsafeShare, 1),
      percent(one.unsafeFirst20, 1),
      percent(one.overTwiceSloShare, 2),
      one.latencyPaid.median.toFixed(2),
      `${one.decisionMicros.p50.toFixed(0)} / ${one.decisionMicros.p99.toFixed(0)}`,
      one.planMs === null ? "–" : one.planMs.p99.toFixed(0),
    ]),
  );
}

function ratioTable({ ratios }: Search): string[] {
  const names = [...new Set(ratios.map(({ algorithm }) => algorithm))];
  const others = [...new Set(ratios.map(({ over }) => over))];
  const cell = (algorithm: string, over: string): string => {
    const found = ratios.find((one) => one.algorithm === algorithm && one.over === over);
    if (found === undefined) return "–";
    return `${found.ratio.toFixed(2)} (${found.low.toFixed(2)} to ${found.high.toFixed(2)}), ${found.wins} : ${found.losses}`;
  };
  return markdownTable(
    ["over", ...names.map((name) => `\`${name}\``)],
    others.map((over) => [`\`${over}\``, ...names.map((name) => cell(name, over))]),
  );
}

/**
 * A section of the results page from what `trimtab bench search --json` printed.
 * @param title what the problems have in common
 * @throws {z.ZodError} for another document
 */
export function searchSection(content: unknown, title: string): string {
  const bench = searchSchema.parse(content);
  const ratios =
    bench.ratios.length === 0
      ? []
      : [
          "Times fewer windows to within 5 %, with the 90 % interval by bootstrap over problems, and problems won : lost:",
          "",
          ...ratioTable(bench),
        ];
  return [
    `## ${title}`,
    "",
    `\`trimtab bench search\`, ${bench.problems.length} problems, ${bench.seeds.length} seeds, ${bench.windows} windows. Windows until what would be kept is within 5 % (10 %) of the optimum are geometric means over problems of medians over seeds; shares are of windows.`,
    "",
    ...riskTable(bench),
    ...ratios,
    ...bench.notes.map((note) => `- ${note}`),
    "",
  ].join("\n");
}
