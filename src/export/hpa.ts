// The policy as a HorizontalPodAutoscaler on the series its Prometheus rules record: the autoscaler everybody has.
//
// AverageValue 1: desired = ceil(metric / 1), whatever runs now. The policy decides how long to hold, so no stabilization.

import { parseAllDocuments, stringify } from "yaml";
import { z } from "zod";
import type { ExportSource, PolicyExporter } from "../core/index.ts";
import { countKnobs } from "./counts.ts";
import { textOf, whereLevels } from "./exact.ts";
import { DESIRED, readRules, rulesText } from "./prometheus-rules.ts";
import { settledRate } from "./table-inputs.ts";

/** Longest period Kubernetes takes. */
const LONGEST_PERIOD_S = 1800;

const hpaSchema = z.object({
  spec: z.object({
    minReplicas: z.number(),
    maxReplicas: z.number(),
    metrics: z.tuple([
      z.object({
        external: z.object({
          metric: z.object({ selector: z.object({ matchLabels: z.record(z.string(), z.string()) }) }),
        }),
      }),
    ]),
  }),
});

function documents(source: ExportSource): string {
  const { spec, intervalS } = source;
  const policy = spec.sha256.slice(0, 12);
  const texts = countKnobs(source, "hpa").map(({ knob, target, least, most }) => {
    const periodSeconds = Math.min(LONGEST_PERIOD_S, Math.max(1, Math.round(intervalS)));
    const behavior = {
      stabilizationWindowSeconds: 0,
      selectPolicy: "Max",
      policies: [{ type: "Pods", value: Math.max(1, most), periodSeconds }],
    };
    return stringify(
      {
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
        metadata: { name: `trimtab-${target}`, annotations: { "trimtab/policy": policy } },
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: target },
          minReplicas: Math.max(1, least),
          maxReplicas: most,
          metrics: [
            {
              type: "External",
              external: {
                metric: { name: DESIRED, selector: { matchLabels: { knob: knob.name, policy } } },
                target: { type: "AverageValue", averageValue: "1" },
              },
            },
          ],
          behavior: { scaleUp: behavior, scaleDown: behavior },
        },
      },
      { aliasDuplicateObjects: false },
    );
  });
  return `# Scales each Deployment to what rules.yaml records; a metrics adapter must serve ${DESIRED} as an external metric.
# An HPA never goes below one replica.
${texts.join("---\n")}`;
}

/** Exports the count knobs of a policy as HorizontalPodAutoscalers. */
export const hpaExporter: PolicyExporter = {
  format: "hpa",
  mediaType: "application/yaml",
  summary: "HorizontalPodAutoscaler for each kind of machine, with the rules that record what it scales to",
  exact: (source) => whereLevels(source) && countKnobs(source, "hpa").every(({ least }) => least >= 1),
  export: async (source) => [
    { name: "hpa.yaml", content: documents(source) },
    { name: "rules.yaml", content: await rulesText(source) },
  ],
  replay: async (files) => {
    const scalers = parseAllDocuments(textOf(files, "hpa.yaml")).map(
      (document) => hpaSchema.parse(document.toJS()).spec,
    );
    const desired = readRules(textOf(files, "rules.yaml"));
    return (observation) => {
      const recorded = desired(settledRate.read(observation));
      return Object.fromEntries(
        scalers.map(({ minReplicas, maxReplicas, metrics: [metric] }) => {
          const knob = metric.external.metric.selector.matchLabels["knob"] ?? "";
          return [knob, Math.min(maxReplicas, Math.max(minReplicas, Math.ceil(recorded[knob] ?? Number.NaN)))];
        }),
      );
    };
  },
};
