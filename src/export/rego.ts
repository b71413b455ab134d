// The policy as a Rego module: rows of the decision table, and a rule that finds the one that applies for each knob.

import { z } from "zod";
import { ExportError, type ExportSource, type PolicyExporter, toJson } from "../core/index.ts";
import { applies, decisionTable, inputsOf, rowsOf, valuesOf } from "./decision-table.ts";
import { textOf, whereLevels } from "./exact.ts";
import { tableInputs } from "./table-inputs.ts";

const bound = z.number().nullable();
const rowsSchema = z.record(
  z.string(),
  z.array(
    z.object({
      when: z.record(z.string(), z.tuple([bound, bound])),
      value: z.union([z.number(), z.string()]),
    }),
  ),
);

async function moduleText(source: ExportSource): Promise<string> {
  const { inputs, knobs } = await decisionTable(source);
  const rows = knobs.map((one) => {
    const list = rowsOf(one).map(({ when, value }) => `\t\t${JSON.stringify(toJson({ when, value }))},`);
    return `\t${JSON.stringify(one.knob.name)}: [\n${list.join("\n")}\n\t],`;
  });
  const { kind, environment, sha256 } = source.spec;
  return `# The policy ${kind} learnt on ${environment}, sha256 ${sha256.slice(0, 12)}.
# data.trimtab.configuration is a value for every knob, given input with:
${inputs.map(({ name, unit, about }) => `#   ${name} (${unit}): ${about}`).join("\n")}
# Where one of them is missing there is no configuration.
package trimtab

import rego.v1

rows := {
${rows.join("\n")}
}

inputs := ${JSON.stringify(inputs.map(({ name }) => name))}

above(_, low) if is_null(low)

above(number, low) if number >= low

below(_, high) if is_null(high)

below(number, high) if number < high

applies(row) if {
	every name, bounds in row.when {
		above(input[name], bounds[0])
		below(input[name], bounds[1])
	}
}

configuration := {knob: row.value |
	some knob, list in rows
	some row in list
	applies(row)
} if {
	every name in inputs {
		is_number(input[name])
	}
}
`;
}

/** The rows written into a module. */
function readRows(text: string): z.infer<typeof rowsSchema> {
  const body = /^rows := (\{[\s\S]*?^\})$/m.exec(text)?.[1];
  if (body === undefined) throw new ExportError("rego: expected rows, found none");
  return rowsSchema.parse(JSON.parse(body.replace(/,(?=\s*[\]}])/g, "")));
}

/** Exports a policy as a Rego module. */
export const regoExporter: PolicyExporter = {
  format: "rego",
  mediaType: "text/plain",
  summary: "Rego module for Open Policy Agent: data.trimtab.configuration from the table's inputs",
  exact: whereLevels,
  export: async (source) => [{ name: "policy.rego", content: await moduleText(source) }],
  replay: async (files, source) => {
    const rows = readRows(textOf(files, "policy.rego"));
    const inputs = tableInputs(source.lattice);
    return (observation) => {
      const numbers = inputsOf(inputs, observation);
      const chosen = Object.entries(rows).map(([name, list]) => {
        return [name, list.find(({ when }) => applies(when, numbers))?.value];
      });
      return valuesOf(Object.fromEntries(chosen));
    };
  },
};
