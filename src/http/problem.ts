// Failures over HTTP: RFC 9457 problem documents, with one table from error code to status.

import { STATUS_CODES } from "node:http";
import { ConfigError, type ErrorCode, type FieldIssue, TrimtabError } from "../core/index.ts";

/** The one table. */
const statuses: Readonly<Record<ErrorCode, number>> = {
  E_CONFIG: 400,
  E_UNKNOWN: 404,
  E_STATE: 409,
  E_CONFLICT: 409,
  E_TRACE: 422,
  E_CHECKPOINT: 422,
  E_EXPORT: 422,
  E_OBSERVATION: 502,
  E_ACTUATION: 502,
  E_STORE: 503,
};

/** A problem document (RFC 9457). */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  /** What was expected and what was found. */
  readonly detail: string;
  /** The path that was asked for. */
  readonly instance: string;
  /** Stable identifier of the failure. */
  readonly code: string;
  /** The fields that were refused. */
  readonly errors?: readonly FieldIssue[];
}

/** A failure of HTTP itself, such as a missing token or a body that is too large. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.code = code;
  }
}

interface BodyParserError {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly limit?: number;
  readonly length?: number;
}

function isBodyParserError(error: unknown): error is BodyParserError {
  return (
    typeof error === "object" &&
    error !== null &&
    "status" in error &&
    typeof error.status === "number" &&
    "type" in error &&
    typeof error.type === "string"
  );
}

function problem(status: number, code: string, detail: string, instance: string): Problem {
  return { type: "about:blank", title: STATUS_CODES[status] ?? "Error", status, detail, instance, code };
}

function bodyProblem(error: BodyParserError, instance: string): Problem {
  if (error.type === "entity.too.large") {
    const found = error.length === undefined ? "more" : String(error.length);
    return problem(413, "E_BODY_SIZE", `body: expected at most ${error.limit} bytes, found ${found}`, instance);
  }
  if (error.type === "entity.parse.failed") {
    return problem(400, "E_BODY", `body: expected JSON, found ${error.message}`, instance);
  }
  return problem(error.status, "E_BODY", `body: ${error.message}`, instance);
}

/** The problem document of a failure. What is not a deliberate failure is told without its message. */
export function problemOf(error: unknown, instance: string): Problem {
  if (error instanceof HttpError) return problem(error.status, error.code, error.message, instance);
  if (error instanceof TrimtabError) {
    const document = problem(statuses[error.code], error.code, error.message, instance);
    return error instanceof ConfigError ? { ...document, errors: error.issues } : document;
  }
  if (isBodyParserError(error)) return bodyProblem(error, instance);
  return problem(500, "E_INTERNAL", "an unexpected failure; the log of the service says more", instance);
}
