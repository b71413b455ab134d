// The policy as Prometheus recording rules: step functions of the arrival rate, and alerts for what must not go unnoticed.

import { parse, stringify } from "yaml";
import { z } from "zod";
import { ExportError, type ExportSource, type PolicyExporter } from "../core/index.ts";
import { decisionTable, type KnobTable, stepsOf } from "./decision-table.ts";
import { textOf, whereLevels } from "./exact.ts";
import { settledRate } from "./table-inputs.ts";

/** Series the rules record. */
const RATE = "trimtab:arrival_rate_rps";
export const DESIRED = "trimtab_desired";

/** Rates over shorter ranges miss scrapes. */
const SHORTEST_RANGE_S = 60;

const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          record: z.string().optional(),
          expr: z.string(),
          labels: z.record(z.string(), z.string()).optional(),
        }),
      ),
    }),
  ),
});

/** v0 + (v1 - v0) · [rate >= t1] + … : one number for one rate, and none where there is no rate. */
function stepExpression(table: KnobTable): string {
  const { thresholds, positions } = stepsOf(table);
  const values = positions.map((position) => Number(table.knob.values[position]));
  const terms = thresholds.map((threshold, i) => {
    const rise = (values[i + 1] ?? 0) - (values[i] ?? 0);
    return `${rise < 0 ? "-" : "+"} ${Math.abs(rise)} * (${RATE} >= bool ${threshold})`;
  });
  return [`${values[0]}`, `+ 0 * ${RATE}`, ...terms].join(" ");
}

function isPlain({ knob }: KnobTable): boolean {
  return knob.values.every((value) => typeof value === "number" && Number.isFinite(value));
}

/** The rules as YAML. @throws {ExportError} when no knob is a plain number */
export async function rulesText(source: ExportSource): Promise<string> {
  const { spec, intervalS } = source;
  const tables = (await decisionTable(source, true)).knobs.filter(isPlain);
  if (tables.length === 0) throw new ExportError("prometheus-rules: expected a knob of finite numbers, found none");
  const policy = spec.sha256.slice(0, 12);
  const range = Math.max(SHORTEST_RANGE_S, Math.round(intervalS));
  const rules = [
    { record: RATE, expr: `sum(rate(requests_total[${range}s]))` },
    ...tables.map((table) => ({
      record: DESIRED,
      labels: { knob: table.knob.name, policy },
      expr: stepExpression(table),
    })),
    {
      alert: "TrimtabArrivalRateMissing",
      expr: `absent(${RATE})`,
      for: "5m",
      labels: { severity: "critical" },
      annotations: { summary: "The policy decides nothing: its arrival rate is missing" },
    },
  ];
  const group = { name: "trimtab-policy", interval: `${Math.max(1, Math.round(intervalS))}s`, rules };
  return `# The policy ${spec.kind} learnt on ${spec.environment}, as step functions of the arrival rate.
# Replace the expression of ${RATE} by the rate of requests at your cluster's input.
${stringify({ groups: [group] }, { lineWidth: 0 })}`;
}

/** Does what the rules say at a rate: the recorded value by knob. @param text rules as YAML */
export function readRules(text: string): (rateRps: number) => Record<string, number> {
  const { groups } = rulesSchema.parse(parse(text));
  const rules = groups.flatMap((group) => group.rules).filter(({ record }) => record === DESIRED);
  return (rateRps) =>
    Object.fromEntries(
      rules.map(({ expr, labels }) => {
        let value = Number(/^-?[\d.]+/.exec(expr)?.[0]);
        for (const [, sign, rise, threshold] of expr.matchAll(/([+-]) ([\d.]+) \* \(\S+ >= bool ([\d.e+-]+)\)/g)) {
          if (rateRps >= Number(threshold)) value += (sign === "-" ? -1 : 1) * Number(rise);
        }
        return [labels?.["knob"] ?? "", value];
      }),
    );
}

/** Exports a policy as recording rules. */
export const prometheusRulesExporter: PolicyExporter = {
  format: "prometheus-rules",
  mediaType: "application/yaml",
  summary: "recording rules that give each desired value as a step function of the arrival rate",
  exact: whereLevels,
  export: async (source) => [{ name: "rules.yaml", content: await rulesText(source) }],
  replay: async (files) => {
    const desired = readRules(textOf(files, "rules.yaml"));
    return (observation) => desired(settledRate.read(observation));
  },
};
