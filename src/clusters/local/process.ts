// Child processes of the local cluster: told ready by a line of their output, gone when their parent is.

import { type ChildProcess, fork } from "node:child_process";
import { compiledEntry } from "../../store/index.ts";

/** For a process to be ready: on a busy machine a model takes its time to load. */
const READY_MS = 120_000;

/** For a process to end by itself once told to. */
const END_MS = 10_000;

/** A process that runs. */
export interface LocalProcess {
  readonly child: ChildProcess;
  /** What of its output said that it is ready. */
  readonly ready: RegExpExecArray;
  /** Resolves once it has ended. */
  readonly ended: Promise<void>;
}

function untilReady(child: ChildProcess, source: string, ready: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let output = "";
    let errors = "";
    const fail = (what: string): void => reject(new Error(`${source}: expected it to start, found ${what} ${errors}`));
    const timer = setTimeout(() => fail(`nothing after ${READY_MS} ms`), READY_MS);
    child.stderr?.on("data", (chunk: Buffer) => {
      errors = (errors + chunk.toString("utf8")).slice(-2000);
    });
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`exit code ${code}`));
    child.stdout?.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-2000);
      const found = ready.exec(output);
      if (found === null) return;
      clearTimeout(timer);
      resolve(found);
    });
  });
}

/**
 * Starts a source file's compiled form.
 * @throws {Error} saying why, when it ends or is not ready in time
 */
export async function startProcess(source: string, args: readonly string[], ready: RegExp): Promise<LocalProcess> {
  const child = fork(compiledEntry(source), args, { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  try {
    return { child, ready: await untilReady(child, source, ready), ended };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

/** Tells a process to end, and ends it if it does not. */
export async function endProcess({ child, ended }: LocalProcess): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
  await ended;
  clearTimeout(timer);
}
