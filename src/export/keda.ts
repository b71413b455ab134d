// The policy as a KEDA ScaledObject: the live tuner where it answers, else the policy as a formula, else the initial count.
//
// formula   trimtab ?? (load == nil ? initial : step function of load);  a trigger that fails is nil there
// Source: KEDA 2.21, scaling modifiers with fallback behavior scalingModifiers; formulas are of expr-lang.

import { createContext, Script } from "node:vm";
import { parseAllDocuments, stringify } from "yaml";
import { z } from "zod";
import { ExportError, type ExportSource, type PolicyExporter } from "../core/index.ts";
import { type CountKnob, countKnobs } from "./counts.ts";
import { conditional, decisionTable, type TableNode } from "./decision-table.ts";
import { textOf, whereLevels } from "./exact.ts";
import { settledRate } from "./table-inputs.ts";

/** Where the service's gRPC scaler is reached in a cluster that follows our chart. */
const SCALER_ADDRESS = "trimtab.default.svc.cluster.local:8081";

const scaledObjectSchema = z.object({
  metadata: z.object({ annotations: z.object({ "trimtab/knob": z.string() }) }),
  spec: z.object({ advanced: z.object({ scalingModifiers: z.object({ formula: z.string() }) }) }),
});

function formula({ knob, initial }: CountKnob, tree: TableNode): string {
  const steps = conditional(
    tree,
    (position) => String(knob.values[position]),
    () => "load",
  );
  return `trimtab ?? (load == nil ? ${initial} : ${steps})`;
}

function scaledObject(source: ExportSource, count: CountKnob, tree: TableNode): string {
  const { knob, target, least, most, initial } = count;
  const { spec, intervalS } = source;
  const pollingInterval = Math.max(5, Math.min(30, Math.round(intervalS)));
  return stringify(
    {
      apiVersion: "keda.sh/v1alpha1",
      kind: "ScaledObject",
      metadata: {
        name: `trimtab-${target}`,
        annotations: { "trimtab/policy": spec.sha256.slice(0, 12), "trimtab/knob": knob.name },
      },
      spec: {
        scaleTargetRef: { name: target },
        pollingInterval,
        minReplicaCount: least,
        maxReplicaCount: most,
        fallback: { failureThreshold: 3, replicas: initial, behavior: "scalingModifiers" },
        advanced: {
          horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } },
          scalingModifiers: { target: "1", metricType: "AverageValue", formula: formula(count, tree) },
        },
        triggers: [
          {
            type: "external",
            name: "trimtab",
            metricType: "AverageValue",
            metadata: {
              scalerAddress: SCALER_ADDRESS,
              cluster: "default",
              deployment: target,
              knob: knob.name,
              maxStalenessSeconds: "300",
            },
          },
          {
            type: "prometheus",
            name: "load",
            metricType: "AverageValue",
            metadata: {
              serverAddress: "http://prometheus.monitoring.svc.cluster.local:9090",
              query: `sum(rate(requests_total[${Math.max(60, Math.round(intervalS))}s]))`,
              threshold: "1",
              ignoreNullValues: "false",
            },
          },
        ],
      },
    },
    { lineWidth: 0 },
  );
}

async function documents(source: ExportSource): Promise<string> {
  const counts = countKnobs(source, "keda");
  const { knobs } = await decisionTable(source, true);
  const texts = counts.map((count) => {
    const table = knobs.find(({ knob }) => knob.name === count.knob.name);
    if (table === undefined) throw new ExportError(`keda: expected a table for ${count.knob.name}, found none`);
    return scaledObject(source, count, table.tree);
  });
  return `# Set the scale targets, the scaler's and Prometheus' addresses, and the query of your arrival rate.
${texts.join("---\n")}`;
}

/** Exports the count knobs of a policy as ScaledObjects. */
export const kedaExporter: PolicyExporter = {
  format: "keda",
  mediaType: "application/yaml",
  summary: "KEDA ScaledObject: the live tuner, with the policy as the formula that stands in for it",
  exact: whereLevels,
  export: async (source) => [{ name: "keda.yaml", content: await documents(source) }],
  replay: async (files) => {
    const formulas = parseAllDocuments(textOf(files, "keda.yaml")).map((document) => {
      const { metadata, spec } = scaledObjectSchema.parse(document.toJS());
      // Comparisons, conditionals and ?? are written in expr-lang as in JavaScript.
      const script = new Script(spec.advanced.scalingModifiers.formula);
      return { knob: metadata.annotations["trimtab/knob"], script };
    });
    const context = createContext({ trimtab: null, nil: null, load: null });
    return (observation) => {
      context["load"] = settledRate.read(observation);
      return Object.fromEntries(formulas.map(({ knob, script }) => [knob, Number(script.runInContext(context))]));
    };
  },
};
