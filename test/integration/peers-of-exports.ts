// Runs exported files under the programs they were written for, and the service those programs ask.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Configuration } from "../../src/core/index.ts";
import { toJson } from "../../src/core/index.ts";

export const root = join(__dirname, "..", "..");
export const peers = join(root, "test", "integration", "export-peers");

/** A provisioned file. @throws when it is missing; says what makes it */
export function provisioned(...path: string[]): string {
  const found = join(root, ".provisioned", ...path);
  if (existsSync(found)) return found;
  throw new Error(`${found} is missing: run scripts/provision.sh export`);
}

/** Runs a program to its end. @returns its standard output @throws with its standard error when it fails */
export function run(
  command: string,
  args: readonly string[],
  options: { input?: string; cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd ?? root, env: { ...process.env, ...options.env } });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString("utf8"));
      else reject(new Error(`${command} ${args.join(" ").slice(0, 200)}: ${Buffer.concat([...errors, ...out])}`));
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

/** The lines of JSON a program printed. */
export function parsedLines(text: string): unknown[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** Configurations as JSON lines tell them, infinities as text. */
export function asJson(configurations: readonly Configuration[]): unknown[] {
  return configurations.map(toJson);
}
