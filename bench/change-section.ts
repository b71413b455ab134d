// The change benchmark's JSON as a table in Markdown: how soon searches are near the optimum again after a change.

import { z } from "zod";
import { markdownTable, percent } from "./markdown.ts";

const changeSchema = z.object({
  seeds: z.array(z.number()),
  windowsBefore: z.number(),
  windowsAfter: z.number(),
  changes: z.array(
    z.object({
      change: z.string(),
      name: z.string(),
      toWithin10: z.object({ geomean: z.number(), median: z.number(), q3: z.number() }),
      recoveredShare: z.number(),
      noticedShare: z.number(),
      unsafeOfFirst20: z.object({ mean: z.number(), worst: z.number() }),
    }),
  ),
  perProblem: z.array(z.object({ change: z.string(), problem: z.string() })),
});

/**
 * A section of the results page from what `trimtab bench change --json` printed.
 * @throws {z.ZodError} for another document
 */
export function changeSection(content: unknown): string {
  const { seeds, windowsBefore, windowsAfter, changes, perProblem } = changeSchema.parse(content);
  const problems = (change: string): number =>
    new Set(perProblem.flatMap((row) => (row.change === change ? [row.problem] : []))).size;
  const rows = changes.map((one) => [
    `${one.change} (${problems(one.change)} problems)`,
    `\`${one.name}\``,
    one.toWithin10.geomean.toFixed(2),
    percent(one.recoveredShare, 0),
    percent(one.noticedShare, 0),
    `${one.unsafeOfFirst20.mean.toFixed(1)} / ${one.unsafeOfFirst20.worst.toFixed(1)}`,
  ]);
  return [
    `## After a change: ${[...new Set(changes.map(({ change }) => change))].join(", ")}`,
    "",
    `\`trimtab bench change\`, seeds ${seeds.join(", ")}: ${windowsBefore} windows, the change, ${windowsAfter} windows. Windows until what would be kept is within 10 % of the new optimum; a run that never is counts as ${windowsAfter + 1}.`,
    "",
    ...markdownTable(
      ["change", "method", "to 10 %", "recovered", "noticed", "unsafe of the first 20, mean / worst problem"],
      rows,
    ),
  ].join("\n");
}
