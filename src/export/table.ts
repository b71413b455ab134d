// The policy as a decision table: rows a person can read and check, per knob, with how far they agree with the policy.

import { z } from "zod";
import { type ExportSource, type PolicyExporter, toJson } from "../core/index.ts";
import { applies, decisionTable, inputsOf, rowsOf, valuesOf } from "./decision-table.ts";
import { textOf, whereLevels } from "./exact.ts";
import { tableInputs } from "./table-inputs.ts";

const bound = z.number().nullable();
const tableSchema = z.object({
  knobs: z.record(
    z.string(),
    z.array(
      z.object({
        when: z.record(z.string(), z.tuple([bound, bound])),
        value: z.union([z.number(), z.string()]),
      }),
    ),
  ),
});

/** The table as JSON: inputs with units, and rows by knob. */
export async function tableText(source: ExportSource): Promise<string> {
  const table = await decisionTable(source);
  const { kind, environment, sha256 } = source.spec;
  const document = {
    format: "trimtab-table",
    version: 1,
    policy: { kind, environment, sha256 },
    exact: table.exact,
    inputs: table.inputs.map(({ name, unit, about }) => ({ name, unit, about })),
    knobs: Object.fromEntries(
      table.knobs.map((one) => [one.knob.name, rowsOf(one).map(({ when, value }) => ({ when, value }))]),
    ),
  };
  return `${JSON.stringify(toJson(document), null, 1)}\n`;
}

/** Exports a policy as rows of intervals and values. */
export const tableExporter: PolicyExporter = {
  format: "table",
  mediaType: "application/json",
  summary: "decision table as JSON, distilled where the policy is none, with its fidelity measured",
  exact: whereLevels,
  export: async (source) => [{ name: "table.json", content: await tableText(source) }],
  replay: async (files, source) => {
    const { knobs } = tableSchema.parse(JSON.parse(textOf(files, "table.json")));
    const inputs = tableInputs(source.lattice);
    return (observation) => {
      const numbers = inputsOf(inputs, observation);
      const chosen = Object.entries(knobs).map(([name, rows]) => {
        return [name, rows.find(({ when }) => applies(when, numbers))?.value];
      });
      return valuesOf(Object.fromEntries(chosen));
    };
  },
};
