// The policy as it is: canonical JSON of the PolicySpec, and the loader that gives the same policy back.

import {
  type AgentContext,
  type AgentFactory,
  CheckpointError,
  canonicalJson,
  type Policy,
  type PolicyExporter,
  type PolicySpec,
} from "../core/index.ts";
import { checkPolicySeal } from "../spaces/index.ts";
import { fieldIssues, policySpecSchema } from "../store/index.ts";
import { always, textOf } from "./exact.ts";

/** Exports a policy as its PolicySpec. */
export const jsonExporter: PolicyExporter = {
  format: "json",
  mediaType: "application/json",
  summary: "PolicySpec: everything needed to run, explain or export the policy again",
  exact: always,
  export: async ({ spec }) => [{ name: "policy.json", content: `${canonicalJson(spec)}\n` }],
  replay: async (files, source) => {
    const spec = readPolicyJson(textOf(files, "policy.json"));
    const policy = source.open(spec);
    return (observation) => policy.act(observation);
  },
};

/** The spec in an exported JSON text. @throws {CheckpointError} when it is none, or its digest does not fit */
export function readPolicyJson(text: string): PolicySpec {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`policy: expected JSON, found ${JSON.stringify(text.slice(0, 40))}`, { cause });
  }
  const parsed = policySpecSchema.safeParse(document);
  if (!parsed.success) {
    const faults = fieldIssues(parsed.error, document).map(
      (fault) => `${fault.path}: expected ${fault.expected}, found ${fault.found}`,
    );
    throw new CheckpointError(`policy: ${faults.join("; ")}`);
  }
  checkPolicySeal(parsed.data);
  return parsed.data;
}

/**
 * The policy an exported JSON text describes; acts exactly as the one it was exported from.
 * @param find looks an agent up by the spec's kind
 * @throws {CheckpointError} when the text is no policy spec, its digest does not fit, or it is for another environment
 */
export function loadPolicyJson(text: string, context: AgentContext, find: (kind: string) => AgentFactory): Policy {
  const spec = readPolicyJson(text);
  if (spec.environment !== context.environment) {
    throw new CheckpointError(`policy: environment: expected ${context.environment}, found ${spec.environment}`);
  }
  return find(spec.kind).load(context, spec);
}
