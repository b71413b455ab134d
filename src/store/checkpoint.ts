// Checkpoint files: an agent stopped in its tracks, with what is needed to trust the file before reading it.
//
// header line   TRIMTAB-CHECKPOINT <format version> <sha256 of the body> <bytes of the body>
// body          canonical JSON of { agent, environment, seed, spec, snapshot, progress }
// The same content always gives the same bytes.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { type AgentSnapshot, CheckpointError, canonicalJson, type Json, type PolicySpec } from "../core/index.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { fieldIssues } from "./parse.ts";
import { jsonSchema, policySpecSchema } from "./policy-spec-schema.ts";

const MAGIC = "TRIMTAB-CHECKPOINT";
const FORMAT_VERSION = 1;

/** Everything needed to go on training, or to run the policy. */
export interface Checkpoint {
  /** Name of the agent in the registry. */
  readonly agent: string;
  /** Gymnasium id of the environment it was trained on. */
  readonly environment: string;
  readonly seed: number;
  /** The greedy policy at this moment. */
  readonly spec: PolicySpec;
  readonly snapshot: AgentSnapshot;
  /** Where the training stood; the trainer's own. */
  readonly progress: Json;
}

const bodySchema: z.ZodType<Checkpoint, unknown> = z.strictObject({
  agent: z.string().min(1),
  environment: z.string().min(1),
  seed: z.number().int(),
  spec: policySpecSchema,
  snapshot: z.strictObject({ agent: z.string().min(1), version: z.number().int(), state: jsonSchema }),
  progress: jsonSchema,
});

function digest(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}

/** The bytes of a checkpoint file. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const body = Buffer.from(canonicalJson(checkpoint), "utf8");
  const header = `${MAGIC} ${FORMAT_VERSION} ${digest(body)} ${body.length}\n`;
  return Buffer.concat([Buffer.from(header, "utf8"), body]);
}

function bodyOf(bytes: Buffer, source: string): Buffer {
  const refuse = (what: string, expected: string | number, found: string | number): never => {
    throw new CheckpointError(`${source}: ${what}: expected ${expected}, found ${found}`);
  };
  const end = bytes.subarray(0, 200).indexOf("\n");
  const header = bytes.subarray(0, end < 0 ? Math.min(bytes.length, 200) : end).toString("latin1");
  const [magic = "", version = "", sha256 = "", length = ""] = header.split(" ");
  if (magic !== MAGIC) refuse("magic", `"${MAGIC}"`, JSON.stringify(magic.slice(0, 40)));
  if (version !== String(FORMAT_VERSION)) refuse("format version", FORMAT_VERSION, JSON.stringify(version));
  if (end < 0 || !/^[0-9a-f]{64}$/.test(sha256) || !/^\d+$/.test(length)) {
    refuse("header", `"${MAGIC} ${FORMAT_VERSION} <sha256> <bytes>"`, JSON.stringify(header));
  }
  const body = bytes.subarray(end + 1);
  if (body.length < Number(length)) refuse("truncated file, bytes after the header", length, body.length);
  if (body.length > Number(length)) refuse("bytes after the header", length, body.length);
  if (digest(body) !== sha256) refuse("damaged file, sha256", sha256, digest(body));
  return body;
}

/**
 * The checkpoint in the bytes of a file.
 * @param source what the file is called in the error
 * @throws {CheckpointError} when damaged, truncated, of another version or not a checkpoint; says which
 */
export function decodeCheckpoint(bytes: Uint8Array, source: string): Checkpoint {
  const body = bodyOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), source);
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new CheckpointError(`${source}: body: expected JSON, found ${String(cause)}`, { cause });
  }
  const parsed = bodySchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = fieldIssues(parsed.error, value);
    throw new CheckpointError(`${source}: ${issue?.path}: expected ${issue?.expected}, found ${issue?.found}`);
  }
  return parsed.data;
}

/** Writes a checkpoint atomically; durable when the promise resolves. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeFileAtomically(path, encodeCheckpoint(checkpoint));
}

/** @throws {CheckpointError} when missing, damaged, truncated, of another version or not a checkpoint; says which */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new CheckpointError(`${path}: expected a readable checkpoint file, found ${found}`, { cause });
  }
  return decodeCheckpoint(bytes, path);
}
