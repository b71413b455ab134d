// The registry of exporters; a new format is one file and one line here.

import { type PolicyExporter, UnknownNameError } from "../core/index.ts";
import { jsonExporter } from "./json.ts";

/** Every format a policy can leave in. */
export const exporters: readonly PolicyExporter[] = [jsonExporter];

/** @throws {UnknownNameError} for a format no exporter writes */
export function findExporter(format: string): PolicyExporter {
  const found = exporters.find((exporter) => exporter.format === format);
  if (found === undefined)
    throw new UnknownNameError(
      "format",
      format,
      exporters.map((exporter) => exporter.format),
    );
  return found;
}

export { loadPolicyJson } from "./json.ts";
