// The bootstrap benchmark's JSON as a table in Markdown: what learning cost while it lasted, and who came to serve.

import { z } from "zod";
import { trusts } from "../src/core/index.ts";
import { bootstrapRows } from "./bootstrap.ts";
import { intervalText } from "./interval-text.ts";
import { markdownTable } from "./markdown.ts";

const bootstrapSchema = z.object({
  intervals: z.number(),
  seeds: z.array(z.number()),
  optimizer: z.string(),
  bare: z.string(),
  agents: z.array(z.object({ agent: z.string() })),
  runs: z.array(
    z.object({
      application: z.string(),
      seed: z.number(),
      agent: z.string(),
      violations: z.number(),
      usd: z.number(),
      lateUsd: z.number(),
      meanReward: z.number(),
      trust: z.enum(trusts).nullable(),
      servingFrom: z.number().nullable(),
    }),
  ),
});

/**
 * A section of the results page from what `trimtab bench bootstrap --json` printed.
 * @throws {z.ZodError} for another document
 */
export function bootstrapSection(content: unknown): string {
  const { intervals, seeds, optimizer, bare, agents, runs } = bootstrapSchema.parse(content);
  const names = agents.map(({ agent }) => agent);
  const applications = new Set(runs.map(({ application }) => application)).size;
  return [
    "## While learning",
    "",
    `\`trimtab bench bootstrap\`, ${applications} made-up applications, seeds ${seeds.join(", ")}: the first ${intervals} intervals of learning, with 95 % intervals. Violations are intervals that missed an SLO; fewer is against bare \`${bare}\`, cost over \`${optimizer}\`'s; no dearer are runs that serve at the end and cost no more than it on the same arrivals, over all intervals and in the last quarter of them.`,
    "",
    ...markdownTable(
      ["agent", "violations a run", "times fewer", "serving, %", "and no dearer, %", "last quarter, %", "cost"],
      bootstrapRows(runs, names, optimizer, bare).map((one) => [
        `\`${one.agent}\``,
        intervalText(one.violationsPerRun, 1),
        intervalText(one.timesFewer, 2),
        intervalText(one.serving, 0, 100),
        intervalText(one.servingNoDearer, 0, 100),
        intervalText(one.lateServingNoDearer, 0, 100),
        intervalText(one.costToOptimizer, 3),
      ]),
    ),
  ].join("\n");
}
