// The policy's usual setting as TensorFlow Serving batching parameters, a text proto for --batching_parameters_file.

import type { Configuration, ExportSource, PolicyExporter } from "../core/index.ts";
import { never, textOf } from "./exact.ts";
import { fixedChoice, wholeOf } from "./fixed-choice.ts";

const KNOBS = ["maxBatchSize", "maxBatchDelayMs", "concurrency"];

/** Field of each knob, and how many of it are one. */
const FIELDS: Readonly<Record<string, { readonly field: string; readonly per: number }>> = {
  maxBatchSize: { field: "max_batch_size", per: 1 },
  maxBatchDelayMs: { field: "batch_timeout_micros", per: 1000 },
  concurrency: { field: "num_batch_threads", per: 1 },
};

async function parametersText(source: ExportSource): Promise<string> {
  const choice = await fixedChoice(source, "tfserving", KNOBS);
  const batch = wholeOf(choice, "maxBatchSize", "tfserving");
  const sizes = source.lattice.knobs.find(({ name }) => name === "maxBatchSize")?.values ?? [];
  const allowed = sizes.filter((size) => batch !== null && typeof size === "number" && size <= batch);
  const fields = KNOBS.flatMap((name) => {
    const value = wholeOf(choice, name, "tfserving");
    const known = FIELDS[name];
    return value === null || known === undefined ? [] : [`${known.field} { value: ${Math.round(value * known.per)} }`];
  });
  return [
    `# What the policy ${source.spec.kind} learnt on ${source.spec.environment} chooses most often.`,
    ...fields,
    ...allowed.map((size) => `allowed_batch_sizes: ${size}`),
    "",
  ].join("\n");
}

/** Exports the batching knobs of a policy as they mostly are. */
export const tfservingExporter: PolicyExporter = {
  format: "tfserving",
  mediaType: "text/plain",
  summary: "TensorFlow Serving batching parameters as the policy mostly sets them",
  exact: never,
  export: async (source) => [{ name: "batching_parameters.txt", content: await parametersText(source) }],
  replay: async (files) => {
    const text = textOf(files, "batching_parameters.txt");
    const entries = Object.entries(FIELDS).flatMap(([name, { field, per }]) => {
      const found = new RegExp(`^${field} \\{ value: (\\d+) \\}`, "m").exec(text)?.[1];
      return found === undefined ? [] : [[name, Number(found) / per] as const];
    });
    const set: Configuration = Object.fromEntries(entries);
    return () => set;
  },
};
