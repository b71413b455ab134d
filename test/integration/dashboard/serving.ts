// A service of its own for the browser tests: started on a store, stopped and started again on the same address.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../../src/store/index.ts";

const command = join(packageRoot(), "dist", "src", "cli", "main.js");

/** How long a start may take on a busy machine. */
const START_MS = 60_000;

/** A running `trimtab serve`. */
export class Serving {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async start(store: string, ...flags: string[]): Promise<Serving> {
    const child = spawn(process.execPath, [command, "serve", "--store", store, ...flags]);
    let out = "";
    let err = "";
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString("utf8");
    });
    const url = await new Promise<string>((resolve, reject) => {
      const patience = setTimeout(() => reject(new Error(`serve: expected to listen in time, found ${err}`)), START_MS);
      child.once("exit", (code) => reject(new Error(`serve: expected to go on, found exit code ${code}: ${err}`)));
      child.stdout.on("data", (chunk: Buffer) => {
        out += chunk.toString("utf8");
        const found = /^listening on (\S+)$/m.exec(out)?.[1];
        if (found === undefined) return;
        clearTimeout(patience);
        resolve(found);
      });
    });
    return new Serving(url, child);
  }

  get port(): string {
    return new URL(this.url).port;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const over = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGTERM");
    await over;
  }
}
