// Outside data against a schema: what does not fit is told by path, what was expected and what was found.

import type { z } from "zod";
import type { FieldIssue } from "../core/index.ts";

const LONGEST_SHOWN = 80;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 1)}…` : text;
}

function lookUp(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? Object.getOwnPropertyDescriptor(at, key)?.value : undefined),
    value,
  );
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return text.replace(/^\./, "") || "(root)";
}

function issuesOf(issue: z.core.$ZodIssue, value: unknown): FieldIssue[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: pathText([...issue.path, key]),
      expected: "a known key",
      found: shown(key),
    }));
  }
  if (issue.code === "invalid_key") {
    const expected = issue.issues[0]?.message.replace(/^expected /, "") ?? "a known key";
    return [{ path: pathText(issue.path), expected, found: shown(issue.path.at(-1)) }];
  }
  if (issue.code === "invalid_union") {
    // Of the alternatives the one that got furthest is the one that was meant.
    const [first, ...others] = issue.errors.flat();
    if (first !== undefined) {
      const deepest = others.reduce((best, one) => (one.path.length > best.path.length ? one : best), first);
      return issuesOf({ ...deepest, path: [...issue.path, ...deepest.path] }, value);
    }
  }
  const expected = issue.message
    .replace(/^Invalid (?:input|option): expected /, "")
    .replace(/^expected /, "")
    .replace(/, received .*$/, "");
  return [{ path: pathText(issue.path), expected, found: shown(lookUp(value, issue.path)) }];
}

/** The issues of a failed parse as field path, expected, found. */
export function fieldIssues(error: z.ZodError, value: unknown): FieldIssue[] {
  return error.issues.flatMap((issue) => issuesOf(issue, value));
}
