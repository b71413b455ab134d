// Processes a bench starts: told ready by a line of their output, and ended one by one.

import { type ChildProcess, spawn } from "node:child_process";

/** Longest wait for a process to say that it is ready. */
const READY_MS = 30_000;

/** A process that runs. */
export interface Child {
  readonly process: ChildProcess;
  /** What of its output said that it is ready. */
  readonly ready: RegExpExecArray;
  /** Resolves once it has ended. */
  readonly ended: Promise<void>;
}

/**
 * Starts a program and waits for a line of its standard output.
 * @throws {Error} with what it wrote to standard error when it ends before, or takes too long
 */
export async function startChild(command: string, args: readonly string[], ready: RegExp): Promise<Child> {
  const process = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  process.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString("utf8")).slice(-4000);
  });
  const ended = new Promise<void>((resolve) => process.once("exit", () => resolve()));
  const found = await new Promise<RegExpExecArray>((resolve, reject) => {
    let output = "";
    const timer = setTimeout(
      () => reject(new Error(`${command}: expected ${ready}, found ${output}${errors}`)),
      READY_MS,
    );
    process.once("error", reject);
    process.once("exit", (code) => reject(new Error(`${command}: ended with code ${code}: ${errors}`)));
    process.stdout.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-4000);
      const match = ready.exec(output);
      if (match === null) return;
      clearTimeout(timer);
      resolve(match);
    });
  });
  return { process, ready: found, ended };
}

/** Ends a process at once, also one that was stopped. */
export async function endChild(child: Child): Promise<void> {
  child.process.kill("SIGKILL");
  await child.ended;
}
