// Outside data against a schema: what does not fit is told by path, what was expected and what was found.

import type { z } from "zod";
import type { FieldIssue } from "../core/index.ts";

function foundAt(value: unknown, path: readonly PropertyKey[]): string {
  let at: unknown = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null) return "nothing";
    at = Object.getOwnPropertyDescriptor(at, key)?.value;
  }
  const text = JSON.stringify(at) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The issues of a failed parse as field path, expected, found. */
export function fieldIssues(error: z.ZodError, value: unknown): FieldIssue[] {
  return error.issues.map((issue) => {
    const path = issue.path.map(String).join(".") || "(root)";
    if (issue.code === "unrecognized_keys") {
      return { path, expected: "no unknown keys", found: issue.keys.join(", ") };
    }
    const expected = issue.message.replace(/^Invalid (?:input|option): expected /, "").replace(/, received .*$/, "");
    return { path, expected, found: foundAt(value, issue.path) };
  });
}
