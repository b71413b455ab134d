// Policy specs on paper: canonical JSON, its digest, and the seal that makes a changed byte noticeable.

import { createHash } from "node:crypto";
import { CheckpointError, type Json, type PolicySpec } from "../core/index.ts";

const INFINITY = "Infinity";

/**
 * The value as JSON data. JSON has no infinity, so `Infinity` ("never" as a knob value) becomes the text "Infinity"
 * and `-Infinity` "-Infinity"; `fromJson` turns them back. Fields that are undefined are left out.
 * @throws {TypeError} for NaN, functions, symbols and big integers
 */
export function toJson(value: unknown): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (Number.isNaN(value)) throw new TypeError("JSON: expected a number, found NaN");
    return Number.isFinite(value) ? value : value > 0 ? INFINITY : `-${INFINITY}`;
  }
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, toJson);
  if (typeof value !== "object") throw new TypeError(`JSON: expected data, found a ${typeof value}`);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([name, field]) => [name, toJson(field)]),
  );
}

/** The inverse of `toJson` for what has infinities in it: the texts "Infinity" and "-Infinity" become numbers. */
export function fromJson(value: Json): unknown {
  if (value === INFINITY) return Number.POSITIVE_INFINITY;
  if (value === `-${INFINITY}`) return Number.NEGATIVE_INFINITY;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(fromJson);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, fromJson(field)]));
}

function write(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${write(field)}`).join(",")}}`;
}

/** One text for one value: keys in code-unit order, no spaces, infinities as `toJson` writes them. */
export function canonicalJson(value: unknown): string {
  return write(toJson(value));
}

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
