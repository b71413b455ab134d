// Exporters: one format each, from PolicySpec alone.

import type { PolicySpec } from "./agent.ts";

/** Writes a policy in one format. */
export interface PolicyExporter {
  readonly format: string;
  readonly mediaType: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** @throws {ExportError} when the format cannot hold the policy */
  export(spec: PolicySpec): Uint8Array | string;
}
