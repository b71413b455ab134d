// What the operator's mode allows.

import type { Mode } from "../core/index.ts";

/** Whether a mode lets anything be written to the cluster. */
export function writes(mode: Mode): boolean {
  return mode === "canary" || mode === "active";
}
