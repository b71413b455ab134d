// Asks a running service over HTTP, for the commands that steer one.

import type { Command } from "commander";
import { z } from "zod";
import { secret } from "../config.ts";
import { ConfigError, StateError, UnknownNameError } from "../core/index.ts";

/** An answer that takes longer is none. */
const PATIENCE_MS = 30_000;

/** Where the service is, and what it wants to see. */
export interface ServiceFlags {
  readonly url: string;
  readonly tokenEnv?: string;
}

const problemSchema = z.looseObject({ detail: z.string() });

/** Adds the options that say where the service is. */
export function withService(command: Command): Command {
  return command
    .option("--url <url>", "where the service answers", "http://127.0.0.1:8080")
    .option("--token-env <name>", "variable that holds the bearer token the service wants");
}

/**
 * Asks the service of a cluster.
 * @param path below `/v1/clusters/{cluster}`
 * @throws {ConfigError} when nobody answers at the address, or the secret is not set
 * @throws {UnknownNameError} when the service knows no such cluster
 * @throws {StateError} when it refuses, in its own words
 */
export async function askService(
  { url, tokenEnv }: ServiceFlags,
  method: "GET" | "POST",
  cluster: string,
  path: string,
): Promise<unknown> {
  const headers = {
    "content-type": "application/json",
    ...(tokenEnv === undefined ? {} : { authorization: `Bearer ${secret(tokenEnv)}` }),
  };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const target = `${url.replace(/\/$/, "")}/v1/clusters/${encodeURIComponent(cluster)}${path}`;
  let response: Response;
  try {
    response = await fetch(target, { method, headers, signal, ...(method === "POST" ? { body: "{}" } : {}) });
  } catch (cause) {
    const found =
      cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : "none";
    throw new ConfigError(url, [{ path: "url", expected: "a running trimtab serve", found }], { cause });
  }
  const text = await response.text();
  if (response.ok) return JSON.parse(text) as unknown;
  const problem = problemSchema.safeParse(parsed(text));
  const detail = problem.success ? problem.data.detail : `${response.status} ${response.statusText}`;
  if (response.status === 404) throw new UnknownNameError("cluster", cluster, []);
  throw new StateError(detail);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
