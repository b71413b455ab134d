// The registry of cluster adapters; a new one is one file and one line here.

import { UnknownNameError } from "../core/index.ts";
import type { AdapterEntry } from "./adapter-entry.ts";
import { aws } from "./aws.ts";
import { external } from "./external.ts";
import { gateway } from "./gateway.ts";
import { kubernetes } from "./kubernetes.ts";
import { local } from "./local.ts";
import { prometheus } from "./prometheus.ts";
import { rayServe } from "./ray-serve.ts";
import { triton } from "./triton.ts";

/** Every kind of cluster that a cluster file can attach, in alphabetical order. */
export const adapters: readonly AdapterEntry[] = [
  aws,
  external,
  gateway,
  kubernetes,
  local,
  prometheus,
  rayServe,
  triton,
];

/** @throws {UnknownNameError} when there is no adapter of that name */
export function findAdapter(name: string): AdapterEntry {
  const found = adapters.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  throw new UnknownNameError(
    "adapter",
    name,
    adapters.map((entry) => entry.name),
  );
}

export type { AdapterContext, AdapterEntry, Clock, KnobActuation, Writing } from "./adapter-entry.ts";
export { missingObserver } from "./adapter-entry.ts";
export { joined } from "./joined.ts";
export { lazyAdapter } from "./lazy.ts";
export { systemClock } from "./system-clock.ts";
