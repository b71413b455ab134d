// The load of a local cluster: arrivals of a workload, handed a few seconds at a time to a process that sends them.

import { setTimeout as sleep } from "node:timers/promises";
import { SeededRandom } from "../../math/index.ts";
import type { Workload } from "../../workload/index.ts";
import type { LoadOrder, LoadOutcome } from "./load-process.ts";
import { endProcess, type LocalProcess, startProcess } from "./process.ts";

/** Arrivals are handed over so many seconds at a time. */
const STRETCH_S = 5;

/** A process that sends requests when told to. */
export class LoadProcess {
  readonly #process: LocalProcess;

  private constructor(process: LocalProcess) {
    this.#process = process;
  }

  static async start(): Promise<LoadProcess> {
    return new LoadProcess(await startProcess("src/clusters/local/load-process.ts", [], /ready/));
  }

  /** Sends requests at the times of an order; resolves when all are answered or have failed. One order at a time. */
  run(order: LoadOrder): Promise<LoadOutcome> {
    const { child } = this.#process;
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error("load generator: expected an outcome, found it ended"));
      child.once("exit", gone);
      child.once("message", (outcome: LoadOutcome) => {
        child.off("exit", gone);
        resolve(outcome);
      });
      child.send(order);
    });
  }

  /** Sends requests at the times of an order, and waits for nothing. */
  start(order: LoadOrder): void {
    if (this.#process.child.connected) this.#process.child.send(order);
  }

  close(): Promise<void> {
    return endProcess(this.#process);
  }
}

/** Arrival times of a workload, without end: it begins anew where it ends. */
export class EndlessArrivals {
  readonly #workload: Workload;
  readonly #speed: number;
  readonly #random: SeededRandom;
  #source: ReturnType<Workload["open"]>;
  #rounds = 0;
  readonly #block = new Float64Array(256);
  #pending: number[] = [];

  /** @param speed seconds of the workload in one */
  constructor(workload: Workload, speed: number, seed: number) {
    this.#workload = workload;
    this.#speed = speed;
    this.#random = new SeededRandom(seed);
    this.#source = workload.open(this.#random.split("round 0"));
  }

  /** Times of arrivals in [fromS, toS), in ms since `fromS`; stretches follow each other. */
  stretch(fromS: number, toS: number): number[] {
    while ((this.#pending.at(-1) ?? Number.NEGATIVE_INFINITY) < toS) this.#more();
    const cut = this.#pending.findIndex((timeS) => timeS >= toS);
    const taken = this.#pending.slice(0, cut);
    this.#pending = this.#pending.slice(cut);
    return taken.filter((timeS) => timeS >= fromS).map((timeS) => (timeS - fromS) * 1000);
  }

  #more(): void {
    const count = this.#source.fill(this.#block);
    const startS = this.#rounds * this.#workload.durationS;
    for (let i = 0; i < count; i++) this.#pending.push((startS + (this.#block[i] ?? 0)) / this.#speed);
    if (count > 0) return;
    this.#rounds += 1;
    this.#source = this.#workload.open(this.#random.split(`round ${this.#rounds}`));
  }
}

/** Keeps requests coming until closed. */
export class EmbeddedLoad {
  readonly #process: LoadProcess;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  private constructor(process: LoadProcess, arrivals: EndlessArrivals, url: string) {
    this.#process = process;
    this.#running = this.#run(arrivals, url);
  }

  static async start(arrivals: EndlessArrivals, url: string): Promise<EmbeddedLoad> {
    return new EmbeddedLoad(await LoadProcess.start(), arrivals, url);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#process.close();
  }

  async #run(arrivals: EndlessArrivals, url: string): Promise<void> {
    const { signal } = this.#stop;
    const startMs = performance.now();
    for (let fromS = 0; !signal.aborted; fromS += STRETCH_S) {
      this.#process.start({ url, timesMs: arrivals.stretch(fromS, fromS + STRETCH_S), seed: fromS });
      const leftMs = startMs + (fromS + STRETCH_S) * 1000 - performance.now();
      await sleep(Math.max(0, leftMs), undefined, { signal }).catch(() => undefined);
    }
  }
}
