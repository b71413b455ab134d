// What befalls the servers of the chaos run: each is left alone for a while, then killed, hung, or told to end.
//
// Left alone for 5,000 to 20,000 requests, a count and not a time so that a fast machine's run meets as many failures as
// a slow one's. Killed and ended servers start again after 50 to 500 ms; a hanging one goes on after 0.2 to 1.5 s.

import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../src/core/index.ts";
import { compiledEntry } from "../../src/store/index.ts";
import { type Child, endChild, startChild } from "../child.ts";

/** How far the load has come, for those who wait for it. */
export class Progress {
  #done = 0;
  #over = false;
  readonly #waiting = new Map<() => void, number>();

  get over(): boolean {
    return this.#over;
  }

  /** Resolves when so many more requests are done, or all are. */
  after(requests: number): Promise<void> {
    if (this.#over) return Promise.resolve();
    return new Promise((resolve) => void this.#waiting.set(resolve, this.#done + requests));
  }

  reached(done: number): void {
    this.#done = Math.max(this.#done, done);
    for (const [resolve, at] of this.#waiting) {
      if (at <= this.#done) this.#release(resolve);
    }
  }

  end(): void {
    this.#over = true;
    for (const resolve of this.#waiting.keys()) this.#release(resolve);
  }

  #release(resolve: () => void): void {
    this.#waiting.delete(resolve);
    resolve();
  }
}

const TORMENTS = ["kill", "hang", "restart"] as const;
type Torment = (typeof TORMENTS)[number];

/** Torments in random order, each as often as the others. */
export class Deck {
  readonly #random: Random;
  #left: Torment[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  draw(): Torment {
    if (this.#left.length === 0) this.#left = [...TORMENTS];
    return this.#left.splice(Math.floor(this.#left.length * this.#random.next()), 1)[0] ?? "kill";
  }
}

/** One server that is made to fail. */
export class Victim {
  readonly #log: string;
  readonly #random: Random;
  #child: Child;
  kills = 0;
  hangs = 0;
  restarts = 0;

  constructor(child: Child, log: string, random: Random) {
    this.#child = child;
    this.#log = log;
    this.#random = random;
  }

  static async start(log: string, random: Random): Promise<Victim> {
    return new Victim(await launch("0", log), log, random);
  }

  get port(): string {
    return this.#child.ready[1] ?? "";
  }

  async torment(progress: Progress, deck: Deck): Promise<void> {
    const between = (low: number, high: number): number => low + (high - low) * this.#random.next();
    for (;;) {
      await progress.after(between(5000, 20_000));
      if (progress.over) return;
      const torment = deck.draw();
      if (torment === "hang") {
        this.hangs += 1;
        this.#child.process.kill("SIGSTOP");
        await sleep(between(200, 1500));
        this.#child.process.kill("SIGCONT");
        continue;
      }
      if (torment === "kill") this.kills += 1;
      else this.restarts += 1;
      const { port } = this;
      this.#child.process.kill(torment === "kill" ? "SIGKILL" : "SIGTERM");
      await Promise.race([this.#child.ended, sleep(2000)]);
      await endChild(this.#child);
      await sleep(between(50, 500));
      this.#child = await launch(port, this.#log);
    }
  }

  async end(): Promise<void> {
    await endChild(this.#child);
  }
}

function launch(port: string, log: string): Promise<Child> {
  const args = [compiledEntry("bench/gateway/echo-server.ts"), port, log, "2"];
  return startChild(process.execPath, args, /listening on (\d+)/);
}
