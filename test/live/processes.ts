// Real servers as child processes of a test: found where provisioning put them, started, waited for, ended.

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const root = join(__dirname, "..", "..");

/** A file that provisioning makes. @throws {Error} saying which part to run where it is missing */
export function provisioned(path: string, part: string): string {
  const whole = join(root, ".provisioned", path);
  if (existsSync(whole)) return whole;
  throw new Error(`${path} is missing: run scripts/provision.sh ${part}`);
}

/** A program on the PATH. @throws {Error} saying which part to run where it is missing */
export function program(name: string, part: string): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = folders
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  if (found !== undefined) return found;
  throw new Error(`${name} is missing: run scripts/provision.sh ${part}`);
}

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Ports nobody listens on, no two the same. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

/** Last part of a server's output, for the message of a failure. */
const KEPT_OUTPUT = 4000;

/** How long an asked-for end may take before it is made. */
const GRACE_MS = 10_000;

/** A server that runs as long as a test needs it. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  #output = "";
  #ended = false;

  constructor(file: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.#name = file;
    this.#child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const keep = (part: Buffer): void => {
      this.#output = (this.#output + part.toString("utf8")).slice(-KEPT_OUTPUT);
    };
    this.#child.stdout?.on("data", keep);
    this.#child.stderr?.on("data", keep);
    this.#child.on("error", (error) => {
      this.#ended = true;
      this.#output += String(error);
    });
    this.#child.on("exit", () => {
      this.#ended = true;
    });
  }

  get output(): string {
    return this.#output;
  }

  /** Waits until it is ready. @throws {Error} with its last output when it ended or is not ready in time */
  async ready(check: () => Promise<boolean>, withinMs: number): Promise<void> {
    const untilMs = performance.now() + withinMs;
    while (!(await check().catch(() => false))) {
      if (this.#ended || performance.now() > untilMs) {
        throw new Error(`${this.#name}: expected a server that is ready within ${withinMs} ms, found ${this.#output}`);
      }
      await sleep(100);
    }
  }

  /** Stops and continues it, as a machine that hangs. */
  signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    this.#child.kill(signal);
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    const exit = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.kill("SIGCONT");
    this.#child.kill("SIGTERM");
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), GRACE_MS);
    await exit;
    clearTimeout(killer);
  }
}

/** Whether an address answers 2xx. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  await response.arrayBuffer();
  return response.ok;
}
