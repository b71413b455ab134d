// What the process takes from its environment variables, read in one place.

import { homedir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "./core/index.ts";

/** Folder of measured traces and profiles (`TRIMTAB_DATA`); null where it is not set. */
export function dataFolder(): string | null {
  const folder = process.env["TRIMTAB_DATA"];
  return folder === undefined || folder === "" ? null : folder;
}

/**
 * Folder of what can be computed again (`TRIMTAB_CACHE`): trimtab's own below the user's cache folder where it is not set;
 * null where it is set to nothing.
 */
export function cacheFolder(): string | null {
  const folder = process.env["TRIMTAB_CACHE"];
  if (folder === undefined) return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "trimtab");
  return folder === "" ? null : folder;
}

/** Least severe level that is logged (`TRIMTAB_LOG_LEVEL`); info where it is not set. */
export function logLevel(): string {
  return process.env["TRIMTAB_LOG_LEVEL"] || "info";
}

/** A secret from the variable of that name. @throws {ConfigError} when it is not set */
export function secret(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  throw new ConfigError("environment", [{ path: name, expected: "a variable that holds a secret", found: "none" }]);
}
