// The policy as one CEL expression: a map from knob to value, by nested conditionals over the table's inputs.

import { type ExportSource, type KnobValue, type PolicyExporter, toJson } from "../core/index.ts";
import { conditional, decimal, decisionTable, inputsOf, valuesOf } from "./decision-table.ts";
import { textOf, whereLevels } from "./exact.ts";
import { tableInputs } from "./table-inputs.ts";

/** Numbers are floating-point throughout, so that one map has values of one type; "never" is text. */
function literal(value: KnobValue | undefined): string {
  const plain = toJson(value ?? 0);
  return typeof plain === "number" ? decimal(plain) : JSON.stringify(plain);
}

async function expression(source: ExportSource): Promise<string> {
  const { inputs, knobs } = await decisionTable(source);
  const asked = inputs.map(({ name, unit, about }) => `// ${name} (double, ${unit}): ${about}`);
  const entries = knobs.map(({ knob, tree }) => {
    const texts = knob.values.some((value) => typeof toJson(value) === "string");
    const leaf = (position: number): string => {
      const text = literal(knob.values[position]);
      return texts ? `dyn(${text})` : text;
    };
    return `  ${JSON.stringify(knob.name)}: dyn(${conditional(tree, leaf, (name) => name)})`;
  });
  return `${asked.join("\n")}\n{\n${entries.join(",\n")}\n}\n`;
}

/** Exports a policy as a CEL expression. */
export const celExporter: PolicyExporter = {
  format: "cel",
  mediaType: "text/plain",
  summary: "one CEL expression over the decision table's inputs, a map from knob to value",
  exact: whereLevels,
  export: async (source) => [{ name: "policy.cel", content: await expression(source) }],
  replay: async (files, source) => {
    const { Environment } = await import("@marcbachmann/cel-js");
    const inputs = tableInputs(source.lattice);
    const environment = inputs.reduce((known, { name }) => known.registerVariable(name, "double"), new Environment());
    const evaluate = environment.parse(textOf(files, "policy.cel"));
    return (observation) => valuesOf(evaluate(inputsOf(inputs, observation)));
  },
};
