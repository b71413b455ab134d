// Policy specs on paper: the digest of their canonical JSON, and the seal that makes a changed byte noticeable.

import { createHash } from "node:crypto";
import { CheckpointError, canonicalJson, type PolicySpec } from "../core/index.ts";

export { canonicalJson, fromJson, toJson } from "../core/index.ts";

/** Of the canonical JSON in UTF-8; 64 hexadecimal digits. */
export function sha256Of(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** The spec with the digest of all its other fields. */
export function sealPolicySpec(spec: Omit<PolicySpec, "sha256">): PolicySpec {
  const { sha256: _, ...fields } = { sha256: "", ...spec };
  return { ...fields, sha256: sha256Of(fields) };
}

/** @throws {CheckpointError} when the digest is not that of the other fields */
export function checkPolicySeal(spec: PolicySpec): void {
  const { sha256, ...fields } = spec;
  const expected = sha256Of(fields);
  if (sha256 !== expected) throw new CheckpointError(`policy sha256: expected ${expected}, found ${sha256}`);
}
