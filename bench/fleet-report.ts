// The fleet benchmark's JSON as tables in Markdown: policies over contexts, day against day, and what wrong beliefs cost.

import { z } from "zod";
import { ConfigError } from "../src/core/index.ts";
import { fleetContexts, geomeans } from "./fleet.ts";
import { markdownTable } from "./markdown.ts";

const pairedSchema = z.object({
  name: z.string(),
  against: z.string(),
  periodS: z.number(),
  ratios: z.array(z.number()),
  cheaperIn: z.number(),
  ratio: z.number(),
  interval: z.tuple([z.number(), z.number()]).nullable(),
});
type Paired = z.infer<typeof pairedSchema>;

const usd = z.number().nullable();
const boundSchema = z.object({
  lpUsd: usd,
  integerLateUsd: usd,
  integerUsd: usd,
  clairvoyantUsd: usd,
  note: z.string().exactOptional(),
});

const scoreShape = { name: z.string(), usdPerMillion: z.number(), met: z.boolean(), hoursMissed: z.number() };

const fleetSchema = z.object({
  seeds: z.array(z.number()),
  contexts: z.array(
    z.object({
      name: z.string(),
      bound: boundSchema,
      policies: z.array(
        z.object({
          ...scoreShape,
          costToBound: z.number().nullable(),
          decisionMicros: z.object({ p50: z.number(), p99: z.number() }),
        }),
      ),
      paired: z.array(pairedSchema),
    }),
  ),
});
type Fleet = z.infer<typeof fleetSchema>;

const perturbedSchema = z.object({
  policy: z.string(),
  seeds: z.array(z.number()),
  contexts: z.array(
    z.object({
      name: z.string(),
      variants: z.array(
        z.object({
          ...scoreShape,
          against: z.string().nullable(),
          ratio: z.number().nullable(),
          paired: pairedSchema.nullable(),
          grounds: z.array(z.object({ sinceS: z.number(), text: z.string() })),
        }),
      ),
    }),
  ),
});
type Perturbed = z.infer<typeof perturbedSchema>;

function rangeText({ ratio, interval }: Paired): string {
  const range = interval === null ? "" : ` (${interval[0].toFixed(3)} to ${interval[1].toFixed(3)})`;
  return `${ratio.toFixed(3)}${range}`;
}

function ratioTable({ contexts }: Fleet): string[] {
  const names = [...new Set(contexts.flatMap(({ policies }) => policies.map(({ name }) => name)))];
  const reference = contexts.filter(({ name }) => fleetContexts.some((known) => known === name));
  const means = geomeans(reference.length > 0 ? reference : contexts);
  const cell = (row: Fleet["contexts"][number]["policies"][number] | undefined): string => {
    if (row === undefined) return "–";
    if (!row.met) return `missed in ${row.hoursMissed} h`;
    return `${row.costToBound?.toFixed(3) ?? "–"} ($${row.usdPerMillion.toFixed(2)})`;
  };
  const rows = names.map((name) => [
    `\`${name}\``,
    ...contexts.map(({ policies }) => cell(policies.find((policy) => policy.name === name))),
    means[name]?.toFixed(3) ?? "–",
  ]);
  return markdownTable(
    ["policy", ...contexts.map(({ name }) => name), "geometric mean of the reference contexts"],
    rows,
  );
}

function pairedTable({ contexts }: Fleet): string[] {
  const rows = contexts.flatMap(({ name, paired }) =>
    paired.map((pair) => [
      name,
      `\`${pair.name}\``,
      `\`${pair.against}\``,
      rangeText(pair),
      `${pair.cheaperIn} of ${pair.ratios.length} ${pair.periodS >= 86_400 ? "days" : "hours"}`,
      pair.periodS >= 86_400 ? pair.ratios.map((ratio) => ratio.toFixed(3)).join(" ") : "",
    ]),
  );
  return markdownTable(["context", "policy", "against", "cost ratio (95 %)", "cheaper on", "by day"], rows);
}

function fleetSection(bench: Fleet): string {
  return [
    "## The fleet benchmark",
    "",
    `\`trimtab bench fleet\`, seeds ${bench.seeds.join(", ")}: cost over the clairvoyant's of policies that met the SLO in every hour, in brackets $ per million requests.`,
    "",
    ...ratioTable(bench),
    "Policies paired on the same arrivals, each request with its own draws, by day, or by hour where less than two days are scored:",
    "",
    ...pairedTable(bench),
  ].join("\n");
}

function perturbedSection({ policy, seeds, contexts }: Perturbed): string {
  const rows = contexts.flatMap(({ name, variants }) =>
    variants.map((variant) => [
      name,
      variant.name,
      variant.met ? "met" : `missed in ${variant.hoursMissed} h`,
      variant.usdPerMillion.toFixed(2),
      variant.ratio === null ? "–" : `${variant.ratio.toFixed(3)} × ${variant.against}`,
      variant.grounds.map(({ sinceS, text }) => `${(sinceS / 3600).toFixed(0)} h: ${text}`).join("; "),
    ]),
  );
  return [
    "## Wrong beliefs and failures",
    "",
    `\`trimtab bench fleet --perturb\`, \`${policy}\`, seeds ${seeds.join(", ")}. Scored from an hour after the first night on: what goes wrong within that hour is not in the figures.`,
    "",
    ...markdownTable(["context", "variant", "SLO", "$/M", "cost", "went by"], rows),
  ].join("\n");
}

/** Contexts of several documents together, each as the last document that has it tells it. */
function merged(documents: readonly Fleet[]): Fleet["contexts"] {
  return [...new Map(documents.flatMap(({ contexts }) => contexts).map((one) => [one.name, one])).values()];
}

/**
 * Sections of the results page from what `trimtab bench fleet --json` printed, contexts of several documents together, each as
 * the last of them tells it.
 * @param documents parsed JSON, with or without `--perturb`
 * @throws {ConfigError} for a document that is neither
 */
export function fleetSections(documents: readonly { readonly path: string; readonly content: unknown }[]): string[] {
  const fleets: Fleet[] = [];
  const perturbed: Perturbed[] = [];
  for (const { path, content } of documents) {
    const variants = perturbedSchema.safeParse(content);
    const fleet = fleetSchema.safeParse(content);
    if (variants.success) perturbed.push(variants.data);
    else if (fleet.success) fleets.push(fleet.data);
    else {
      const found = fleet.error.issues[0]?.path.join(".") ?? "";
      throw new ConfigError(path, [{ path: found, expected: "the JSON of trimtab bench fleet", found: "another" }]);
    }
  }
  const [fleet] = fleets;
  return [
    ...(fleet === undefined ? [] : [fleetSection({ ...fleet, contexts: merged(fleets) })]),
    ...perturbed.map(perturbedSection),
  ];
}
