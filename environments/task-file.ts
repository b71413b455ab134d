// Reading scenario and cluster files: bounded in size, YAML or JSON, every fault told by path, expected and found.

import { readFile } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { parseDocument } from "yaml";
import type { z } from "zod";
import { ConfigError, type FieldIssue, type KnobValue } from "../src/core/index.ts";
import { fieldIssues } from "../src/store/index.ts";

/** Larger files are refused unread. */
const MAX_FILE_BYTES = 1 << 20;

/** Whether a text is meant as a path and not as the name of something that ships. */
export function isPath(nameOrPath: string): boolean {
  return /[\\/]|\.(ya?ml|json)$/.test(nameOrPath);
}

/** A path from where the process stands. */
export function fromHere(path: string): string {
  return isAbsolute(path) ? path : resolve(path);
}

/**
 * The document in a file.
 * @param what the file is to be, for messages: "scenario" or "cluster"
 * @throws {ConfigError} when it cannot be read, is too large, or is no YAML
 */
export async function readDocument(path: string, what: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ConfigError(path, [{ path: "(file)", expected: `a readable ${what} file`, found: "none" }], { cause });
  });
  if (text.length > MAX_FILE_BYTES) {
    const expected = `at most ${MAX_FILE_BYTES} bytes`;
    throw new ConfigError(path, [{ path: "(file)", expected, found: `${text.length}` }]);
  }
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) throw new ConfigError(path, [{ path: "(file)", expected: "YAML", found: fault.message }]);
  return document.toJS({ maxAliasCount: 100 });
}

/** @param source named in errors @throws {ConfigError} with path, expected and found of each fault */
export function checkDocument<T>(schema: z.ZodType<T, unknown>, document: unknown, source: string): T {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  throw new ConfigError(source, fieldIssues(result.error, document));
}

/** The keys of a task that depend on each other. */
interface Task {
  readonly host?: unknown;
  readonly catalogue?: unknown;
  readonly knobs: Readonly<Record<string, readonly KnobValue[]>>;
  readonly initial: Readonly<Record<string, KnobValue>>;
}

/** What does not fit together in a task whose keys are each in order. */
export function taskIssues({ host, catalogue, knobs, initial }: Task): FieldIssue[] {
  const issues: FieldIssue[] = [];
  if ((host === undefined) === (catalogue === undefined)) {
    const found = host === undefined ? "neither" : "both";
    issues.push({ path: "catalogue", expected: "either a catalogue or a host", found });
  }
  for (const [name, value] of Object.entries(initial)) {
    const values = knobs[name];
    const path = `initial.${name}`;
    if (values === undefined) {
      issues.push({ path, expected: `one of the knobs ${Object.keys(knobs).join(", ")}`, found: name });
    } else if (!values.includes(value)) {
      issues.push({ path, expected: `one of ${values.join(", ")}`, found: String(value) });
    }
  }
  return issues;
}
