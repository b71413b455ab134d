// The policy's usual setting as a Triton model configuration: batch size, queue delay and model instances.

import type { Configuration, ExportSource, PolicyExporter } from "../core/index.ts";
import { never, textOf } from "./exact.ts";
import { fixedChoice, wholeOf } from "./fixed-choice.ts";

const KNOBS = ["maxBatchSize", "maxBatchDelayMs", "concurrency"];

async function configText(source: ExportSource): Promise<string> {
  const choice = await fixedChoice(source, "triton", KNOBS);
  const batch = wholeOf(choice, "maxBatchSize", "triton");
  const delayMs = wholeOf(choice, "maxBatchDelayMs", "triton");
  const instances = wholeOf(choice, "concurrency", "triton");
  const delay = delayMs === null ? "" : ` max_queue_delay_microseconds: ${Math.round(1000 * delayMs)}`;
  const preferred = batch === null ? "" : ` preferred_batch_size: [ ${batch} ]`;
  return [
    `# What the policy ${source.spec.kind} learnt on ${source.spec.environment} chooses most often.`,
    "# Merge into the model's config.pbtxt, or load with it through the repository API.",
    ...(batch === null ? [] : [`max_batch_size: ${batch}`]),
    ...(batch === null && delayMs === null ? [] : [`dynamic_batching {${preferred}${delay} }`]),
    ...(instances === null ? [] : [`instance_group [ { count: ${instances} kind: KIND_AUTO } ]`]),
    "",
  ].join("\n");
}

function numberIn(text: string, pattern: RegExp): number | null {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

/** Exports the batching knobs of a policy as they mostly are. */
export const tritonExporter: PolicyExporter = {
  format: "triton",
  mediaType: "text/plain",
  summary: "Triton config.pbtxt: batch size, queue delay and instances as the policy mostly sets them",
  exact: never,
  export: async (source) => [{ name: "config.pbtxt", content: await configText(source) }],
  replay: async (files) => {
    const text = textOf(files, "config.pbtxt");
    const micros = numberIn(text, /max_queue_delay_microseconds: (\d+)/);
    const choice: Record<string, number | null> = {
      maxBatchSize: numberIn(text, /^max_batch_size: (\d+)/m),
      maxBatchDelayMs: micros === null ? null : micros / 1000,
      concurrency: numberIn(text, /count: (\d+)/),
    };
    const set: Configuration = Object.fromEntries(
      Object.entries(choice).filter((entry): entry is [string, number] => entry[1] !== null),
    );
    return () => set;
  },
};
