// The registry of exporters; a new format is one file and one line here.

import { type PolicyExporter, UnknownNameError } from "../core/index.ts";
import { celExporter } from "./cel.ts";
import { goExporter } from "./go.ts";
import { hpaExporter } from "./hpa.ts";
import { javascriptExporter } from "./javascript.ts";
import { jsonExporter } from "./json.ts";
import { kedaExporter } from "./keda.ts";
import { onnxExporter } from "./onnx.ts";
import { prometheusRulesExporter } from "./prometheus-rules.ts";
import { pythonExporter } from "./python.ts";
import { rayServeExporter } from "./ray-serve.ts";
import { regoExporter } from "./rego.ts";
import { tableExporter } from "./table.ts";
import { tfjsExporter } from "./tfjs.ts";
import { tfservingExporter } from "./tfserving.ts";
import { tritonExporter } from "./triton.ts";

/** Every format a policy can leave in. */
export const exporters: readonly PolicyExporter[] = [
  jsonExporter,
  javascriptExporter,
  pythonExporter,
  goExporter,
  tableExporter,
  celExporter,
  regoExporter,
  onnxExporter,
  tfjsExporter,
  kedaExporter,
  hpaExporter,
  prometheusRulesExporter,
  tritonExporter,
  tfservingExporter,
  rayServeExporter,
];

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

export { type CountKnob, countTargets } from "./counts.ts";
export { type Exported, exportPolicy, fidelityLine } from "./export-policy.ts";
export { loadPolicyJson } from "./json.ts";
export { type PolicyPackage, packagePolicy, tarOf, writeFolder } from "./policy-package.ts";
export { exportSource, HELD_OUT, heldOut } from "./source.ts";
export { type Fidelity, verifyExport } from "./verify.ts";
