// The adaptation benchmark's JSON as a table in Markdown: how soon an agent is at home in an application it never saw.

import { z } from "zod";
import { intervalSchema, intervalText } from "./interval-text.ts";
import { markdownTable } from "./markdown.ts";

const methodSchema = z.object({
  method: z.string(),
  adaptedAfter: intervalSchema,
  reachedBestAfter: intervalSchema,
  firstReward: intervalSchema,
  convergedReward: intervalSchema,
  violationsPerRun: intervalSchema,
});

const adaptationSchema = z.object({
  seeds: z.array(z.number()),
  windows: z.number(),
  every: z.number(),
  trained: z.number(),
  sources: z.number(),
  methods: z.array(methodSchema),
  timesSooner: intervalSchema,
  timesSoonerToBest: intervalSchema,
  runs: z.array(z.object({ application: z.string() })),
});

/** Columns of what methods come to. */
export const adaptationColumns = [
  "method",
  "windows until adapted",
  "until near the better",
  "reward at first",
  "converged",
  "violations a run",
];

/** A row of cells for each method. */
export function adaptationCells(methods: readonly z.infer<typeof methodSchema>[]): string[][] {
  return methods.map((one) => [
    one.method,
    intervalText(one.adaptedAfter, 0),
    intervalText(one.reachedBestAfter, 0),
    intervalText(one.firstReward, 3),
    intervalText(one.convergedReward, 3),
    intervalText(one.violationsPerRun, 1),
  ]);
}

/**
 * A section of the results page from what `trimtab bench adaptation --json` printed.
 * @throws {z.ZodError} for another document
 */
export function adaptationSection(content: unknown): string {
  const bench = adaptationSchema.parse(content);
  const applications = new Set(bench.runs.map(({ application }) => application)).size;
  return [
    "## In a new application",
    "",
    `\`trimtab bench adaptation\`, ${applications} made-up applications that nothing was trained on, seeds ${bench.seeds.join(", ")}, ${bench.windows} windows each, with 95 % intervals. \`meta\` was trained across ${bench.trained} others; transfer is \`ppo\` from the policy of the nearest of ${bench.sources} of those. Policies are scored every ${bench.every} windows; adapted is within 5 % of what the method itself converges to, near the better within 5 % of what the better of both does.`,
    "",
    ...markdownTable(adaptationColumns, adaptationCells(bench.methods)),
    "",
    `\`meta\` adapts ${intervalText(bench.timesSooner, 1)} times sooner, and is near the better ${intervalText(bench.timesSoonerToBest, 1)} times sooner.`,
  ].join("\n");
}
