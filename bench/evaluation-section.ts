// An evaluation as a table in Markdown: what every policy paid, whether it held the SLO, and how far it is from the bounds.

import { z } from "zod";
import { markdownTable, percent } from "./markdown.ts";

const usd = z.number().nullable();

/** What the table shows of an evaluation. */
export const shownEvaluation = z.object({
  scenario: z.string(),
  seeds: z.array(z.number()).readonly(),
  requests: z.number(),
  bound: z.object({
    lpUsd: usd,
    integerLateUsd: usd,
    integerUsd: usd,
    clairvoyantUsd: usd,
    note: z.string().exactOptional(),
  }),
  policies: z
    .array(
      z.object({
        name: z.string(),
        usd: z.number(),
        usdPerMillion: z.number(),
        costToBound: z.number().nullable(),
        slo: z.array(z.object({ percentile: z.number(), latencyMs: z.number(), attained: z.number() })).readonly(),
        met: z.boolean(),
        hoursMissed: z.number(),
        latencyMs: z.object({ p99: z.number() }),
        offloadedShare: z.number(),
        decisionMicros: z.object({ p50: z.number() }),
      }),
    )
    .readonly(),
});
type Shown = z.infer<typeof shownEvaluation>;

function row(policy: Shown["policies"][number]): string[] {
  return [
    `\`${policy.name}\``,
    policy.met ? "met" : `missed in ${policy.hoursMissed} h`,
    policy.usdPerMillion.toFixed(2),
    policy.costToBound?.toFixed(3) ?? "–",
    policy.slo.map((slo) => percent(slo.attained, 2)).join(" / "),
    policy.latencyMs.p99.toFixed(0),
    percent(policy.offloadedShare, 1),
    policy.decisionMicros.p50.toFixed(0),
  ];
}

/** The table of an evaluation. Rows that met the SLO come first, the cheapest on top; costs compare only among those. */
export function evaluationSection(evaluation: Shown): string {
  const { lpUsd, integerLateUsd, integerUsd, clairvoyantUsd, note } = evaluation.bound;
  const perMillion = (cost: number | null): string =>
    cost === null ? "–" : ((1e6 * cost) / evaluation.requests).toFixed(2);
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
    ...markdownTable(
      ["policy", "SLO", "$/M", "× clairvoyant", "attained", "p99 ms", "offloaded", "decision µs (p50)"],
      passing.map(row),
    ),
  ].join("\n");
}

/** Sections of what `trimtab bench results --json` printed. @throws {z.ZodError} for another document */
export function evaluationSections(content: unknown): string[] {
  return z
    .object({ evaluations: z.array(shownEvaluation) })
    .parse(content)
    .evaluations.map(evaluationSection);
}
