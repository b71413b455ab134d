// From settings to backends: model servers, and the function that requests are offloaded to.

import { Backend } from "./backend.ts";
import { HttpUpstream } from "./http-upstream.ts";
import { lambdaUpstream } from "./lambda-upstream.ts";
import type { BackendSettings, FunctionSettings, ModelSettings } from "./settings.ts";

const CONNECT_TIMEOUT_MS = 1000;

/** What backends are opened with. */
export interface OpenBackendOptions {
  readonly readyPath: ModelSettings["readyPath"];
  readonly maxAnswerBytes: number;
}

/** A model server. */
export function openBackend(settings: BackendSettings, { readyPath, maxAnswerBytes }: OpenBackendOptions): Backend {
  const { name, url, weight, concurrency } = settings;
  const upstream = new HttpUpstream({
    url,
    onePath: false,
    readyPath,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    maxAnswerBytes,
  });
  return new Backend(name, url, upstream, weight, concurrency ?? null);
}

/** The backends of a list; those that are there already under the same name and address are kept. */
export function changeBackends(
  present: readonly Backend[],
  wanted: readonly BackendSettings[],
  options: OpenBackendOptions,
): Backend[] {
  return wanted.map((settings) => {
    const kept = present.find(({ name, url }) => name === settings.name && url === settings.url);
    if (kept === undefined) return openBackend(settings, options);
    kept.weight = settings.weight;
    kept.concurrency = settings.concurrency ?? null;
    return kept;
  });
}

/** The function of a model; null where it has none. */
export async function openFunction(
  settings: FunctionSettings | undefined,
  maxAnswerBytes: number,
): Promise<Backend | null> {
  if (settings === undefined) return null;
  const { url, lambda, maxConcurrency } = settings;
  if (lambda !== undefined) {
    return new Backend("function", lambda.functionName, await lambdaUpstream(lambda), 1, maxConcurrency);
  }
  if (url === undefined) return null;
  const upstream = new HttpUpstream({
    url,
    onePath: true,
    readyPath: null,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    maxAnswerBytes,
  });
  return new Backend("function", url, upstream, 1, maxConcurrency);
}
