// Every error the project throws on purpose; `code` is stable and the message says expected and found.

/** Stable identifiers of failures; the HTTP layer maps them to statuses in one table. */
export type ErrorCode =
  | "E_CONFIG"
  | "E_TRACE"
  | "E_CHECKPOINT"
  | "E_OBSERVATION"
  | "E_ACTUATION"
  | "E_STATE"
  | "E_UNKNOWN"
  | "E_CONFLICT"
  | "E_STORE"
  | "E_EXPORT";

/** Base of all deliberate failures. */
export class TrimtabError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** One field that was refused: where, what was expected, what was found. */
export interface FieldIssue {
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

function describe(issue: FieldIssue): string {
  return `${issue.path}: expected ${issue.expected}, found ${issue.found}`;
}

/** Raised when outside data (scenario, request, option) does not fit its schema. */
export class ConfigError extends TrimtabError {
  readonly issues: readonly FieldIssue[];

  constructor(source: string, issues: readonly FieldIssue[], options?: { cause?: unknown }) {
    super("E_CONFIG", `${source}: ${issues.map(describe).join("; ")}`, options);
    this.issues = issues;
  }
}

/** Raised when a trace is missing, damaged or holds an impossible row. */
export class TraceError extends TrimtabError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("E_TRACE", message, options);
  }
}

/** Raised when a checkpoint is damaged, of an unknown kind, or for another environment. */
export class CheckpointError extends TrimtabError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("E_CHECKPOINT", message, options);
  }
}

/** Raised when a cluster could not be observed; never replaced by a guess. */
export class ObservationError extends TrimtabError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("E_OBSERVATION", message, options);
  }
}

/** What a change that did not go through leaves behind: things as they were, or nobody knows what. */
export type LeftBehind = "unchanged" | "unknown";

/** Raised when a cluster refused a change (things are then as they were), or failed in the middle of one. */
export class ActuationError extends TrimtabError {
  readonly left: LeftBehind;

  constructor(message: string, options: { cause?: unknown; left?: LeftBehind } = {}) {
    super("E_ACTUATION", message, options);
    this.left = options.left ?? "unchanged";
  }
}

/** Raised when a call comes at a time it cannot be served, such as a step before reset. */
export class StateError extends TrimtabError {
  constructor(message: string) {
    super("E_STATE", message);
  }
}

/** Raised when a name is in no registry or catalogue; lists what there is. */
export class UnknownNameError extends TrimtabError {
  readonly kind: string;
  readonly known: readonly string[];

  constructor(kind: string, name: string, known: readonly string[]) {
    super("E_UNKNOWN", `${kind}: expected one of ${known.join(", ") || "(none)"}, found "${name}"`);
    this.kind = kind;
    this.known = known;
  }
}

/** Raised when the store cannot be read or written. */
export class StoreError extends TrimtabError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("E_STORE", message, options);
  }
}

/** Raised when a format cannot hold a policy; says why. */
export class ExportError extends TrimtabError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("E_EXPORT", message, options);
  }
}
